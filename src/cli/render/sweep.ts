import type { SweepRecord } from "../../run/sweep.ts";
import { duration, percent, table } from "./format.ts";

/** A search of a sweep as its table and its JSON have it. */
export interface SweepRow {
  readonly index: number;
  readonly id: string;
  readonly search: string;
  readonly set: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly status: "done" | "open" | "failed";
  /** What the network is worth: of a score that contains noise, by fresh noise. */
  readonly score: number | null;
  /** Standard error of a score by fresh noise. */
  readonly scoreError: number | null;
  /** The score that selected it, where that is another: the best of many draws, and too high by luck. */
  readonly selectedAt: number | null;
  /** No network of its space scores more; null where that is not known. */
  readonly upperBound: number | null;
  /** How far the optimum may lie above the score, as a share of the bound. */
  readonly gap: number | null;
  readonly evaluations: number | null;
  readonly seconds: number | null;
  readonly digest: string | null;
  readonly archive: string;
  readonly run: number | null;
  /** Why it failed. */
  readonly reason: string | null;
}

export function sweepRow(
  planned: Pick<SweepRow, "index" | "id" | "search" | "set" | "seed">,
  finished: SweepRecord | undefined,
  { archive, reason }: { readonly archive: string; readonly reason: string | undefined },
): SweepRow {
  const { result, run = null } = finished ?? {};
  const measured = result?.best.measured;
  return {
    ...planned,
    status: result !== undefined ? "done" : reason === undefined ? "open" : "failed",
    score: measured?.score ?? result?.best.score ?? null,
    scoreError: measured?.scoreError ?? null,
    selectedAt: measured === undefined ? null : (result?.best.score ?? null),
    upperBound: result?.bound?.upperBound ?? null,
    gap: result?.bound?.gap ?? null,
    evaluations: result?.evaluations ?? null,
    seconds: result?.seconds ?? null,
    digest: result?.digest ?? null,
    archive,
    run,
    reason: reason ?? null,
  };
}

/** The table of a sweep, and what it came to. */
export function sweepText(rows: readonly SweepRow[], archive: string): string {
  const keys = [...new Set(rows.flatMap(({ set }) => Object.keys(set)))];
  const done = rows.filter(({ status }) => status === "done");
  const known = done.filter(({ gap }) => gap !== null);
  const gathered = done.find(({ run }) => run !== null);
  return [
    table([
      ["#", "search", ...keys, "seed", "score", "gap", "children", "time", "status", "digest", "run"],
      ...rows.map((row) => [
        String(row.index),
        row.search,
        ...keys.map((key) => JSON.stringify(row.set[key])),
        String(row.seed),
        scoreCell(row),
        row.gap === null ? "-" : percent(row.gap),
        String(row.evaluations ?? "-"),
        row.seconds === null ? "-" : duration(row.seconds),
        row.status,
        row.digest?.slice(0, 12) ?? "-",
        String(row.run ?? "-"),
      ]),
    ]),
    `${done.length} of ${rows.length} searches done${
      known.length === 0 ? "" : `; ${known.filter(({ gap }) => gap! < SAME).length} of them at the proven optimum`
    }`,
    ...rows.flatMap(({ index, reason }) => (reason === null ? [] : [`search ${index}: ${reason}`])),
    ...(gathered === undefined ? [] : [`show one with: qes best ${archive} --run ${gathered.run}`]),
  ].join("\n");
}

function scoreCell({ score, scoreError }: SweepRow): string {
  if (score === null) return "-";
  return scoreError === null ? String(score) : `${score.toFixed(3)} +- ${scoreError.toFixed(3)}`;
}

/** Gaps below are those of rounding. */
const SAME = 1e-9;

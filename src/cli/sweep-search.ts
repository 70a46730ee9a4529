import { gapOf } from "../bound/gap.ts";
import type { Config } from "../config/config.ts";
import { bestNetworks } from "../run/archived.ts";
import type { SeedRun } from "../run/seed-archive.ts";
import { runUnlessDone } from "./free-search.ts";
import { patientBound } from "./patient-bound.ts";
import { type Processes, STOPPED, threadsAmongMany } from "./processes.ts";

/** One search among many. */
export interface SweepSearch {
  readonly config: Config;
  /** Of the search command: what names its configuration. */
  readonly args: readonly string[];
  /** With a bound beside it. */
  readonly bound: boolean;
  readonly archive: string;
  readonly threads: number | undefined;
}

/** What it printed, or would have; why it ended without; or that it was stopped. */
export type SweepOutcome = { readonly result: unknown } | { readonly reason: string } | "stopped";

/** Runs a search in a process of its own, unless its archive has it finished. */
export async function runSweepSearch(processes: Processes, search: SweepSearch): Promise<SweepOutcome> {
  const { config, args, bound, archive, threads } = search;
  const noBound = bound ? [] : ["--no-bound"];
  const own = [...noBound, ...threadsAmongMany(config, threads), "--json", "--quiet"];
  const ended = await runUnlessDone(processes, { archive, config }, (before) => {
    const command =
      before === undefined
        ? ["search", ...args, "--archive", archive]
        : ["resume", archive, "--run", String(before.run)];
    return [...command, ...own];
  });
  // A kill came between its end and the record of it.
  if (!("code" in ended)) return { result: resultOf(archive, ended, bound ? config : undefined) };
  const { code, stdout, stderr } = ended;
  if (code === 0) return { result: JSON.parse(stdout) };
  if (code === STOPPED || processes.stop.aborted) return "stopped";
  return { reason: stderr.trim() || `its process ended with ${code ?? "a signal"}` };
}

/** What a search would have printed that is done. */
function resultOf(archive: string, { run, digest, evaluations, seconds }: SeedRun, bounded: Config | undefined) {
  const [best] = bestNetworks(archive, { run }).networks;
  const upperBound = bounded === undefined ? Number.POSITIVE_INFINITY : patientBound(bounded);
  const bound = Number.isFinite(upperBound) ? { bound: { upperBound, gap: gapOf(upperBound, best.score) } } : {};
  return { run, digest, evaluations, seconds, best, ...bound };
}

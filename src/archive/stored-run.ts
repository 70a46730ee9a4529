import { Packr, unpack } from "msgpackr/pack";
import type { Checkpoint } from "../search/loop.ts";
import { bytesOf, equalBytes, Seal } from "./sums.ts";

const statuses = ["running", "done", "pruned"] as const;
export type RunStatus = (typeof statuses)[number];

export interface RunRow {
  readonly id: number;
  readonly name: string;
  readonly context: number;
  /** The configuration as canonical JSON. */
  readonly config: string;
  readonly started: string;
  readonly seconds: number;
  /** "pruned" is done, and has lost all candidates but those of populations. */
  readonly status: RunStatus;
  readonly checkpoint: Checkpoint | undefined;
  /** Of a finished run. */
  readonly digest: string | undefined;
  /** What is wrong with the row, if anything is. */
  readonly damage: string | undefined;
}

/** A row of the table of runs, as SQLite gives it. */
export interface RawRun {
  readonly id: number;
  readonly context: number;
  readonly name: string;
  readonly config: string;
  readonly started: string;
  readonly seconds: number;
  readonly status: RunStatus;
  readonly checkpoint: Uint8Array | null;
  readonly digest?: string | null;
  readonly seal?: Uint8Array | null;
}

/** The part of a run's checksum that stays the same while it goes on. */
export function fixedSeal({ id, context, name, config, started }: RawRun): Seal {
  return new Seal("run", id, context, name, config, started);
}

export function runSeal(
  fixed: Seal,
  { seconds, status, digest, checkpoint }: Pick<RawRun, "seconds" | "status" | "digest" | "checkpoint">,
): Uint8Array {
  return fixed.of([seconds, status, digest ?? null], checkpoint ?? new Uint8Array(0));
}

const unreadable = {
  name: "",
  context: 0,
  config: "",
  started: "",
  seconds: 0,
  status: "running",
  checkpoint: undefined,
  digest: undefined,
} as const;

/** SQLite keeps whatever it is given, or what damage made of it, in any column. */
function hasTypes({ context, name, config, started, seconds, status, checkpoint, digest = null }: RawRun): boolean {
  return (
    Number.isSafeInteger(context) &&
    [name, config, started].every((text) => typeof text === "string") &&
    Number.isFinite(seconds) &&
    statuses.includes(status) &&
    (checkpoint === null || checkpoint instanceof Uint8Array) &&
    (digest === null || typeof digest === "string")
  );
}

/** @param sealed whether the schema has checksums */
export function readRun(row: RawRun, sealed: boolean): RunRow {
  if (!hasTypes(row)) return { ...unreadable, id: Number(row.id), damage: "its columns hold values of other types" };
  const { id, context, name, config, started, seconds, status } = row;
  const base = { id, context, name, config, started, seconds, status, digest: row.digest ?? undefined };
  if (sealed && !equalBytes(row.seal, runSeal(fixedSeal(row), row))) {
    return { ...base, checkpoint: undefined, damage: "it does not match its checksum" };
  }
  try {
    JSON.parse(config);
    const checkpoint = row.checkpoint === null ? undefined : unpackCheckpoint(row.checkpoint);
    return { ...base, checkpoint, damage: undefined };
  } catch (error) {
    return { ...base, checkpoint: undefined, damage: error instanceof Error ? error.message : String(error) };
  }
}

const packer = new Packr({ useRecords: false });
/** Holds the checkpoint that was packed last. */
let packed = Buffer.allocUnsafeSlow(0);

/** @returns bytes that the next call writes over */
export function packCheckpoint({ counters, genomes, scores }: Checkpoint): Uint8Array {
  const most = genomes.byteLength + scores.byteLength + 1024;
  if (packed.length < most) packed = Buffer.allocUnsafeSlow(2 * most);
  // Where its buffer is too small, the packer allocates several for every checkpoint: four times as slow.
  packer.useBuffer(packed);
  return packer.pack({ counters, genomes, scores: bytesOf(scores) });
}

const counterNames = ["evaluations", "generations", "scored", "duplicates", "overBudget", "failed", "reused"];

/** @throws Error where the blob is not a checkpoint */
function unpackCheckpoint(blob: Uint8Array): Checkpoint {
  const { counters, genomes, scores } = unpack(blob) as {
    counters: Checkpoint["counters"];
    genomes: Uint8Array;
    scores: Uint8Array;
  };
  const whole =
    counterNames.every((name) => Number.isSafeInteger(counters[name as keyof typeof counters])) &&
    genomes instanceof Uint8Array &&
    scores instanceof Uint8Array &&
    scores.length % 8 === 0 &&
    (scores.length === 0 ? genomes.length === 0 : genomes.length % (scores.length / 8) === 0);
  if (!whole) throw new Error("its checkpoint cannot be read");
  return { counters, genomes, scores: new Float64Array(new Uint8Array(scores).buffer) };
}

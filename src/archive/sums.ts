import { createHash, type Hash } from "node:crypto";

/** What a checksum of a generation covers. */
export interface SummedGeneration {
  readonly run: number;
  readonly context: number;
  readonly generation: number;
  readonly genomes: Uint8Array;
  /** NaN where scoring failed. */
  readonly scores: Float64Array;
  /** Figures of every genome in turn; those that the archive does not hold are left out. */
  readonly costs: Float64Array;
  readonly failures: ReadonlyMap<number, string>;
  readonly reusedKeys: Uint32Array;
}

const SUM_BYTES = 16;

/** The first 16 bytes of the SHA-256 of everything that a generation put into the archive. */
export function generationSum(rows: SummedGeneration): Uint8Array {
  const { run, context, generation, genomes, scores, costs, failures, reusedKeys } = rows;
  return createHash("sha256")
    .update(`${run} ${context} ${generation} ${scores.length} ${costs.length}\n`)
    .update(genomes)
    .update(bytesOf(withoutNaN(scores)))
    .update(bytesOf(costs))
    .update(JSON.stringify([...failures].sort(([a], [b]) => a - b)))
    .update(bytesOf(reusedKeys))
    .digest()
    .subarray(0, SUM_BYTES);
}

/** NaN has many bit patterns and -0 is not kept by SQLite: neither may reach a checksum. */
function withoutNaN(scores: Float64Array): Float64Array {
  const kept = new Float64Array(scores.length);
  for (let i = 0; i < scores.length; i++) kept[i] = Number.isNaN(scores[i]) ? 0 : scores[i] + 0;
  return kept;
}

/** A checksum over texts, numbers and byte strings; no two lists give the same input. */
export class Seal {
  readonly #fixed: Hash;

  /** @param fixed what stays the same from one seal to the next */
  constructor(...fixed: readonly unknown[]) {
    this.#fixed = createHash("sha256").update(JSON.stringify(fixed));
  }

  of(parts: readonly unknown[], blob: Uint8Array): Uint8Array {
    return this.#fixed.copy().update(JSON.stringify(parts)).update(blob).digest().subarray(0, SUM_BYTES);
  }
}

export function contextSeal(id: number, key: string): Uint8Array {
  return new Seal("context", id, key).of([], new Uint8Array(0));
}

export function equalBytes(a: unknown, b: Uint8Array): boolean {
  return a instanceof Uint8Array && Buffer.compare(a, b) === 0;
}

export function bytesOf(array: Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** The words of a blob of 64-bit hashes; what is none gives words that no checksum matches. */
export function wordsOf(keys: unknown): Uint32Array {
  if (!(keys instanceof Uint8Array) || keys.length % 8 !== 0) return Uint32Array.of(0);
  return new Uint32Array(new Uint8Array(keys).buffer);
}

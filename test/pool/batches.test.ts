import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import type { BatchPool } from "../../src/pool/batch-pool.ts";
import { openThreads } from "../../src/pool/threads.ts";
import { standIn } from "./stand-in.ts";

const worker = join(packageRoot, "test/fixtures/workers/counting.cjs");
let pool: BatchPool;
afterEach(() => pool.close());

/** Genomes of every message of three calls of the same genomes. */
async function calls(threads: number, most: number, genomes: Uint8Array): Promise<number[][]> {
  pool = openThreads(standIn({}), threads, { worker, most });
  const found: number[][] = [];
  for (let call = 0; call < 3; call++) {
    const { scores } = await pool.score(genomes);
    found.push([...new Set(scores)].sort((a, b) => a - b));
  }
  return found;
}

test("a message carries a thread's whole share where scoring takes less than sending", async () => {
  const [first, , third] = await calls(2, 1024, new Uint8Array(2 * 320));
  expect(first).toEqual([10]);
  expect(third).toEqual([160]);
});

test("a message carries no more than it may", async () => {
  const [, , third] = await calls(1, 64, new Uint8Array(2 * 320));
  expect(third).toEqual([64]);
});

test("messages stay short, so that threads end together, where scoring takes much longer than sending", async () => {
  const genomes = new Uint8Array(2 * 64).fill(40);
  const [, , third] = await calls(2, 1024, genomes);
  expect(third[0]).toBeLessThanOrEqual(8);
});

test("what a genome takes is known from the second call on, and is what the threads say", async () => {
  const genomes = new Uint8Array(2 * 32).fill(5);
  pool = openThreads(standIn({}), 1, { worker });
  await pool.score(genomes);
  expect(pool.figures).toBeUndefined();
  await pool.score(genomes);
  expect(pool.figures?.score).toBeGreaterThanOrEqual(0.005);
  expect(pool.figures?.send).toBeGreaterThan(0);
  expect(pool.scoringSeconds).toBeGreaterThanOrEqual(64 * 0.005);
});

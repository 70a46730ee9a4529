import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import { UserError } from "../../src/base/user-error.ts";
import type { BatchPool } from "../../src/pool/batch-pool.ts";
import type { Batch } from "../../src/pool/batches.ts";
import { OutOfTime, Retries } from "../../src/pool/retry.ts";
import { openThreads } from "../../src/pool/threads.ts";
import { TimeLimit } from "../../src/pool/time-limit.ts";
import { temporaryFolder } from "../temporary.ts";
import { standIn } from "./stand-in.ts";

const folder = temporaryFolder();
const worker = join(packageRoot, "test/fixtures/workers/faulty.cjs");
/** The first byte of a genome, which faulty.cjs obeys. */
const Fault = { none: 0, throw: 1, exit: 2, memory: 3, hang: 4, once: 5 } as const;

let pool: BatchPool;
let files = 0;
/** @param least seconds that a batch gets; a thread that starts anew takes some tenths of them on a busy machine */
const open = (least = 20, more: object = {}) => {
  const problem = standIn({ marker: join(folder, `${++files}`), ...more });
  const limits = { first: 20, least, factor: 20 };
  pool = openThreads(problem, 2, { worker, heap: 32, limits });
  return pool;
};
afterEach(() => pool.close());

/** Sixty genomes that score their index, with faults at some. */
function genomes(faults: Readonly<Record<number, number>>): Uint8Array {
  const bytes = new Uint8Array(120);
  for (let i = 0; i < 60; i++) bytes.set([faults[i] ?? Fault.none, i], 2 * i);
  return bytes;
}

const expected = (without: readonly number[]) =>
  Float64Array.from({ length: 60 }, (_, i) => (without.includes(i) ? Number.NaN : i));

test("a thread that dies once costs nothing: its batch is scored again", async () => {
  const { scores, failures } = await open().score(genomes({ 17: Fault.once }));
  expect(failures).toEqual([]);
  expect(scores).toEqual(expected([]));
  expect([...pool.faults]).toEqual([["its thread ended with code 1", 1]]);
});

test("a candidate that throws is found among the others, and fails alone with the reason", async () => {
  const { scores, failures } = await open().score(genomes({ 0: Fault.throw, 59: Fault.throw }));
  expect(scores).toEqual(expected([0, 59]));
  expect(failures).toEqual([
    [0, "scoring failed 3 times: no such layer"],
    [59, "scoring failed 3 times: no such layer"],
  ]);
  expect(pool.faults.get("no such layer")).toBeGreaterThanOrEqual(6);
});

test("a candidate that ends its thread, and one that takes all memory, fail alone with their reasons", async () => {
  const { scores, failures } = await open().score(genomes({ 5: Fault.exit, 33: Fault.memory }));
  expect(scores).toEqual(expected([5, 33]));
  expect(failures).toEqual([
    [5, "scoring failed 3 times: its thread ended with code 7"],
    [33, "scoring failed 3 times: its thread ran out of memory"],
  ]);
});

test("a candidate that never ends stops the run by a limit that follows from what was measured, and is not set aside", async () => {
  open(0.2);
  await pool.score(genomes({}));
  const began = performance.now();
  const scoring = pool.score(genomes({ 20: Fault.hang }));
  await expect(scoring).rejects.toThrow(UserError);
  await expect(scoring).rejects.toThrow(/not scored in its time, 3 times, at last in 0\.8/);
  // A batch and its halves at 0.2 s, then 0.2, 0.4 and 0.8 s for the candidate alone.
  expect(performance.now() - began).toBeLessThan(20_000);
}, 60_000);

test("a candidate that throws after it ran out of time twice still gets three tries for its fault", () => {
  const retries = new Retries({ slots: 2 });
  const late = new OutOfTime(1);
  let batch: Batch = { first: 4, end: 5, faults: 0, timeouts: 0 };
  const found: string[] = [];
  for (const error of [
    late,
    new Error("no such layer"),
    late,
    new Error("no such layer"),
    new Error("no such layer"),
  ]) {
    const next = retries.lost(batch, error);
    if (typeof next === "string") found.push(next);
    else [batch] = next;
  }
  expect(found).toEqual(["scoring failed 3 times: no such layer"]);
  expect(batch).toMatchObject({ first: 4, end: 5, faults: 2, timeouts: 2 });
});

test("where nothing can be scored any more, the machine is blamed and not every candidate", async () => {
  open();
  const all = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [i, Fault.throw]));
  await expect(pool.score(genomes(all))).rejects.toThrow(UserError);
});

test("threads that cannot start are an error, not a wait for ever", async () => {
  pool = openThreads(standIn({}), 2, { worker: join(folder, "no-such-worker.cjs") });
  await expect(pool.score(genomes({}))).rejects.toThrow(/could (?:not )?be scored.*(?:could not start|Cannot find)/);
});

test("threads that end while they start are the machine's fault: no candidate is set aside, and the next call scores", async () => {
  const unstartable = join(folder, "unstartable");
  writeFileSync(unstartable, "");
  open(20, { unstartable });
  await expect(pool.score(genomes({}))).rejects.toThrow(/nothing could be scored.*could not start/);
  rmSync(unstartable);
  const { scores, failures } = await pool.score(genomes({}));
  expect(failures).toEqual([]);
  expect(scores).toEqual(expected([]));
}, 60_000);

test("closing a pool abandons what it scores", async () => {
  open();
  const scoring = pool.score(genomes({ 1: Fault.hang }));
  scoring.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 100));
  await pool.close();
  await expect(scoring).rejects.toThrow();
});

test("the time limit is a multiple of the slowest scoring, and never below the least", () => {
  const limit = new TimeLimit({ first: 100, least: 3, factor: 20 });
  expect(limit.seconds(8)).toBe(100);
  limit.measured(1, 10);
  expect(limit.seconds(8)).toBe(16);
  expect(limit.seconds(1)).toBe(3);
  limit.measured(0.001, 10);
  expect(limit.seconds(8)).toBe(16);
});

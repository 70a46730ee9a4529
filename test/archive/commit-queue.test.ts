import { join } from "node:path";
import { expect, test } from "vitest";
import { Archive } from "../../src/archive/archive.ts";
import { ThreadCommitQueue } from "../../src/archive/commit-queue.ts";
import { Database } from "../../src/archive/sqlite.ts";
import { parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { GenomeEngine } from "../../src/engine/engine.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { startGenome } from "../../src/problem/start.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
const MEGABYTE = 2 ** 20;

test("what waits for a disk that stands still is bounded, and everything arrives when it goes on", async () => {
  const config = parseConfig(presetValue("imagenet-mixed-7.0g"), "preset");
  const space = openProblem(config).space;
  const length = space.genomeLength;
  const { genome } = startGenome(openProblem(config));
  const path = join(folder, "queue.sqlite");
  const archive = Archive.openForWriting(path);
  const context = archive.contextId(openProblem(config).scoringContext);
  const run = archive.createRun("test", context, JSON.stringify(config), new Date(0).toISOString());
  const queue = new ThreadCommitQueue(archive, new GenomeEngine(space, config.classes));
  // About a megabyte a generation: genomes, scores, six costs each.
  const count = Math.ceil(MEGABYTE / (length + 8 + 48));
  const genomes = Buffer.concat(new Array(count).fill(genome));
  const counters = { evaluations: 0, generations: 0, scored: 0, duplicates: 0, overBudget: 0, failed: 0, reused: 0 };
  const commit = (generation: number) =>
    queue.commit({
      run,
      context,
      generation,
      genomeLength: length,
      genomes,
      scores: new Float64Array(count),
      failures: new Map(),
      reusedKeys: new Uint32Array(0),
      checkpoint: { counters, genomes: genome, scores: new Float64Array(1) },
      seconds: 0,
      done: false,
    });
  const disk = new Database(path);
  disk.exec("BEGIN IMMEDIATE");
  let taken = 0;
  const all = (async () => {
    for (let generation = 0; generation < 24; generation++) {
      await commit(generation);
      taken++;
    }
  })();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(taken).toBeGreaterThanOrEqual(14);
  expect(taken).toBeLessThanOrEqual(16);
  disk.exec("COMMIT");
  disk.close();
  await all;
  await queue.close();
  expect(archive.count(context)).toBe(24 * count);
  archive.close();
});

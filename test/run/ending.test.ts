import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { Archive } from "../../src/archive/archive.ts";
import { type Config, parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { BoundWatch } from "../../src/run/bound-watch.ts";
import { resumedConfig } from "../../src/run/resumable.ts";
import { type RunOptions, type RunResult, resumeSearch, STOP_FROM, startSearch } from "../../src/run/run.ts";
import { stoppedResult } from "../support/stopped.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
const clock = () => performance.now() / 1000;
const optimum = 1233.4799846745675;

/** The published 7.0G space with small generations, so that its runs have many borders. */
function published(search: object = {}): Config {
  const value = presetValue("imagenet-mixed-7.0g") as { search: object };
  return parseConfig({ ...value, search: { ...value.search, evaluations: 400_000, ...search } }, "preset");
}

const options = (archive: string, more: Partial<RunOptions> = {}): RunOptions => ({
  archive: join(folder, archive),
  threads: 0,
  clock,
  ...more,
});

describe("a search whose bound closes", () => {
  let whole: RunResult;
  beforeAll(async () => {
    whole = await startSearch(published(), options("whole.sqlite"));
  });

  test("ends at the proven optimum, at the first border from which on that is asked", async () => {
    const borders: { evaluations: number; bestScore: number }[] = [];
    await startSearch(
      published({ stopGap: "off", evaluations: 120_000 }),
      options(":memory:", {
        onProgress: ({ counters, bestScore }) => borders.push({ evaluations: counters.evaluations, bestScore }),
      }),
    );
    const end = borders.find(({ evaluations, bestScore }) => evaluations >= STOP_FROM && bestScore === optimum);
    expect(whole).toMatchObject({ status: "done", evaluations: end!.evaluations });
    expect(whole.best.score).toBe(optimum);
  });

  test("ends there whenever the bound comes: known before the search, or last of all", async () => {
    const early = new BoundWatch(published());
    await early.last(new AbortController().signal);
    expect(early.report).toMatchObject({ finished: true, proven: true, best: optimum });
    const known = await startSearch(published(), options(":memory:", { bound: early }));
    expect(known.digest).toBe(whole.digest);
    await early.close();
    const late = new BoundWatch(published());
    const start = late.start.bind(late);
    // The thread is only started when the search waits for it.
    late.start = () => {};
    const waited = await startSearch(published(), options(":memory:", { bound: late, onWait: () => start() }));
    expect(waited.digest).toBe(whole.digest);
    await late.close();
  });

  test("is stopped while it waits, keeps its last border, and resumed ends like one that never was", async () => {
    const stop = new AbortController();
    const watch = new BoundWatch(published());
    watch.start = () => {};
    const stopped = await stoppedResult(
      startSearch(
        published(),
        options("stopped.sqlite", { stop: stop.signal, bound: watch, onWait: () => stop.abort() }),
      ),
    );
    await watch.close();
    expect(stopped.status).toBe("stopped");
    expect(stopped.evaluations).toBeLessThan(STOP_FROM);
    const resumed = await resumeSearch(options("stopped.sqlite"));
    expect(resumed).toMatchObject({ status: "done", digest: whole.digest, evaluations: whole.evaluations });
  });

  test("stops further away from the optimum where stopGap is larger", async () => {
    const near = await startSearch(published({ stopGap: 0.01 }), options(":memory:"));
    expect(near.evaluations).toBeLessThan(STOP_FROM + published().search.generation);
    expect(near.best.score).toBeGreaterThan(optimum / 1.01);
  });

  test("that may have no memory for its bound breeds all its children", async () => {
    const config = published({ boundMemory: 1_000_000, evaluations: 60_000 });
    const watch = new BoundWatch(config);
    const result = await startSearch(config, options(":memory:", { bound: watch }));
    expect(result.evaluations).toBe(60_000);
    expect(watch.report.reason).toMatch(/^the bound needs \d+ MB for its tables, and search.boundMemory allows 1 MB/);
  });
});

test("a run of an earlier version, whose configuration says nothing of a gap, breeds all its children", () => {
  const { stopGap, ...search } = published().search;
  expect(stopGap).toBe(0);
  const row = (config: object) => ({ id: 1, config: JSON.stringify(config) });
  expect(resumedConfig(row({ ...published(), search }), undefined).search.stopGap).toBe("off");
  expect(resumedConfig(row(published()), undefined).search.stopGap).toBe(0);
  const extended = resumedConfig(row(published()), 900_000).search;
  expect(extended).toMatchObject({ stopGap: "off", evaluations: 900_000 });
});

test("a measured run of an earlier version takes weights as they were drawn, in the scoring context that it had", () => {
  const value = presetValue("imagenet-mixed-7.0g") as { score: object };
  const config = parseConfig({ ...value, score: { kind: "forward" } }, "preset");
  expect(config.score).toMatchObject({ rescaled: true });
  const { rescaled: _, ...score } = config.score as { rescaled: boolean };
  const earlier = resumedConfig({ id: 1, config: JSON.stringify({ ...config, score }) }, undefined);
  expect(earlier.score).toMatchObject({ rescaled: false });
  expect(JSON.parse(openProblem(earlier).scoringContext).score).toEqual(score);
  expect(openProblem(config).scoringContext).toContain('"rescaled":true');
});

test("a measured score has no bound, and its search breeds all its children", () => {
  const value = presetValue("imagenet-mixed-7.0g") as { score: object };
  const forward = parseConfig({ ...value, score: { kind: "forward" } }, "preset");
  expect(forward.search.stopGap).toBe("off");
  expect(new BoundWatch(forward).report).toMatchObject({ finished: true, reason: expect.stringContaining("analytic") });
});

test("the archive says done of a run that ended at its bound", () => {
  const archive = Archive.openForReading(join(folder, "whole.sqlite"));
  const [run] = archive.runs();
  archive.close();
  expect(run.status).toBe("done");
});

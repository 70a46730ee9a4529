import { join } from "node:path";
import { expect, test } from "vitest";
import { boundSeeds } from "../../src/bound/gap.ts";
import { applyAssignments, parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { Network, networkCapacity } from "../../src/network/network.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { resumeSearch, SearchStopped, startSearch } from "../../src/run/run.ts";
import { ExpectedScore } from "../../src/score/expected/expected.ts";
import { decode } from "../../src/space/genome.ts";
import { temporaryFolder } from "../temporary.ts";

const configOf = (...assignments: string[]) =>
  parseConfig(applyAssignments(presetValue("imagenet-mixed-7.0g"), assignments), "preset");

test("a search of the expected score begins with what the bound of the closed form finds", async () => {
  const config = configOf("score.kind=expected", "search.evaluations=10");
  expect(config.search.seedFrom).toBe("bound");
  const problem = openProblem(config);
  const steps = boundSeeds(problem);
  let step = steps.next();
  while (!step.done) step = steps.next();
  const seeds = step.value;
  expect(seeds.length).toBeGreaterThan(0);
  const score = new ExpectedScore(config.score as ConstructorParameters<typeof ExpectedScore>[0]);
  const network = new Network(networkCapacity(problem.space.blocks));
  let best = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < seeds.length; at += problem.space.genomeLength) {
    decode(problem.space, seeds, at, network);
    best = Math.max(best, score.score(network));
  }
  const { best: found } = await startSearch(config, { archive: ":memory:", threads: 0 });
  expect(found.score).toBeGreaterThanOrEqual(best);
  const alone = await startSearch(configOf("score.kind=expected", "search.evaluations=10", "search.seedFrom=start"), {
    archive: ":memory:",
    threads: 0,
  });
  expect(found.score).toBeGreaterThan(alone.best.score + 100);
});

test("where the bound's tables are too large, it begins with the start network alone", async () => {
  const of = (...more: string[]) =>
    startSearch(configOf("score.kind=expected", "search.evaluations=500", ...more), {
      archive: ":memory:",
      threads: 0,
    });
  const small = await of("search.boundMemory=1e6");
  const alone = await of("search.seedFrom=start");
  expect(small.digest).toBe(alone.digest);
});

test("a stop is heard while the bound is computed, and the run goes on to what it comes to alone", async () => {
  const config = configOf("score.kind=expected", "search.evaluations=500");
  const archive = join(temporaryFolder(), "a.sqlite");
  const stop = new AbortController();
  // As a signal comes: when the thread next looks.
  const onStart = () => void setImmediate(() => stop.abort());
  const outcome = await startSearch(config, { archive, threads: 0, stop: stop.signal, onStart }).catch((e) => e);
  expect(outcome).toBeInstanceOf(SearchStopped);
  expect(outcome.result).toBeUndefined();
  const { digest } = await resumeSearch({ archive, threads: 0 });
  expect(digest).toBe((await startSearch(config, { archive: ":memory:", threads: 0 })).digest);
});

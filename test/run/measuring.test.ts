import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { UserError } from "../../src/base/user-error.ts";
import { applyAssignments, defaultScore, parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { networkOf } from "../../src/network/structure.ts";
import { bestNetworks, measuredNetworks } from "../../src/run/archived.ts";
import type { Candidate } from "../../src/run/candidate.ts";
import { type RunOptions, type RunResult, resumeSearch, startSearch } from "../../src/run/run.ts";
import { ForwardScore } from "../../src/score/forward/forward.ts";
import { scoreKinds } from "../../src/score/kinds/kinds.ts";
import { stoppedResult } from "../support/stopped.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
const configOf = (...assignments: string[]) =>
  parseConfig(applyAssignments(presetValue("imagenet-mixed-7.0g"), assignments), "preset");
/** Small maps and thin networks, of which a draw takes little and says little, in a space of few networks, whose best are nearly equal. */
const noisy = configOf(
  ...["score.kind=forward", "score.repeats=1", "score.resolution=32", "score.maxChannels=8"],
  ...["space.maxDepth=1", "space.kernels=[3]", "space.expansions=[2]", "space.bits=[4,8]", "budgets.bitops=1.75e9"],
  ...["search.evaluations=150", "search.generation=50", "search.population=20", "search.growing=false"],
);
const options = (name: string, more: Partial<RunOptions> = {}): RunOptions => ({
  archive: join(folder, name),
  threads: 0,
  ...more,
});
/** What draws of a noise seed give networks, by the score itself. */
function draws(networks: readonly Candidate[], score: typeof noisy.score, repeats: number, noiseSeed: number) {
  const options = score.kind === "forward" ? score : { ...defaultScore("forward"), ...score };
  const forward = new ForwardScore({ ...options, repeats, noiseSeed });
  return networks.map(({ structure, resolution }) => forward.detail(networkOf(structure, resolution)));
}

describe("a search whose score contains noise", () => {
  let result: RunResult;
  beforeAll(async () => {
    result = await startSearch(noisy, options("a.sqlite"));
  });

  test("ends with the network that fresh noise chooses of its 16 best, and what further noise gives it", () => {
    const selected = bestNetworks(join(folder, "a.sqlite"), { top: 16 }).networks;
    const again = draws(selected, noisy.score, 32, 1 + 2 ** 40).map(({ score }) => score);
    const chosen = selected[again.indexOf(Math.max(...again))];
    expect(chosen).not.toEqual(selected[0]);
    const [{ score, scoreError }] = draws([chosen], noisy.score, 32, 1 + 2 ** 41);
    const { measured, ...best } = result.best;
    expect(best).toEqual(chosen);
    expect(measured).toEqual({
      score,
      scoreError,
      scoring: { ...noisy.score, repeats: 32, noiseSeed: 1 + 2 ** 41 },
    });
    expect(result.unmeasured).toBeUndefined();
    // The luck that selected the first: a draw has a standard deviation of 4.
    expect(selected[0].score).toBeGreaterThan(score + 4);
  });

  test("has the same figures in threads and from its archive, where all 16 are in the order of the noise that chose", async () => {
    const threads = await startSearch(noisy, options("b.sqlite", { threads: 2 }));
    expect(threads.best).toEqual(result.best);
    expect(threads.digest).toBe(result.digest);
    const { networks } = await measuredNetworks(join(folder, "a.sqlite"), { top: 18, threads: 0 });
    expect(networks[0]).toEqual(result.best);
    const order = draws(networks.slice(0, 16), noisy.score, 32, 1 + 2 ** 40).map(({ score }) => score);
    expect(order).toEqual(order.toSorted((a, b) => b - a));
    const selected = bestNetworks(join(folder, "a.sqlite"), { top: 18 }).networks;
    expect(networks.slice(16).map(({ measured: _, ...network }) => network)).toEqual(selected.slice(16));
  });

  test("is not measured while it is not done, and measured alike once it was resumed", async () => {
    const stop = new AbortController();
    const stopped = await stoppedResult(
      startSearch(
        noisy,
        options("c.sqlite", {
          stop: stop.signal,
          onProgress: () => stop.abort(),
          onMeasure: () => expect.unreachable(),
        }),
      ),
    );
    expect(stopped).toMatchObject({ status: "stopped", unmeasured: "the search is not done" });
    expect(stopped.best.measured).toBeUndefined();
    const {
      seconds: _,
      childrenPerSecond: __,
      ...resumed
    } = await resumeSearch({ ...options("c.sqlite"), run: stopped.run });
    expect(resumed).toMatchObject({ status: "done", digest: result.digest, best: result.best });
  });

  test.each([0, 1])("that is stopped while it is measured is done, with %i threads", async (threads) => {
    const stop = new AbortController();
    const name = `stopped-${threads}.sqlite`;
    // Threads are left a moment to begin; here, without one, nothing else gets its turn before it is too late.
    const onMeasure = () => (threads === 0 ? stop.abort() : void setTimeout(() => stop.abort(), 1));
    const stopped = await startSearch(noisy, options(name, { threads, stop: stop.signal, onMeasure }));
    expect(stopped).toMatchObject({ status: "done", digest: result.digest, unmeasured: "it was stopped" });
    expect(stopped.best).toEqual(bestNetworks(join(folder, name)).networks[0]);
  });
});

describe("a search whose score contains no noise", () => {
  const exact = configOf("search.evaluations=500", "score.stageWeights=[0,0,1,1,4]");
  const path = join(folder, "exact.sqlite");
  beforeAll(() => startSearch(exact, options("exact.sqlite")));

  test("keeps its order, and its best are measured only where draws are asked for", async () => {
    const plain = bestNetworks(path, { top: 3 });
    expect(await measuredNetworks(path, { top: 3 })).toEqual(plain);
    const { networks } = await measuredNetworks(path, { top: 3, draws: 4, threads: 0 });
    expect(networks.map(({ measured: _, ...network }) => network)).toEqual(plain.networks);
    const truth = draws(networks, exact.score, 4, 1 + 2 ** 41);
    expect(networks.map(({ measured }) => measured?.score)).toEqual(truth.map(({ score }) => score));
    expect(networks.map(({ measured }) => measured?.scoreError)).toEqual(truth.map(({ scoreError }) => scoreError));
    const [{ measured }] = (await measuredNetworks(path, { draws: 1, threads: 0 })).networks;
    expect(measured?.scoreError).toBeNull();
  });

  test("and whose maps vanish when they are measured, is told so", async () => {
    const points = [2, 3, 4, 5].map((block) => `space.start.${block}.k=1`);
    const tiny = configOf("search.evaluations=50", "input.resolution=16", "space.kernels=[1,3]", ...points);
    await startSearch(tiny, options("vanishing.sqlite"));
    const measuring = measuredNetworks(join(folder, "vanishing.sqlite"), { draws: 2, threads: 0 });
    await expect(measuring).rejects.toThrow(UserError);
    await expect(measuring).rejects.toThrow(/resolution: expected at least/);
  });
});

test("fresh noise has a seed of its own, whatever the score's is", () => {
  const score = defaultScore("forward");
  for (const noiseSeed of [0, 1, 2 ** 40, 2 ** 53 - 1]) {
    const seeds = [1, 2, 8191].map((stream) => scoreKinds.forward.fresh({ ...score, noiseSeed }, 3, stream).noiseSeed);
    expect(seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0)).toBe(true);
    expect(new Set([noiseSeed, ...seeds]).size).toBe(4);
  }
});

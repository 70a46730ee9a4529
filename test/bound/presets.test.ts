import { describe, expect, it } from "vitest";
import { runLoop } from "../../src/bench/search.ts";
import { boundProblem } from "../../src/bound/problem.ts";
import { certificateOf } from "../../src/bound/proof/certificate.ts";
import { verifyCertificate } from "../../src/bound/proof/check-certificate.ts";
import { type BoundState, type SolveOptions, solve } from "../../src/bound/solve.ts";
import { sweep } from "../../src/bound/sweep.ts";
import { type Config, parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { encode } from "../../src/space/genome.ts";

const seeds = process.env["QES_SLOW_TESTS"] === "1" ? 50 : 5;
/** Searches of 500,000 children. */
const optimumSeeds = process.env["QES_SLOW_TESTS"] === "1" ? 20 : 1;
const preset = (name: string): Config => parseConfig(presetValue(name), name);

function solved(config: Config, options: SolveOptions = {}): BoundState {
  const { spaces, budgets } = boundProblem(openProblem(config));
  const steps = solve(spaces, budgets, options);
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value;
}

/** The end of a solve that several tests look at. */
const published = solved(preset("imagenet-mixed-7.0g"));

describe("the published spaces", () => {
  const optima = [
    ["imagenet-mixed-7.0g", 1233.4799846745675],
    ["imagenet-mixed-19.2g", 1298.7049981642242],
  ] as const;

  it.each(optima)("%s: the optimum is proven, and is a network of the space", (name, optimum) => {
    const config = preset(name);
    const { upperBound, networks, proven } = config.name === "imagenet-mixed-7.0g" ? published : solved(config);
    expect(proven).toBe(true);
    expect(networks[0].score).toBeCloseTo(optimum, 9);
    expect(upperBound - networks[0].score).toBeLessThan(1e-9);
    expect(upperBound).toBeGreaterThanOrEqual(networks[0].score);
    expect(networks[0].costs.bitops).toBeLessThanOrEqual(config.budgets.bitops!);
    expect(() => encode(openProblem(config).space, networks[0].structure, 224, "best")).not.toThrow();
  });

  it.each(optima)("%s: every search finds the optimum, and nothing above it", (name, optimum) => {
    for (let seed = 1; seed <= optimumSeeds; seed++) {
      expect(runLoop(preset(name), seed).population.scores[0]).toBeCloseTo(optimum, 9);
    }
  });

  it("the ten best of 7.0g begin with the best, and are distinct", () => {
    const { networks, proven } = solved(preset("imagenet-mixed-7.0g"), { top: 10 });
    expect(proven).toBe(true);
    expect(new Set(networks.map((network) => JSON.stringify(network.structure))).size).toBe(10);
    expect(networks[0].score).toBeCloseTo(1233.4799846745675, 9);
    for (let i = 1; i < 10; i++) expect(networks[i].score).toBeLessThanOrEqual(networks[i - 1].score);
  });

  it("a bound that runs out of labels is still a bound", () => {
    const state = solved(preset("imagenet-mixed-7.0g"), { maxLabels: 20 });
    expect([state.phase, state.proven]).toEqual(["stuck", false]);
    expect(state.upperBound).toBeGreaterThanOrEqual(1233.4799846745675);
    expect(state.upperBound).toBeLessThan(1233.56);
    expect(state.networks[0].score).toBeGreaterThan(1232);
  });

  it("every budget at once, SRAM too, is proven and its certificate accepted", { timeout: 300_000 }, () => {
    const base = preset("imagenet-mixed-7.0g");
    // A quarter of the widths, so that the checker, which builds every layer, is done in seconds.
    const config = {
      ...base,
      space: { ...base.space, maxOut: 320 },
      budgets: { bitops: 2e9, macs: 8e7, flash: 300_000, sram: 150_000, layers: 41 },
    };
    const { spaces, budgets } = boundProblem(
      openProblem({ ...config, space: { ...config.space, start: narrowHead(base) } }),
    );
    const steps = solve(spaces, budgets);
    let step = steps.next();
    while (!step.done) step = steps.next();
    expect(step.value.proven).toBe(true);
    expect(verifyCertificate(certificateOf({}, step.value), { spaces, budgets })).toEqual([]);
  });

  it("a sweep's scores rise with the budget", () => {
    const { spaces, budgets } = boundProblem(openProblem(preset("imagenet-mixed-7.0g")));
    const best = new Map<number, number>();
    for (const { budget, state } of sweep(spaces, budgets, "bitops", [6e9, 2e9, 4e9])) {
      if (state.phase === "done") best.set(budget, state.networks[0].score);
    }
    expect([...best.keys()]).toEqual([2e9, 4e9, 6e9]);
    expect([...best.values()]).toEqual([...best.values()].sort((x, y) => x - y));
  });

  it("no search of many seeds finds a score above the bound", () => {
    const config = preset("imagenet-mixed-7.0g");
    for (let seed = 1; seed <= seeds; seed++) {
      const search = runLoop({ ...config, search: { ...config.search, evaluations: 10_000 } }, seed);
      expect(search.population.scores[0]).toBeLessThanOrEqual(published.upperBound);
    }
  });
});

function narrowHead({ space: { start } }: Config) {
  return start.map((block, b) => (b === start.length - 1 ? { ...block, out: 320 } : block));
}

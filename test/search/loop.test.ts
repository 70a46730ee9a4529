import { describe, expect, test } from "vitest";
import { runLoop } from "../../src/bench/search.ts";
import { type Config, parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { GenomeEngine } from "../../src/engine/engine.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { createScorer } from "../../src/problem/scorer.ts";
import { startGenome } from "../../src/problem/start.ts";
import { digestOf } from "../../src/search/digest.ts";
import { type Checkpoint, Search } from "../../src/search/loop.ts";
import { Seen, SeenSet } from "../../src/search/seen-set.ts";
import { sizesAfter } from "../../src/search/sizes.ts";
import { structureOf } from "../../src/space/genome.ts";
import { naiveCosts } from "../naive/costs.ts";
import { naiveScore } from "../naive/score.ts";

const raw = presetValue("imagenet-mixed-7.0g") as Record<string, object>;
const config: Config = parseConfig(
  {
    ...raw,
    search: { evaluations: 5000, population: 40, generation: 300, growing: false, seed: 5 },
    budgets: { bitops: 2.5e9, layers: 23 },
  },
  "small",
);
const space = openProblem(config).space;
const scorer = createScorer(openProblem(config));
const length = space.genomeLength;

const engineOf = ({ search: { population: members, generation: children } }: Config) =>
  new GenomeEngine(space, 0, { members, children });

function open(seen = new SeenSet(), checkpoint?: Checkpoint, evaluations = config.search.evaluations): Search {
  const options = {
    ...config.search,
    evaluations,
    engine: engineOf(config),
    start: startGenome(openProblem(config)).genome,
    limits: openProblem(config).limits,
    seen,
  };
  return new Search(options, checkpoint);
}

interface Told {
  readonly genome: Buffer;
  readonly score: number;
}

interface Plan {
  /** Genomes scored at once. */
  readonly batch: number;
  readonly fails: (genome: Uint8Array) => boolean;
  readonly told: Told[];
}

/** One generation, its scores computed `batch` genomes at a time. */
function step(search: Search, { batch, fails, told }: Plan): void {
  const { genomes, count } = search.ask();
  const scores = new Float64Array(count);
  const failures = new Map<number, string>();
  for (let first = 0; first < count; first += batch) {
    const part = genomes.subarray(first * length, Math.min(count, first + batch) * length);
    scores.set(scorer.score(part).scores, first);
  }
  for (let i = 0; i < count; i++) {
    const genome = Buffer.from(genomes.subarray(i * length, (i + 1) * length));
    if (fails(genome)) {
      scores[i] = Number.NaN;
      failures.set(i, "told to");
    }
    told.push({ genome, score: scores[i] });
  }
  search.tell({ scores, failures });
}

const never = () => false;
const plan = (change: Partial<Plan> = {}): Plan => ({ batch: 1000, fails: never, told: [], ...change });

function finish(search: Search, how: Plan): Search {
  while (!search.done) step(search, how);
  return search;
}

const sumsUp = (search: Search) => {
  const { evaluations, scored, failed, reused, duplicates, overBudget } = search.counters;
  // The start network is scored or reused, but was not bred.
  expect(scored + failed + reused + duplicates + overBudget).toBe(evaluations + 1);
};

const best = (told: readonly Told[], count: number) =>
  told
    .filter((t) => !Number.isNaN(t.score))
    .sort((x, y) => y.score - x.score || Buffer.compare(x.genome, y.genome))
    .slice(0, count);

const members = (search: Search): Told[] =>
  Array.from({ length: search.population.count }, (_, i) => ({
    genome: Buffer.from(search.population.genomes.slice(i * length, (i + 1) * length)),
    score: search.population.scores[i],
  }));

describe("a whole search", () => {
  const how = plan();
  const search = finish(open(), how);

  test("ends with the best of everything that was scored", () => {
    expect(members(search)).toEqual(best(how.told, config.search.population));
  });

  test("never asks for a genome twice", () => {
    expect(new Set(how.told.map((t) => t.genome.toString("hex"))).size).toBe(how.told.length);
  });

  test("asks only for networks within every budget, by the naive costs, and their scores are the naive scores", () => {
    for (const { genome, score } of how.told) {
      const structure = structureOf(space, genome, 0);
      const cost = naiveCosts(structure, 224);
      expect(cost.bitops).toBeLessThanOrEqual(2.5e9);
      expect(cost.layers).toBeLessThanOrEqual(23);
      expect(Math.abs(score - naiveScore(structure, config.score).score)).toBeLessThan(1e-9 * Math.abs(score));
    }
  });

  test("counts every child once", () => {
    sumsUp(search);
    expect(search.counters).toMatchObject({ evaluations: 5000, failed: 0, reused: 0, scored: how.told.length });
    expect(search.counters.generations).toBe(1 + Math.ceil(5000 / 300));
    expect(search.counters.overBudget).toBeGreaterThan(0);
    expect(search.counters.duplicates).toBeGreaterThan(0);
  });

  test.each([1, 7, 64, 100_000])("gives the same digest when %i genomes are scored at a time", (batch) => {
    expect(digestOf(finish(open(), plan({ batch })).checkpoint())).toBe(digestOf(search.checkpoint()));
  });

  test("finds something better than the start network", () => {
    expect(search.population.scores[0]).toBeGreaterThan(how.told[0].score);
  });

  test.each([1, 2, 9])(
    "gives the same digest when it is interrupted after generation %i and goes on from its checkpoint",
    (border) => {
      const before = plan();
      const first = open();
      for (let i = 0; i < border; i++) step(first, before);
      const checkpoint = structuredClone(first.checkpoint());
      const seen = new SeenSet();
      for (const { genome, score } of before.told)
        seen.add(seen.find(genome, 0, length), Seen.archived | Seen.inRun, score);
      const after = finish(open(seen, checkpoint), plan());
      expect(digestOf(after.checkpoint())).toBe(digestOf(search.checkpoint()));
    },
  );

  test("gives the same population and digest when an earlier run knew half of the scores, and counts those as reused", () => {
    const seen = new SeenSet();
    const known = how.told.filter((_, i) => i % 2 === 0);
    for (const { genome, score } of known) seen.add(seen.find(genome, 0, length), Seen.archived, score);
    const again = plan();
    const second = finish(open(seen), again);
    expect(second.counters).toMatchObject({ reused: known.length, scored: how.told.length - known.length });
    sumsUp(second);
    expect(members(second)).toEqual(members(search));
    expect(digestOf(second.checkpoint())).toBe(digestOf(search.checkpoint()));
    const asked = new Set(again.told.map((t) => t.genome.toString("hex")));
    for (const { genome } of known) expect(asked.has(genome.toString("hex"))).toBe(false);
  });
});

describe("a search that grows", () => {
  const growing = { population: 40, generation: 100, growing: true };

  test("has sixteen members at first, then 0.36 for the root of its children, with four children a member, up to its sizes", () => {
    const sizes = [0, 1_975, 1_976, 2_229, 2_230, 4_900, 12_344, 12_346, 1e9].map((children) =>
      sizesAfter(children, growing),
    );
    expect(sizes.map(({ members, children }) => [members, children])).toEqual([
      [16, 64],
      [16, 64],
      [16, 64],
      [16, 64],
      [17, 68],
      [25, 100],
      [39, 100],
      [40, 100],
      [40, 100],
    ]);
    expect(sizesAfter(0, { ...growing, growing: false })).toEqual({ members: 40, children: 100 });
    expect(sizesAfter(0, { population: 8, generation: 500, growing: true })).toEqual({ members: 8, children: 500 });
  });

  const run = (evaluations: number, seen = new SeenSet(), checkpoint?: Checkpoint) =>
    new Search(
      {
        ...config.search,
        ...growing,
        evaluations,
        engine: engineOf(config),
        start: startGenome(openProblem(config)).genome,
        limits: openProblem(config).limits,
        seen,
      },
      checkpoint,
    );

  test("keeps, in every generation, the best of its members and children that it has room for", () => {
    const search = run(20_000);
    let before: Told[] = [];
    const rooms: number[] = [];
    while (!search.done) {
      const room = sizesAfter(search.counters.evaluations, growing).members;
      const how = plan();
      step(search, how);
      expect(members(search)).toEqual(best([...before, ...how.told], room));
      before = members(search);
      rooms.push(before.length);
    }
    expect(rooms[0]).toBe(1);
    expect(rooms[10]).toBe(16);
    expect(rooms.at(-1)).toBe(40);
    sumsUp(search);
  });

  test.each([1, 9, 60])("goes on after generation %i with the same digest", (border) => {
    const before = plan();
    const first = run(8000);
    for (let i = 0; i < border; i++) step(first, before);
    const checkpoint = structuredClone(first.checkpoint());
    const seen = new SeenSet();
    for (const { genome, score } of before.told)
      seen.add(seen.find(genome, 0, length), Seen.archived | Seen.inRun, score);
    const whole = finish(run(8000), plan());
    expect(digestOf(finish(run(8000, seen, checkpoint), plan()).checkpoint())).toBe(digestOf(whole.checkpoint()));
  });

  test("finds more in few children than one of full size from the start", () => {
    const small = { ...config, search: { ...config.search, population: 256, generation: 1024, evaluations: 2560 } };
    const scores = [true, false].map((grows) => {
      const grown = { ...small, search: { ...small.search, growing: grows } };
      return [1, 2, 3].map((seed) => runLoop(grown, seed).population.scores[0]);
    });
    expect(Math.min(...scores[0])).toBeGreaterThan(Math.max(...scores[1]));
  });
});

test("networks that cannot be scored are counted, never selected and never asked for again", () => {
  const start = Buffer.from(startGenome(openProblem(config)).genome);
  const fails = (genome: Uint8Array) => genome.reduce((sum, byte) => sum + byte, 0) % 3 === 0 && !start.equals(genome);
  const how = plan({ fails });
  const search = finish(open(), how);
  sumsUp(search);
  expect(search.counters.failed).toBe(how.told.filter((t) => Number.isNaN(t.score)).length);
  expect(search.counters.failed).toBeGreaterThan(50);
  expect(new Set(how.told.map((t) => t.genome.toString("hex"))).size).toBe(how.told.length);
  for (const { genome } of members(search)) expect(fails(genome)).toBe(false);
});

test("a number of children that is no multiple of a generation is bred exactly", () => {
  expect(finish(open(undefined, undefined, 777), plan()).counters.evaluations).toBe(777);
});

test("scores of the wrong number are refused", () => {
  const search = open();
  search.ask();
  expect(() => search.tell({ scores: new Float64Array(3), failures: new Map() })).toThrow("expected 1 scores, got 3");
});

test("another seed finds other networks", () => {
  const other = { ...config, search: { ...config.search, seed: 6 } };
  const search = new Search({
    ...other.search,
    engine: engineOf(other),
    start: startGenome(openProblem(other)).genome,
    limits: openProblem(other).limits,
    seen: new SeenSet(),
  });
  expect(digestOf(finish(search, plan()).checkpoint())).not.toBe(digestOf(finish(open(), plan()).checkpoint()));
});

test("a search without room for its population or its children is refused", () => {
  const engine = new GenomeEngine(space, 0, { members: 39, children: 300 });
  const start = startGenome(openProblem(config)).genome;
  const limits = openProblem(config).limits;
  expect(() => new Search({ ...config.search, engine, start, limits, seen: new SeenSet() })).toThrow(
    "expected rooms for 40 members and 300 children",
  );
});

// A run of an earlier version goes on as it would have there: its children are pinned.
test.each([
  ["standard", "6b98f8f01fbd0797f5c1256104bd657e150d0f2b912d7aa218e1842b4061988d"],
  ["published", "8577ae5a13d6420beb92fb93f9f144c43aaf99829fb48f713323cc90e7ae515d"],
] as const)("50,000 children of the %s operators have the digest that version 0.1.0 gave them", (operators, digest) => {
  const { search, ...published } = presetValue("imagenet-mixed-7.0g") as Record<string, object>;
  const run = parseConfig({ ...published, search: { ...search, operators, evaluations: 50_000 } }, "preset");
  expect(digestOf(runLoop(run, 1).checkpoint())).toBe(digest);
});

import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { boundProblem } from "../../src/bound/problem.ts";
import { type BoundState, solve } from "../../src/bound/solve.ts";
import { parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { openProblem, type Problem } from "../../src/problem/problem.ts";
import { archivedRuns, bestNetworks } from "../../src/run/archived.ts";
import { verifyArchive } from "../../src/run/audit.ts";
import { pruneArchive } from "../../src/run/prune.ts";
import { resumeSearch, startSearch } from "../../src/run/run.ts";
import { seedRun } from "../../src/run/seed-archive.ts";
import { storeBound } from "../../src/run/stored-bound.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
const all = { sample: Number.POSITIVE_INFINITY };

/** The published space under a budget that its start network breaks. */
function problemOf(search: object = {}): Problem {
  const value = presetValue("imagenet-mixed-7.0g") as { search: object };
  const budgets = { bitops: 1e9, layers: 47 };
  return openProblem(parseConfig({ ...value, budgets, search: { ...value.search, ...search } }, "test"));
}

function last(problem: Problem, top: number): BoundState {
  const { spaces, budgets } = boundProblem(problem);
  const steps = solve(spaces, budgets, { top });
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value;
}

describe("the networks of a bound in an archive", () => {
  const problem = problemOf();
  const archive = join(folder, "bound.sqlite");
  /** More than the members that a growing population begins with. */
  const top = 20;
  let state: BoundState;
  beforeAll(async () => {
    const { result, run } = await storeBound(problem, { archive, top }, () => last(problem, top));
    expect(run).toBe(1);
    state = result;
  });

  test("are a finished run without children, and the best of it are they", () => {
    expect(archivedRuns(archive)).toMatchObject([
      { run: 1, status: "bound", evaluations: 0, of: null, best: state.networks[0].score },
    ]);
    const shape = ({ score, structure, costs }: (typeof state.networks)[number]) =>
      JSON.stringify([score, structure, costs]);
    const kept = bestNetworks(archive, { top: 100 }).networks.map(shape);
    expect(new Set(kept)).toEqual(new Set(state.networks.map(shape)));
    expect(kept).toHaveLength(top);
    expect(verifyArchive(archive, all)).toMatchObject({ runs: 1, candidates: top, recomputed: top, findings: [] });
  });

  test("are taken over by a second run of theirs, are pruned like others, and are no search of a seed", async () => {
    const again = join(folder, "again.sqlite");
    for (const run of [1, 2]) {
      expect((await storeBound(problem, { archive: again, top }, () => state)).run).toBe(run);
    }
    expect(verifyArchive(again, all)).toMatchObject({ runs: 2, candidates: top, findings: [] });
    expect(seedRun(again, problem.config)).toBeUndefined();
    expect(pruneArchive(again)).toMatchObject({ runs: [1, 2], kept: top });
    expect(verifyArchive(again, all)).toMatchObject({ pruned: 2, findings: [] });
  });

  test("are what a longer run of theirs breeds from, though the start network breaks the budgets", async () => {
    await expect(startSearch(problem.config, { archive: join(folder, "no.sqlite") })).rejects.toThrow(
      "space.start is over budget",
    );
    const longer = await resumeSearch({ archive, threads: 0, run: 1, evaluations: 2000 });
    expect(longer).toMatchObject({ status: "done", evaluations: 2000, startChanges: [] });
    expect(longer.best.score).toBe(state.networks[0].score);
    expect(longer.scored).toBeGreaterThan(top);
    expect(archivedRuns(archive)).toMatchObject([{ run: 1, status: "done", of: 2000 }]);
    expect(verifyArchive(archive, all).findings).toEqual([]);
  });
});

test("a bound that found no network leaves no run", async () => {
  const archive = join(folder, "none.sqlite");
  const { run } = await storeBound(problemOf(), { archive, top: 1 }, () => ({ networks: [] }));
  expect(run).toBeUndefined();
  expect(archivedRuns(archive)).toEqual([]);
});

test("a place that cannot be written to, and more networks than a run keeps, are refused before the bound begins", async () => {
  const never = () => {
    throw new Error("the bound began");
  };
  const away = join(folder, "away", "x.sqlite");
  await expect(storeBound(problemOf(), { archive: away, top: 1 }, never)).rejects.toThrow("directory does not exist");
  const archive = join(folder, "small.sqlite");
  await expect(storeBound(problemOf({ population: 16 }), { archive, top: 17 }, never)).rejects.toThrow(
    "search.population: a run keeps 16 networks, got a bound of 17; raise it to 17, or ask for fewer",
  );
  expect(existsSync(archive)).toBe(false);
});

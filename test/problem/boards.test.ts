import { describe, expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { deviceNames, taskNames } from "../../src/config/devices.ts";
import { budgetNames, costNames } from "../../src/costs/cost-table.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { startGenome } from "../../src/problem/start.ts";
import { resolutionOf, structureOf } from "../../src/space/genome.ts";
import { machines, simulatedArena } from "../naive/arena.ts";
import { naiveCosts } from "../naive/costs.ts";

/** Pairs that no network fits: the image and the smallest stem's output are larger than the board's SRAM. */
const impossible: Readonly<Record<string, string>> = {
  "rp2040 face": "budgets.arena: no network of the space meets 268288; the smallest possible is 393248",
  "stm32f407 face": "budgets.arena: no network of the space meets 129024; the smallest possible is 229504",
  "stm32l476 face": "budgets.arena: no network of the space meets 96256; the smallest possible is 229504",
};

describe.each(deviceNames())("a search for %s", (device) => {
  test.each(taskNames())("and %s starts from a network within every budget, or says why there is none", (task) => {
    const problem = openProblem(parseConfig({ device, task }, "test"));
    const why = impossible[`${device} ${task}`];
    if (why !== undefined) {
      expect(() => startGenome(problem)).toThrow(why);
      return;
    }
    const { genome } = startGenome(problem);
    const { space, classes, limits } = problem;
    const structure = structureOf(space, genome, 0);
    const resolution = resolutionOf(space, genome, 0);
    const costs = naiveCosts(structure, resolution, classes);
    costNames.forEach((name, i) => {
      expect(costs[name], name).toBeLessThanOrEqual(limits[i]);
    });
    const arena = simulatedArena(structure, resolution, classes, machines["qes-c"]);
    expect(arena).toBeLessThanOrEqual(limits[budgetNames.indexOf("arena")]);
    expect(Number.isFinite(limits[budgetNames.indexOf("flashDeployed")])).toBe(true);
  });
});

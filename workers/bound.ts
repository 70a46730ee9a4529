import { parentPort, workerData } from "node:worker_threads";
import { SEARCH_LABELS } from "../src/bound/gap.ts";
import { boundProblem } from "../src/bound/problem.ts";
import { solve } from "../src/bound/solve.ts";
import type { Config } from "../src/config/config.ts";
import { openProblem } from "../src/problem/problem.ts";
import type { BoundReport } from "../src/run/bound-watch.ts";

const { config } = workerData as { config: Config };
const { spaces, budgets } = boundProblem(openProblem(config));
let upperBound = Number.POSITIVE_INFINITY;
for (const state of solve(spaces, budgets, { maxLabels: SEARCH_LABELS })) {
  if (state.upperBound >= upperBound) continue;
  upperBound = state.upperBound;
  parentPort!.postMessage({ upperBound, finished: false } satisfies BoundReport);
}
parentPort!.postMessage({ upperBound, finished: true } satisfies BoundReport);

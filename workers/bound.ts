import { parentPort, workerData } from "node:worker_threads";
import { UserError } from "../src/base/user-error.ts";
import { searchBound } from "../src/bound/gap.ts";
import type { Config } from "../src/config/config.ts";
import { openProblem } from "../src/problem/problem.ts";
import type { BoundReport } from "../src/run/bound-watch.ts";

const { config } = workerData as { config: Config };
const post = (report: BoundReport) => parentPort!.postMessage(report);

function bound(): void {
  const steps = searchBound(openProblem(config));
  let said = "";
  let taken = 0;
  for (let step = steps.next(); ; step = steps.next()) {
    taken++;
    const { phase, priced, spaces, upperBound, proven, networks } = step.value;
    const [network] = networks;
    const best = network?.score;
    const finished = step.done === true;
    const report = {
      phase,
      priced,
      spaces,
      upperBound,
      proven,
      best,
      network,
      step: taken,
      finished,
      reason: undefined,
    };
    const news = [phase, priced, upperBound, best, finished].join();
    if (news !== said) post(report);
    if (finished) return;
    said = news;
  }
}

try {
  bound();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  const none = { phase: "stuck", priced: 0, spaces: 1, upperBound: Number.POSITIVE_INFINITY, proven: false } as const;
  post({ ...none, best: undefined, network: undefined, step: 0, finished: true, reason: error.message });
}

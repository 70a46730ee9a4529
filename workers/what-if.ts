import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { UserError } from "../src/base/user-error.ts";
import type { BoundNetwork } from "../src/bound/incumbents.ts";
import { KeptBound } from "../src/bound/kept-bound.ts";
import { boundProblem } from "../src/bound/problem.ts";
import type { BoundState } from "../src/bound/solve.ts";
import type { Config } from "../src/config/config.ts";
import { openProblem } from "../src/problem/problem.ts";
import type { Reply, WhatIfQuestion } from "../src/run/what-if.ts";

const { config } = workerData as { config: Config };
const port = parentPort!;
const say = (reply: Reply) => port.postMessage(reply);

/** Labels and work that an answer may take: some ten seconds of one core. */
const LIMITS = { maxLabels: 1e6, maxWork: 1e9 };

/** The question that came last; undefined where none has come since. */
function latest(): WhatIfQuestion | undefined {
  let last: WhatIfQuestion | undefined;
  for (let got = receiveMessageOnPort(port); got !== undefined; got = receiveMessageOnPort(port)) last = got.message;
  return last;
}

class Answering {
  readonly #kept: KeptBound;
  readonly #problem = boundProblem(openProblem(config));
  #waiting: WhatIfQuestion | undefined;

  constructor() {
    this.#kept = new KeptBound(this.#problem, config.search.boundMemory);
  }

  /** Compiles, and solves the problem as it is, from where others begin. */
  begin(): void {
    for (const _ of this.#kept.compile()) this.#waiting = latest() ?? this.#waiting;
    const steps = this.#kept.solve(this.#problem.budgets, LIMITS);
    let step = steps.next();
    for (; !step.done; step = steps.next()) this.#waiting = latest() ?? this.#waiting;
    say({ own: step.value.networks[0]?.score ?? null });
    if (this.#waiting !== undefined) this.answer(this.#waiting);
  }

  /** Leaves a question where another comes. */
  answer(first: WhatIfQuestion): void {
    let question: WhatIfQuestion | undefined = first;
    while (question !== undefined) {
      const { id, moved } = question;
      const began = performance.now();
      const steps = this.#kept.solve({ ...this.#problem.budgets, ...moved }, LIMITS);
      let next: WhatIfQuestion | undefined;
      for (let step = steps.next(); next === undefined; step = steps.next()) {
        if (step.done) {
          say({ id, ...known(step.value), seconds: (performance.now() - began) / 1000 });
          break;
        }
        next = latest();
      }
      question = next;
    }
  }
}

function known({ upperBound, proven, networks }: BoundState) {
  const [best] = networks;
  const network = ({ score, resolution, structure }: BoundNetwork) => ({ score, resolution, structure });
  return {
    upper: Number.isFinite(upperBound) ? upperBound : null,
    proven,
    network: best === undefined ? null : network(best),
  };
}

try {
  const answering = new Answering();
  answering.begin();
  port.on("message", (question: WhatIfQuestion) => answering.answer(latest() ?? question));
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  say({ reason: error.message });
}

import { workerData } from "node:worker_threads";
import { takeNoise } from "../src/kernel/noise.ts";
import { answer, contextKey, readSetup } from "../src/pool/message.ts";
import type { ThreadData, ThreadTask } from "../src/pool/thread-transport.ts";
import { createScorer } from "../src/problem/scorer.ts";

// Piscina wraps what the transport gave: [its own data, ours].
const own = (Array.isArray(workerData) ? workerData[1] : workerData) as ThreadData;
if (own.noise !== undefined) takeNoise(own.noise);
const problem = readSetup(own.setup);
const scorer = createScorer(problem);
const context = contextKey(problem.scoringContext);

/** A request in, its reply out. */
export default function score({ request, begun }: ThreadTask): Uint8Array {
  Atomics.store(begun, 0, 1);
  return answer(request, context, (genomes) => scorer.score(genomes));
}

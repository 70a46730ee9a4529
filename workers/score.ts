import { workerData } from "node:worker_threads";
import { pack, unpack } from "msgpackr/pack";
import type { Config } from "../src/config/config.ts";
import type { Reply } from "../src/pool/threads.ts";
import { openProblem } from "../src/problem/problem.ts";
import { createScorer } from "../src/problem/scorer.ts";

// Piscina wraps what the pool gave: [its own data, ours].
const own = (Array.isArray(workerData) ? workerData[1] : workerData) as { config: Uint8Array };
const scorer = createScorer(openProblem(unpack(own.config) as Config));

/** A batch of whole genomes in, msgpack of a reply out. */
export default function score(genomes: Uint8Array): Uint8Array {
  const began = performance.now();
  const { scores, failures } = scorer.score(genomes);
  const seconds = (performance.now() - began) / 1000;
  return pack({ scores: new Uint8Array(scores.buffer), failures, seconds } satisfies Reply);
}

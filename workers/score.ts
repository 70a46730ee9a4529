import { workerData } from "node:worker_threads";
import { pack, unpack } from "msgpackr";
import type { Config } from "../src/config.ts";
import { createScorer } from "../src/pool/scorer.ts";

// Piscina wraps what the pool gave: [its own data, ours].
const own = (Array.isArray(workerData) ? workerData[1] : workerData) as { config: Uint8Array };
const scorer = createScorer(unpack(own.config) as Config);

/** A batch of whole genomes in, msgpack of { scores: bytes of a Float64Array, failures } out. */
export default function score(genomes: Uint8Array): Uint8Array {
  const { scores, failures } = scorer.score(genomes);
  return pack({ scores: new Uint8Array(scores.buffer), failures });
}

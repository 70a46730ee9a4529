import { setImmediate as nextTurn } from "node:timers/promises";
import { boundSeeds } from "../bound/gap.ts";
import type { Problem } from "../problem/problem.ts";
import type { StartNetwork } from "../problem/start.ts";

/**
 * Genomes that a run begins with, one after another: the start network and, with `search.seedFrom: bound`, what the bound finds, which may take
 * seconds. Undefined where it was stopped.
 * @param start undefined where the first generation is closed
 */
export async function firstGeneration(
  problem: Problem,
  start: StartNetwork | undefined,
  stop: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  if (start === undefined) return new Uint8Array(0);
  if (problem.config.search.seedFrom === "start") return start.genome;
  const steps = boundSeeds(problem);
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return Buffer.concat([start.genome, step.value]);
    await nextTurn();
    if (stop?.aborted) return undefined;
  }
}

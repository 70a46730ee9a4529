import { arenaSteps } from "../memory/arena.ts";
import { type Deployment, type RuntimeDeployment, withRuntime } from "../memory/runtime.ts";
import type { Network } from "../network/network.ts";
import { type LargestStep, type LiveStep, largestStep, liveSteps } from "./live-sram.ts";

/** What a runtime needs while it runs one conv; bytes. */
export interface NamedArenaStep extends Omit<LiveStep, "layer" | "conv" | "bitsA"> {
  readonly scratch: number;
}

/** The largest moment of every conv that a kernel runs, in the order of execution, named as reports have it. */
export function namedArenaSteps(network: Network, deployment: RuntimeDeployment): NamedArenaStep[] {
  const named = liveSteps(network);
  return arenaSteps(network, deployment).map(({ conv, input, output, held, scratch, bytes }) => {
    const { name, block, inner } = named[conv];
    return { block, inner, name, input, output, held, scratch, bytes };
  });
}

/** The step with the largest peak, the first of equals: its `bytes` is `arena`, or `sramLive` where no runtime deploys the network. */
export function peakStep(network: Network, deployment: Deployment | undefined): LargestStep {
  const deployed = withRuntime(deployment);
  if (deployed === undefined) return largestStep(network);
  const { name, block, inner, bytes } = namedArenaSteps(network, deployed).reduce((largest, step) =>
    step.bytes > largest.bytes ? step : largest,
  );
  return { name, block, inner, bytes };
}

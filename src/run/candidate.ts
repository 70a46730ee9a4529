import type { ScoreConfig } from "../config/config.ts";
import { writtenRuntime } from "../config/devices.ts";
import type { RuntimeFile } from "../config/runtime.ts";
import { peakStep } from "../costs/arena-step.ts";
import { type Costs, costs, emptyCosts } from "../costs/costs.ts";
import type { LargestStep } from "../costs/live-sram.ts";
import { Network } from "../network/network.ts";
import type { Structure } from "../network/structure.ts";
import type { Problem } from "../problem/problem.ts";
import type { Checkpoint } from "../search/loop.ts";
import { decode, structureOf } from "../space/genome.ts";
import type { Measurement } from "./measuring.ts";

/** One network of a result. */
export interface Candidate {
  /** That selected it. Of a score with noise it is too high, by the luck that selected it. */
  readonly score: number;
  /** By noise that had no part in selecting it. */
  readonly measured?: Measurement;
  readonly costs: Costs;
  /** Outputs of the classifier that `costs.flash` counts; 0 for none. */
  readonly classes: number;
  /** What deploys the network, whose memory `costs.arena` and `costs.flashDeployed` are; absent where nothing does. */
  readonly runtime?: string | RuntimeFile;
  /** What the score was computed with. */
  readonly scoring: ScoreConfig;
  readonly structure: Structure;
  /** Pixels of one side of the input. */
  readonly resolution: number;
  /** The step that `costs.arena` is the peak of, or `costs.sramLive` without a runtime. */
  readonly largestStep: LargestStep;
}

/** A member of a population as a result. */
export function candidateAt(
  problem: Problem,
  { genomes, scores }: Pick<Checkpoint, "genomes" | "scores">,
  index: number,
  measured?: Measurement,
): Candidate {
  const { config, space, classes, deployment } = problem;
  const network = new Network(space.convCapacity);
  const at = index * space.genomeLength;
  decode(space, genomes, at, network);
  return {
    score: scores[index],
    ...(measured === undefined ? {} : { measured }),
    resolution: network.resolution,
    costs: costs(network, classes, emptyCosts(), deployment),
    largestStep: peakStep(network, deployment),
    classes,
    ...(config.runtime === undefined ? {} : { runtime: writtenRuntime(config.runtime) }),
    scoring: config.score,
    structure: structureOf(space, genomes, at),
  };
}

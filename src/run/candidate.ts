import type { ScoreConfig } from "../config/config.ts";
import { type Costs, costs, emptyCosts } from "../costs/costs.ts";
import { type LargestStep, largestStep } from "../costs/live-sram.ts";
import { Network } from "../network/network.ts";
import type { Structure } from "../network/structure.ts";
import type { Problem } from "../problem/problem.ts";
import { decode, structureOf } from "../space/genome.ts";

/** One network of a result. */
export interface Candidate {
  readonly score: number;
  readonly costs: Costs;
  /** Outputs of the classifier that `costs.flash` counts; 0 for none. */
  readonly classes: number;
  /** What the score was computed with. */
  readonly scoring: ScoreConfig;
  readonly structure: Structure;
  /** Pixels of one side of the input. */
  readonly resolution: number;
  /** The step that `costs.sramLive` is the peak of. */
  readonly largestStep: LargestStep;
}

/** A genome as a result. */
export function candidateAt(problem: Problem, genomes: Uint8Array, at: number, score: number): Candidate {
  const { config, space, classes } = problem;
  const network = new Network(space.convCapacity);
  decode(space, genomes, at, network);
  return {
    score,
    resolution: network.resolution,
    costs: costs(network, classes, emptyCosts()),
    largestStep: largestStep(network),
    classes,
    scoring: config.score,
    structure: structureOf(space, genomes, at),
  };
}

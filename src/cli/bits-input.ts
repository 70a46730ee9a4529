import { UserError } from "../base/user-error.ts";
import { type Capability, capabilities, capabilityFor, legalPairs } from "../config/capabilities.ts";
import { defaultScore } from "../config/config.ts";
import { budgetNames } from "../costs/cost-table.ts";
import { costs, emptyCosts } from "../costs/costs.ts";
import type { StructureEntry } from "../formats/structures-file.ts";
import type { Deployment } from "../memory/runtime.ts";
import { BitSteps } from "../network/bits.ts";
import type { Network } from "../network/network.ts";
import { networkOf, parseStructure, type Structure } from "../network/structure.ts";
import { openProblem, type Problem } from "../problem/problem.ts";
import { AnalyticScore } from "../score/analytic.ts";
import { type Arguments, archiveArgument, note, text, textOption, texts, textsOption, wholeOption } from "./command.ts";
import { readConfig, readNetworkFile, runOption } from "./input.ts";
import { type ChosenWeights, chosenWeights, weightsText } from "./score-settings.ts";

/** Options of the commands that look at the bits of given networks. */
export const bitsOptions = {
  config: text("take budgets, capability and score from this preset or YAML file", {
    defaultDescription: "each network's own costs, the first capability of qes devices with all its bits",
  }),
  run: runOption,
  set: texts("path=value: set one key of the configuration; repeatable"),
  resolution: text("pixels of one side of the input", {
    defaultDescription: "the file's, else the configuration's, else 224",
  }),
} as const;

/** One network with everything that its bits depend on. */
export interface BitsSubject {
  readonly name: string;
  readonly structure: Structure;
  readonly network: Network;
  readonly resolution: number;
  readonly weights: ChosenWeights;
  readonly score: AnalyticScore;
  readonly classes: number;
  /** In the order of `budgetNames`: the configuration's budgets, else the network's own costs. */
  readonly limits: Float64Array;
  readonly deployment: Deployment | undefined;
  /** What says which bits are legal, in words. */
  readonly legalBits: string;
  /** Legal pairs of an inner layer. */
  readonly steps: (layer: number) => BitSteps;
}

/** @throws UserError where the file, the configuration or a structure is wrong */
export async function readSubjects(args: Arguments): Promise<BitsSubject[]> {
  const path = archiveArgument(args, "structures");
  const entries = await readNetworkFile(path, wholeOption(args, "run", 1));
  const source = textOption(args, "config");
  const assignments = textsOption(args, "set");
  if (source === undefined && assignments.length > 0) {
    throw new UserError("--set: expected --config beside it; give the preset or file whose keys to set");
  }
  const problem = source === undefined ? undefined : openProblem(readConfig(source, assignments));
  const resolution = wholeOption(args, "resolution", 1, 4096);
  const subjects = entries.map((entry) => subjectOf(entry, problem, resolution));
  for (const line of new Set(subjects.map(({ weights }) => (weights.origin === "" ? "" : weightsText(weights))))) {
    if (line !== "") note(line);
  }
  return subjects;
}

function subjectOf(entry: StructureEntry, problem: Problem | undefined, chosen: number | undefined): BitsSubject {
  const config = problem?.config;
  const structure = parseStructure(entry.structure, entry.where);
  if (structure.every((block) => block.nbitsA === undefined)) {
    throw new UserError(`${entry.where}: expected a network with bits, got full precision; add nbitsA and nbitsW`);
  }
  const resolution = chosen ?? entry.resolution ?? config?.input.resolution ?? 224;
  const network = networkOf(structure, resolution);
  const defaults = defaultScore("analytic");
  const weights = chosenWeights(entry.stageWeights ?? config?.score.stageWeights, "analytic", network.stages);
  const score = new AnalyticScore({
    stageWeights: weights.stageWeights,
    sigmaActivation: entry.sigmaActivation ?? config?.score.sigmaActivation ?? defaults.sigmaActivation,
    sigmaWeight: entry.sigmaWeight ?? config?.score.sigmaWeight ?? defaults.sigmaWeight,
  });
  score.check(network);
  const ownCapability = capabilityFor(structure) ?? "published";
  const capability: Capability = problem?.capability ?? capabilities[ownCapability];
  const steps = legalPairs(structure, capability).map((pairs) => new BitSteps(pairs));
  const classes = entry.classes ?? problem?.classes ?? 0;
  const { runtime } = entry;
  const deployment =
    problem !== undefined ? problem.deployment : runtime === undefined ? undefined : { runtime, classes };
  const own = costs(network, classes, emptyCosts(), deployment);
  return {
    name: entry.name,
    structure,
    network,
    resolution,
    weights,
    score,
    classes,
    limits: problem?.limits ?? Float64Array.from(budgetNames, (name) => own[name] ?? Number.POSITIVE_INFINITY),
    deployment,
    legalBits: problem === undefined ? ownCapability : `those of ${problem.config.name}`,
    steps: (layer) => steps[network.block[layer]],
  };
}

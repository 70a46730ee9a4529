import { UserError } from "../base/user-error.ts";
import { type Capability, chosenCapability } from "../config/capabilities.ts";
import type { Config } from "../config/config.ts";
import { budgetNames } from "../costs/cost-table.ts";
import { type Deployment, deploymentWith, type Runtime } from "../memory/runtime.ts";
import { searchFamilies } from "../network/families.ts";
import type { Structure } from "../network/structure.ts";
import { Space, type SpaceOptions } from "../space/space.ts";
import { checkOperators } from "./operators.ts";

/** What a checked configuration asks for. Apart from config.ts, so that a thread that was handed a configuration does not load what reads one. */
export interface Problem {
  readonly config: Config;
  readonly space: Space;
  readonly capability: Capability;
  /** Outputs of the classifier counted into flash; 0 for none. */
  readonly classes: number;
  /** Budgets in the order of `budgetNames`, infinite where there is none. */
  readonly limits: Float64Array;
  /** Budget of DeepMAD's effectiveness, which is no cost of the table; infinite where there is none. */
  readonly effectiveness: number;
  /** What deploys the networks; that, the classes and measured operators: without any there are no costs of a deployment. */
  readonly runtime: Runtime | undefined;
  readonly deployment: Deployment | undefined;
  /**
   * Everything a candidate's score and costs depend on, as canonical text: equal text, equal scores. Budgets and search settings are
   * not part of it, so that runs with other budgets share their candidates.
   */
  readonly scoringContext: string;
}

/** @throws UserError where the space cannot be compiled, or the configuration was not read */
export function openProblem(config: Config): Problem {
  // Callers without types pass what they wrote, in which defaults and numbers are missing.
  if (!Array.isArray(config?.space?.start) || typeof config.search?.generation !== "number") {
    throw new UserError(
      "configuration: expected what parseConfig gives, got one that was not read; call parseConfig first",
    );
  }
  const capability = chosenCapability(config.capability, config.space.bits, "capability");
  const space = spaceOf(config, capability);
  const limits = Float64Array.from(budgetNames, (name) => config.budgets[name] ?? Number.POSITIVE_INFINITY);
  const { classes, runtime, latency, energy } = config;
  const deployment = deploymentWith({ runtime, classes, latency, energy });
  const squeezing = space.blocks.find(({ family }) => family.squeezeExcite === true);
  if (runtime !== undefined && squeezing !== undefined) {
    throw new UserError(
      `runtime ${runtime.name}: expected blocks that it runs, got ${squeezing.family.className}, a squeeze-excite, which no runtime here has; set runtime=none, or choose another family`,
    );
  }
  for (const [name, table] of Object.entries({ latency, energy }))
    if (table !== undefined) checkOperators(space, table, name);
  return {
    config,
    space,
    capability,
    classes,
    limits,
    effectiveness: config.budgets.effectiveness ?? Number.POSITIVE_INFINITY,
    runtime,
    deployment,
    scoringContext: scoringContext(config, space),
  };
}

function spaceOf({ space, input, budgets }: Config, { body, stem, head }: Capability): Space {
  const { className, convs, search } = searchFamilies().find((family) => family.search.name === space.family)!;
  const [first, most] = search.maxDepth;
  const divided = space.start.length - (search.undivided ?? 3);
  const others =
    budgets.layers === undefined || divided <= 0
      ? most
      : Math.max(1, Math.floor(budgets.layers / convs.length / divided));
  const options: SpaceOptions = {
    superClass: className,
    kernels: space.kernels,
    expansions: space.expansions,
    widthStep: space.widthStep,
    maxOut: space.maxOut,
    stemOut: space.stemOut,
    blockOut: space.blockOut,
    maxDepth: space.maxDepth === undefined ? [first, Math.min(64, others)] : [space.maxDepth, space.maxDepth],
    headOut: space.headOut,
    bodyBits: body,
    stemBits: stem === "start" ? fixedBits(space.start[0]) : stem,
    headBits: head,
    resolutions: input.resolutions ?? [input.resolution],
  };
  return new Space(space.start, options);
}

function fixedBits(block: Structure[number]) {
  const { nbitsA: a, nbitsW: w } = block;
  return typeof a === "number" && typeof w === "number" ? [{ a, w }] : [];
}

function scoringContext(config: Config, space: Space): string {
  const { score } = config;
  const skeleton = space.blocks.map((block) => [block.family.className, block.s, block.k, block.role]);
  return JSON.stringify({
    genome: [space.genomeLength, space.depthSlots, space.options.widthStep, skeleton],
    resolutions: space.options.resolutions,
    channels: config.input.channels,
    classes: config.classes,
    // Archives of earlier versions do not name what was not there.
    score: score.kind === "forward" && !score.rescaled ? { ...score, rescaled: undefined } : score,
  });
}

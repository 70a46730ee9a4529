import { bitProduct, type Capability, capabilities, parseCapability } from "../config/capabilities.ts";
import type { Config } from "../config/config.ts";
import { costNames } from "../costs/costs.ts";
import { searchFamilies } from "../network/families.ts";
import type { Structure } from "../network/structure.ts";
import { Space, type SpaceOptions } from "../space/space.ts";

/*
 * What a checked configuration asks for: its space, its budgets, its scoring context. Apart from config.ts, so that a thread that was
 * handed a configuration does not load what reads one.
 */

/** The compiled space of a configuration. */
export function spaceOf(config: Config): Space {
  const { space, input, budgets } = config;
  const family = searchFamilies[space.family];
  const { body, stem, head } = capabilityOf(config);
  const convs = 3;
  const others =
    budgets.layers === undefined || space.start.length <= 3
      ? 8
      : Math.max(1, Math.floor(budgets.layers / convs / (space.start.length - 3)));
  const options: SpaceOptions = {
    superClass: family.superClass,
    kernels: space.kernels,
    expansions: space.expansions,
    widthStep: 8,
    maxOut: space.maxOut,
    stemOut: space.stemOut,
    maxDepth: space.maxDepth === undefined ? [3, Math.min(64, others)] : [space.maxDepth, space.maxDepth],
    headOut: space.headOut,
    bodyBits: body,
    stemBits: stem === "start" ? fixedBits(space.start[0]) : stem,
    headBits: head,
    resolutions: input.resolutions ?? [input.resolution],
  };
  return new Space(space.start, options);
}

/** The legal bits of a configuration: `space.bits` are every pair of these, as in the published capability. */
export function capabilityOf({ capability, space }: Config): Capability {
  if (space.bits === undefined) return parseCapability(capability ?? "published", "capability");
  const pairs = bitProduct(space.bits, space.bits);
  return { ...capabilities["published"], body: pairs, head: pairs };
}

function fixedBits(block: Structure[number]) {
  const { nbitsA: a, nbitsW: w } = block;
  return typeof a === "number" && typeof w === "number" ? [{ a, w }] : [];
}

/** Budgets in the order of `costNames`, infinite where there is none. */
export function budgetLimits(config: Config): Float64Array {
  return Float64Array.from(costNames, (name) => config.budgets[name] ?? Number.POSITIVE_INFINITY);
}

/**
 * Everything a candidate's score and costs depend on, as canonical text: equal text, equal scores. Budgets and search settings are
 * not part of it, so that runs with other budgets share their candidates.
 */
export function scoringContext(config: Config, space: Space): string {
  const skeleton = space.blocks.map((block) => [block.family.className, block.s, block.k, block.role]);
  return JSON.stringify({
    genome: [space.genomeLength, space.depthSlots, space.options.widthStep, skeleton],
    resolutions: space.options.resolutions,
    channels: config.input.channels,
    classes: config.classes,
    score: config.score,
  });
}

import { type Family, families, squeezeWidth } from "../network/families.ts";
import type { LayerShape } from "../network/network.ts";
import { Shortcut, shortcutOf } from "../network/shortcut.ts";
import type { Block } from "../network/structure.ts";
import type { ReadLayer } from "./layers.ts";
import type { ConvUnit } from "./units.ts";

/** Most inner layers of a block. */
const MOST_LAYERS = 64;

/** An inner layer as a family has it. */
interface Match {
  readonly family: Family;
  readonly shape: Readonly<LayerShape>;
  readonly convs: readonly ConvUnit[];
  /** Whether it can be the first of its block, or a later one. */
  readonly first: boolean;
  readonly later: boolean;
}

/**
 * Layers as blocks: the first family whose row fits takes them, and one block takes as many alike as follow each other.
 * @returns what fits no family is a problem, layer by layer
 */
export function structureOfLayers(layers: readonly ReadLayer[]): {
  readonly structure: readonly Block[];
  readonly problems: readonly string[];
} {
  const problems: string[] = [];
  const blocks: Match[][] = [];
  for (let at = 0; at < layers.length; ) {
    const found = matchAt(layers, at);
    if (found === undefined) {
      problems.push(problemOf(layers[at]));
      at++;
      continue;
    }
    const { match, count } = found;
    const block = blocks.at(-1);
    if (block !== undefined && match.later && goesOn(block, match)) block.push(match);
    else if (match.first) blocks.push([match]);
    else problems.push(shortcutProblem(layers[at], match));
    at += count;
  }
  return { structure: blocks.map(blockOf), problems };
}

/**
 * The longest match: of a layer with a shortcut, or of several convs without. Where nothing fits, that of the same convs with another shortcut.
 */
function matchAt(layers: readonly ReadLayer[], at: number): { match: Match; count: number } | undefined {
  const rows = families.toSorted((a, b) => b.convs.length - a.convs.length);
  const found = rows.flatMap((family) => {
    const several = layers[at].convs.length === 1 && layers[at].shortcut === "none";
    const count = several ? family.convs.length : 1;
    const own = layers.slice(at, at + count);
    const mixed = several && own.some(({ convs, shortcut }) => convs.length > 1 || shortcut !== "none");
    if (own.length < count || mixed) return [];
    const layer = several ? { ...own[0], convs: own.map(({ convs }) => convs[0]) } : own[0];
    const match = matchOf(family, layer);
    return match === undefined ? [] : [{ match, count }];
  });
  // No other family takes a depthwise conv apart.
  const apart = ({ convs }: Match) => convs.some((conv) => conv.depthwise && conv.inChannels > 1);
  return found.find(({ match }) => match.first || match.later || apart(match)) ?? found[0];
}

function matchOf(family: Family, { convs, shortcut, projection }: ReadLayer): Match | undefined {
  const templates = family.convs;
  if (convs.length !== templates.length) return undefined;
  const widths = new Map<string, number>([["in", convs[0].inChannels]]);
  let k: number | undefined;
  let s = 1;
  for (const [j, conv] of convs.entries()) {
    const { kernel, from, to, depthwise, strided } = templates[j];
    const squeezes = family.squeezeExcite === true && j === convs.length - 1;
    if (conv.squeeze !== (squeezes ? squeezeWidth(conv.inChannels) : undefined)) return undefined;
    if (kernel === "k") k ??= conv.kernel;
    if (conv.kernel !== (kernel === 1 ? 1 : k)) return undefined;
    // One channel to one channel is both.
    const both = conv.inChannels === 1 && conv.outChannels === 1;
    if (!both && conv.depthwise !== depthwise) return undefined;
    if (strided) s = conv.stride;
    else if (conv.stride !== 1) return undefined;
    if (conv.inChannels !== (widths.get(from) ?? conv.inChannels)) return undefined;
    // A depthwise conv has the channels of what it reads.
    if (from !== to || !widths.has(to)) widths.set(to, conv.outChannels);
  }
  if (!bitsFit(family, convs)) return undefined;
  if (projection !== undefined && !likeFirst(projection, convs)) return undefined;
  const out = convs.at(-1)!.outChannels;
  const shape = { in: convs[0].inChannels, btn: widths.get("btn") ?? out, out, k: k ?? 1, s };
  const as = (first: boolean) => shortcutOf(family.shortcut, shape, first) === Shortcut[shortcut];
  const later = family.isSuper && s === 1 && shape.in === out && as(false);
  return { family, shape, convs, first: as(true), later };
}

function bitsFit({ quantised }: Family, convs: readonly ConvUnit[]): boolean {
  const having = convs.filter(({ bitsA, bitsW }) => bitsA > 0 && bitsW > 0).length;
  const without = convs.filter(({ bitsA, bitsW }) => bitsA === 0 && bitsW === 0).length;
  return (having === convs.length && quantised !== "never") || (without === convs.length && quantised !== "always");
}

/** A projection has the bits of the conv that reads the same tensor, and the layer's widths. */
function likeFirst({ inChannels, outChannels, bitsA, bitsW, squeeze }: ConvUnit, convs: readonly ConvUnit[]): boolean {
  const [first, last] = [convs[0], convs.at(-1)!];
  const same = inChannels === first.inChannels && outChannels === last.outChannels;
  return same && squeeze === undefined && bitsA === first.bitsA && bitsW === first.bitsW;
}

function goesOn(block: readonly Match[], { family, shape }: Match): boolean {
  const { family: other, shape: before } = block[0];
  const alike = family === other && shape.k === before.k && shape.btn === before.btn && shape.out === before.out;
  return alike && block.length < MOST_LAYERS;
}

function blockOf(matches: readonly Match[]): Block {
  const [{ family, shape }] = matches;
  const { in: from, out, k, s, btn } = shape;
  const convs = matches.flatMap((match) => match.convs);
  const quantised = convs[0].bitsA > 0;
  const list = (of: (conv: ConvUnit) => number) => (family.convs.length === 1 ? of(convs[0]) : convs.map(of));
  return {
    ...{ class: family.className, in: from, out, k, s },
    ...(family.isSuper ? { L: matches.length, btn } : {}),
    ...(quantised ? { nbitsA: list(({ bitsA }) => bitsA), nbitsW: list(({ bitsW }) => bitsW) } : {}),
    ...(family.innerClass === undefined ? {} : { inner_class: family.innerClass }),
  };
}

function shortcutProblem({ label, shortcut }: ReadLayer, { family, shape, later }: Match): string {
  if (later) return `${label}: its shortcut is that of a layer inside a block, and the block before has other widths`;
  const has = (Object.keys(Shortcut) as (keyof typeof Shortcut)[]).find(
    (name) => Shortcut[name] === shortcutOf(family.shortcut, shape, true),
  );
  return `${label}: ${family.className} of ${shape.in} to ${shape.out} channels and stride ${shape.s} has the shortcut "${has}", here it is "${shortcut}"`;
}

function problemOf({ label, convs, shortcut }: ReadLayer): string {
  const what = convs.map(({ kernel, stride, depthwise, inChannels, outChannels, bitsA, bitsW, squeeze }) => {
    const bits = bitsA + bitsW > 0 ? `, ${bitsA || "no"} bits by ${bitsW || "none"}` : "";
    const wanted = squeezeWidth(inChannels);
    const other = squeeze === wanted ? "" : ` (${wanted} for ${inChannels} here)`;
    const excite = squeeze === undefined ? "" : `squeeze-excite of ${squeeze} channels${other}, `;
    return `${excite}${depthwise ? "depthwise " : ""}${kernel}x${kernel}${stride > 1 ? ` of stride ${stride}` : ""} (${inChannels} to ${outChannels}${bits})`;
  });
  return `${label}: no family has a layer of ${what.join(", ")} with ${shortcut === "none" ? "no" : `the ${shortcut}`} shortcut`;
}

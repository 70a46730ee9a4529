import { UserError } from "../base/user-error.ts";
import { type Costs, costs, emptyCosts } from "../costs/costs.ts";
import type { Deployment } from "../memory/runtime.ts";
import { MOST_CONVS } from "../network/families.ts";
import { appendLayer, beginNetwork, endStage, type LayerShape, Network } from "../network/network.ts";
import type { Block, Structure } from "../network/structure.ts";
import { ConvGene, RESOLUTION_GENE, RESOLUTION_UNIT, type Space, type SpaceBlock, SuperGene } from "./space.ts";

/*
 * A genome is `space.genomeLength` bytes in canonical form: two genomes are equal exactly when their networks are.
 * Widths are in units of widthStep, a bit pair is a << 4 | w, depth slots beyond L are 0. Functions take the array that holds
 * many genomes and the index `at` of the first byte of one.
 */

/** Widest that a width gene, one byte, can say. */
const MAX_UNITS = 255;

/** Pixels of one side of the input. */
export function resolutionOf(space: Space, genomes: Uint8Array, at: number): number {
  const gene = genomes[at + RESOLUTION_GENE];
  return gene === 0 ? space.options.resolutions[0] : gene * RESOLUTION_UNIT;
}

export function outUnits(block: SpaceBlock, genomes: Uint8Array, at: number): number {
  return genomes[at + block.offset + (block.family.isSuper ? SuperGene.out : ConvGene.out)];
}

export function btnUnits(block: SpaceBlock, genomes: Uint8Array, at: number): number {
  const i = at + block.offset + SuperGene.btn;
  return genomes[i] | (genomes[i + 1] << 8);
}

/** Scratch of `decode`: one layer's shape and bits. JavaScript runs one decode at a time. */
const shape: LayerShape = { in: 0, btn: 0, out: 0, k: 0, s: 0 };
const layerBitsA = new Uint8Array(MOST_CONVS);
const layerBitsW = new Uint8Array(MOST_CONVS);
const layerBits = { a: layerBitsA, w: layerBitsW, offset: 0 };

/** Fills the network of a genome: the hot path, no allocation. */
export function decode(space: Space, genomes: Uint8Array, at: number, network: Network): void {
  const step = space.options.widthStep;
  const blocks = space.blocks;
  beginNetwork(network, resolutionOf(space, genomes, at));
  let channels = space.inputChannels;
  for (let b = 0; b < blocks.length; b++) {
    const block = blocks[b];
    const family = block.family;
    const genes = at + block.offset;
    if (b > 0 && block.s === 2) endStage(network);
    let depth = 1;
    let bitsAt = genes + ConvGene.bits;
    if (family.isSuper) {
      depth = genomes[genes + SuperGene.depth];
      bitsAt = genes + SuperGene.bits;
      shape.k = genomes[genes + SuperGene.k];
      shape.btn = (genomes[genes + SuperGene.btn] | (genomes[genes + SuperGene.btn + 1] << 8)) * step;
      shape.out = genomes[genes + SuperGene.out] * step;
    } else {
      shape.k = block.k;
      shape.out = genomes[genes + ConvGene.out] * step;
      shape.btn = shape.out;
    }
    shape.in = channels;
    shape.s = block.s;
    const convs = family.convs.length;
    for (let layer = 0; layer < depth; layer++) {
      const pair = genomes[bitsAt + layer];
      for (let j = 0; j < convs; j++) {
        layerBitsA[j] = pair >> 4;
        layerBitsW[j] = pair & 15;
      }
      appendLayer(network, family, { block: b, first: layer === 0 }, shape, layerBits);
      shape.in = shape.out;
      shape.s = 1;
    }
    channels = shape.out;
  }
  endStage(network);
}

/** The costs of one genome; `GenomeEngine` computes those of many. */
export function costsAt(
  space: Space,
  genomes: Uint8Array,
  at: number,
  classes: number,
  deployment?: Deployment,
): Costs {
  const network = new Network(space.convCapacity);
  decode(space, genomes, at, network);
  return costs(network, classes, emptyCosts(), deployment);
}

/** The structure of a genome, in the interchange form. */
export function structureOf(space: Space, genomes: Uint8Array, at: number): Structure {
  const step = space.options.widthStep;
  let channels = space.inputChannels;
  return space.blocks.map((block): Block => {
    const genes = at + block.offset;
    const out = outUnits(block, genomes, at) * step;
    const from = channels;
    channels = out;
    const { className, innerClass, isSuper, convs } = block.family;
    if (!isSuper) {
      const pair = genomes[genes + ConvGene.bits];
      const bits = pair === 0 ? {} : { nbitsA: pair >> 4, nbitsW: pair & 15 };
      return { class: className, in: from, out, k: block.k, s: block.s, ...bits };
    }
    const L = genomes[genes + SuperGene.depth];
    const pairs = [...genomes.subarray(genes + SuperGene.bits, genes + SuperGene.bits + L)];
    const perConv = (of: (pair: number) => number) => pairs.flatMap((pair) => convs.map(() => of(pair)));
    const bits = pairs[0] === 0 ? {} : { nbitsA: perConv((pair) => pair >> 4), nbitsW: perConv((pair) => pair & 15) };
    const k = genomes[genes + SuperGene.k];
    const btn = btnUnits(block, genomes, at) * step;
    return {
      class: className,
      in: from,
      out,
      k,
      s: block.s,
      L,
      btn,
      ...bits,
      ...(innerClass ? { inner_class: innerClass } : {}),
    };
  });
}

/**
 * The genome of a structure.
 * @param resolution of the input; one of the space's
 * @throws UserError that names the block and the gene that is outside the space
 */
export function encode(space: Space, structure: Structure, resolution: number, where: string): Uint8Array {
  const { options } = space;
  const step = options.widthStep;
  const genome = new Uint8Array(space.genomeLength);
  const fail = (place: string, expected: string, got: unknown, remedy = "change it or widen the space"): never => {
    throw new UserError(`${where}${place}: expected ${expected}, got ${got}; ${remedy}`);
  };
  if (structure.length !== space.blocks.length) fail("", `${space.blocks.length} blocks`, structure.length);
  if (structure[0].in !== space.inputChannels)
    fail("[0].in", `${space.inputChannels}, the input's channels`, structure[0].in);
  if (!options.resolutions.includes(resolution))
    fail(" resolution", `one of ${options.resolutions.join(", ")}`, resolution);
  if (options.resolutions.length > 1) genome[RESOLUTION_GENE] = resolution / RESOLUTION_UNIT;
  structure.forEach((block, i) => {
    const { family, s, k, minOut, maxDepth, bits, offset } = space.blocks[i];
    const maxOut = Math.min(space.blocks[i].maxOut, MAX_UNITS * step);
    const place = `[${i}]`;
    if (block.class !== family.className) fail(`${place}.class`, family.className, block.class);
    if (block.s !== s) fail(`${place}.s`, `stride ${s}`, block.s);
    if (block.out < minOut || block.out > maxOut || block.out % step !== 0) {
      fail(`${place}.out`, `a multiple of ${step} from ${minOut} to ${maxOut}`, block.out);
    }
    if (i > 0 && block.out < block.in) fail(`${place}.out`, `at least ${block.in}, the block's in`, block.out);
    const L = block.L ?? 1;
    if (L > maxDepth) fail(`${place}.L`, `at most ${maxDepth} inner layers`, L);
    const pairs = layerPairs(block, L, family.convs.length, place, fail);
    for (const pair of pairs) {
      if (!bits.has(pair)) {
        const legal = [...bits.pairs].map((p) => `${p >> 4}/${p & 15}`).join(" ") || "full precision";
        fail(
          `${place}.nbitsA/nbitsW`,
          `activation/weight bits among ${legal}`,
          pair === 0 ? "none" : `${pair >> 4}/${pair & 15}`,
          "change it or widen the space; search.fitStart=true gives a start the nearest of them",
        );
      }
    }
    if (!family.isSuper) {
      if (block.k !== k) fail(`${place}.k`, `${k}`, block.k);
      genome[offset + ConvGene.out] = block.out / step;
      genome[offset + ConvGene.bits] = pairs[0];
      return;
    }
    const r = space.inputResolution(space.blocks[i], resolution);
    const kernels = new Set(options.kernels.map((kernel) => shrunkKernel(kernel, r)));
    if (!kernels.has(block.k))
      fail(`${place}.k`, `one of ${[...kernels].join(", ")} at input resolution ${r}`, block.k);
    const btn = block.btn! / step;
    if (expansionOf(space, block.out / step, btn) < 0) {
      const units = Array.from({ length: space.expansions }, (_, e) => space.btnUnits[e * 256 + block.out / step]);
      const legal = [...new Set(units)].map((width) => width * step);
      const expected =
        family.search?.bottleneck === undefined
          ? `expansion * out, rounded: one of ${legal.join(", ")}`
          : `a multiple of ${step} from ${legal[0]} to ${legal[legal.length - 1]}`;
      fail(`${place}.btn`, expected, block.btn);
    }
    genome[offset + SuperGene.k] = block.k;
    genome[offset + SuperGene.btn] = btn & 255;
    genome[offset + SuperGene.btn + 1] = btn >> 8;
    genome[offset + SuperGene.out] = block.out / step;
    genome[offset + SuperGene.depth] = L;
    genome.set(pairs, offset + SuperGene.bits);
  });
  return genome;
}

/** Index of the smallest expansion that gives this btn, or -1. */
export function expansionOf(space: Space, out: number, btn: number): number {
  for (let e = 0; e < space.expansions; e++) if (space.btnUnits[e * 256 + out] === btn) return e;
  return -1;
}

/** A kernel shrinks by 2 while 1.5 k > the block's input resolution. */
export function shrunkKernel(k: number, inputResolution: number): number {
  let kernel = k;
  while (kernel > 1 && 1.5 * kernel > inputResolution) kernel -= 2;
  return kernel;
}

function layerPairs(
  block: Block,
  L: number,
  convs: number,
  place: string,
  fail: (place: string, expected: string, got: unknown) => never,
): number[] {
  if (block.nbitsA === undefined) return new Array(L).fill(0);
  const a = [block.nbitsA].flat();
  const w = [block.nbitsW!].flat();
  return Array.from({ length: L }, (_, layer) => {
    for (let j = layer * convs; j < (layer + 1) * convs; j++) {
      if (a[j] !== a[layer * convs] || w[j] !== w[layer * convs]) {
        fail(
          `${place}.nbitsA/nbitsW`,
          `equal bits in the ${convs} convs of an inner layer`,
          `others in inner layer ${layer}`,
        );
      }
      if (a[j] > 15 || w[j] > 15) fail(`${place}.nbitsA/nbitsW`, "bits up to 15 in a search", Math.max(a[j], w[j]));
    }
    return (a[layer * convs] << 4) | w[layer * convs];
  });
}

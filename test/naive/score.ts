import type { Block, Structure } from "../../src/network/structure.ts";
import { naiveLayer } from "./families.ts";

/*
 * The slow, obvious analytic score: sections 2, 3 and 4 of the spec on the interchange form. The probability of every level comes from
 * Simpson's rule on the density, so not even erf is shared with src.
 */

const density = (z: number) => Math.exp(-(z ** 2) / 2) / Math.sqrt(2 * Math.PI);

function probability(from: number, to: number): number {
  const steps = 2 * Math.ceil(200 * (to - from) + 100);
  const h = (to - from) / steps;
  let sum = density(from) + density(to);
  for (let i = 1; i < steps; i++) sum += density(from + i * h) * (i % 2 === 1 ? 4 : 2);
  return (sum * h) / 3;
}

const known = new Map<string, number>();

/** Standard deviation of round(clamp(N(0, sigma^2), -2^(b-1), 2^(b-1))). */
export function naiveLut(sigma: number, bits: number): number {
  const key = `${sigma} ${bits}`;
  if (!known.has(key)) {
    const top = 2 ** (bits - 1);
    let variance = 0;
    for (let n = 1; n <= Math.min(top, 12 * sigma + 2); n++) {
      const low = (n - 0.5) / sigma;
      variance += 2 * n ** 2 * probability(low, n === top ? low + 14 : (n + 0.5) / sigma);
    }
    known.set(key, Math.sqrt(variance));
  }
  return known.get(key)!;
}

export interface NaiveSettings {
  readonly stageWeights: readonly number[];
  readonly sigmaActivation: number;
  readonly sigmaWeight: number;
}

function gain(fanIn: number, bitsA: number | undefined, bitsW: number | undefined, settings: NaiveSettings): number {
  const { sigmaActivation, sigmaWeight } = settings;
  if (bitsA === undefined || bitsW === undefined) return Math.log(Math.sqrt(fanIn));
  return (
    Math.log(Math.sqrt(fanIn)) +
    Math.log(naiveLut(sigmaActivation, bitsA)) +
    Math.log(naiveLut(sigmaWeight, bitsW)) -
    Math.log(sigmaActivation)
  );
}

/** One value per inner layer of one block. */
function blockValues(block: Block, settings: NaiveSettings): number[] {
  const a = block.nbitsA === undefined ? undefined : [block.nbitsA].flat();
  const w = block.nbitsW === undefined ? undefined : [block.nbitsW].flat();
  const { btn = block.out, out, k, s } = block;
  return Array.from({ length: block.L ?? 1 }, (_, layer) => {
    const first = layer === 0;
    const { convs } = naiveLayer(block.class, { from: first ? block.in : out, btn, out, k, s: first ? s : 1, first });
    return convs.reduce((sum, conv, j) => {
      const fanIn = (conv.depthwise ? 1 : conv.cin) * conv.k ** 2;
      const i = convs.length * layer + j;
      return sum + gain(fanIn, a?.[i], w?.[i], settings);
    }, 0);
  });
}

export function naiveStages(structure: Structure): number {
  return 1 + structure.filter((block, i) => i > 0 && block.s === 2).length;
}

export function naiveScore(structure: Structure, settings: NaiveSettings) {
  const values = structure.map((block) => blockValues(block, settings));
  const ends = structure.flatMap((_, i) => (i + 1 === structure.length || structure[i + 1].s === 2 ? [i] : []));
  const stages = ends.map((end, stage) => {
    const entropy = values
      .slice(0, end + 1)
      .flat()
      .reduce((sum, value) => sum + value, 0);
    return settings.stageWeights[stage] * (entropy + Math.log(structure[end].out));
  });
  return { score: stages.reduce((sum, stage) => sum + stage, 0), stages, blocks: values.flat() };
}

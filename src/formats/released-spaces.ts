import { familyOf } from "../network/families.ts";
import type { Block, Structure } from "../network/structure.ts";

interface ReleasedSpace {
  readonly superClass: string;
  /** Where they are not those that a space has unless told otherwise. */
  readonly expansions?: readonly number[];
  readonly kernels?: readonly number[];
  readonly maxOut?: number;
  readonly leastStem?: number;
  /** Range of every block, where the configuration has none. */
  readonly blockOut?: readonly (readonly [number, number] | null)[];
}

const blockOut = [null, null, [64, 128], null, [128, 256], [256, 512]] as const;

/** The released program's name of each space that is searched here, and its ranges. */
export const releasedSpaces: Readonly<Record<string, ReleasedSpace>> = {
  space_quant_k1dwk1: { superClass: "SuperQuantResK1DWK1" },
  space_k1dwk1: { superClass: "SuperResK1DWK1", expansions: [1.5, 2, 2.5, 3, 3.5, 4, 5, 6] },
  space_k1kxk1: { superClass: "SuperResK1KXK1", maxOut: 2048 },
  space_k1dwsek1: {
    superClass: "SuperResK1DWSEK1",
    expansions: Array.from({ length: 46 }, (_, i) => (15 + i) / 10),
    kernels: [3, 5, 7],
    leastStem: 16,
  },
  space_k1kx: { superClass: "SuperResK1KX", kernels: [3], blockOut },
  space_kxkx: { superClass: "SuperResKXKX", kernels: [3], blockOut },
};

/** A width is at most so many steps. */
const MOST_STEPS = 255;

/**
 * The least step of 8, 16, ... whose multiples reach the widest of some widths, and a start whose widths are multiples of it; a bottleneck that is a
 * multiple of its block's width stays one.
 */
export function roundedStart(start: Structure, maxOut: number): { step: number; start: Structure; rounded: boolean } {
  const widest = start.reduce((most, { out }) => Math.max(most, out), maxOut);
  let step = 8;
  while (widest > MOST_STEPS * step) step *= 2;
  const round = (x: number) => Math.max(step, step * Math.round(x / step));
  let before = start[0].in;
  const blocks = start.map((block): Block => {
    const out = Math.max(round(block.out), before > 16 ? before : 0);
    const own = { ...block, in: before, out };
    before = out;
    if (block.btn === undefined) return own;
    const isRelative = familyOf(block.class)?.search?.bottleneck === undefined;
    return { ...own, btn: round(isRelative ? (block.btn / block.out) * out : block.btn) };
  });
  const rounded = blocks.some((block, i) => block.out !== start[i].out || block.btn !== start[i].btn);
  return { step, start: blocks, rounded };
}

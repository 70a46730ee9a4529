import type { Block, Structure } from "../../src/network/structure.ts";
import { naiveLayer } from "./families.ts";
import { simulatedPeak } from "./live-memory.ts";

/*
 * The slow, obvious costs: section 6 of the spec written down line by line, on the interchange form, one formula for each class.
 * Shares no code with src: it is the judge of it.
 */

export interface NaiveCosts {
  bitops: number;
  macs: number;
  flash: number;
  /** The term of every main-path conv, in order. */
  srams: number[];
  sram: number;
  layers: number;
  sramLive: number;
}

interface Conv {
  cin: number;
  cout: number;
  groups: number;
  k: number;
  r: number;
  s: number;
  bitsA: number;
  bitsW: number;
}

const halved = (r: number, s: number) => Math.ceil(r / s);
const bitsAt = (bits: Block["nbitsA"], i: number) =>
  bits === undefined ? 8 : typeof bits === "number" ? bits : bits[i];

function macs({ cin, cout, groups, k, r, s }: Conv): number {
  return ((cin * cout) / groups) * k ** 2 * halved(r, s) ** 2;
}

/** e of a conv with BN. */
function work(conv: Conv): number {
  return (macs(conv) * conv.bitsA * conv.bitsW) / 64 + 2 * conv.cout * halved(conv.r, conv.s) ** 2;
}

function bytes({ cin, cout, groups, k, bitsW }: Conv): number {
  return (((cin * cout) / groups) * k ** 2 * bitsW) / 8 + 2 * cout;
}

export function naiveCosts(structure: Structure, resolution: number, classes = 0): NaiveCosts {
  let r = resolution;
  let e = 0;
  let sumMacs = 0;
  let flash = 0;
  const main: { conv: Conv; held: number }[] = [];
  const charge = (conv: Conv) => {
    e += work(conv);
    sumMacs += macs(conv);
    flash += bytes(conv);
  };
  for (const block of structure) {
    for (let layer = 0; layer < (block.L ?? 1); layer++) {
      const cin = layer === 0 ? block.in : block.out;
      const s = layer === 0 ? block.s : 1;
      const after = halved(r, s);
      const { btn = block.out, out, k } = block;
      const own = naiveLayer(block.class, { from: cin, btn, out, k, s, first: layer === 0 });
      let side = r;
      const convs = own.convs.map((conv, j): Conv => {
        const i = own.convs.length * layer + j;
        const placed = {
          cin: conv.cin,
          cout: conv.cout,
          groups: conv.depthwise ? conv.cin : 1,
          k: conv.k,
          r: side,
          s: conv.s,
          bitsA: bitsAt(block.nbitsA, i),
          bitsW: bitsAt(block.nbitsW, i),
        };
        side = halved(side, conv.s);
        return placed;
      });
      for (const conv of convs) charge(conv);
      // ReLU or addition on what every conv writes; a pool on what a shortcut of stride 2 reads.
      for (const conv of convs) e += conv.cout * halved(conv.r, conv.s) ** 2;
      if (own.shortcut !== "none" && s === 2) e += cin * r ** 2;
      if (own.shortcut === "project") {
        const { bitsA, bitsW } = convs[0];
        charge({ cin, cout: out, groups: 1, k: 1, r: after, s: 1, bitsA, bitsW });
        e += out * after ** 2;
      }
      const last = convs[convs.length - 1];
      if (own.squeeze > 0) {
        flash += (2 * last.cin * own.squeeze * last.bitsW) / 8 + 2 * own.squeeze + 2 * last.cin;
      }
      const holds = convs.length === 3 && own.shortcut === "add";
      const held = holds ? (Math.floor((r ** 2 * out) / s ** 2) * convs[0].bitsA) / 8 : 0;
      main.push(...convs.map((conv, j) => ({ conv, held: j === 1 ? held : 0 })));
      r = after;
    }
  }
  const srams = main.map(({ conv, held }, i) => {
    const next = main[i + 1]?.conv.bitsA ?? 8;
    const produced = conv.groups === 1 ? conv.cout : 1;
    return (
      (conv.r ** 2 * conv.cin * conv.bitsA) / 8 + (Math.floor((conv.r ** 2 * produced) / conv.s ** 2) * next) / 8 + held
    );
  });
  const channels = structure.at(-1)!.out;
  return {
    bitops: 64 * e,
    macs: sumMacs,
    flash: flash + (classes > 0 ? channels * classes + classes : 0),
    srams,
    sram: Math.max(...srams),
    layers: main.length,
    sramLive: simulatedPeak(structure, resolution),
  };
}

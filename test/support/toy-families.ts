import { type Config, parseConfig } from "../../src/config/config.ts";
import { addFamily, type ConvTemplate, type Family } from "../../src/network/families.ts";

const conv = (kernel: 1 | "k", from: ConvTemplate["from"], to: ConvTemplate["to"], strided = false): ConvTemplate => ({
  kernel,
  from,
  to,
  depthwise: false,
  strided,
});
const depthwise = (strided: boolean): ConvTemplate => ({ ...conv("k", "btn", "btn", strided), depthwise: true });

/** Families that are not of the program: inner layers of two convs, of two that begin depthwise, and of four. */
export const toyFamilies: readonly Family[] = [
  {
    className: "ToyKXKX",
    isSuper: true,
    quantised: "optional",
    convs: [conv("k", "in", "btn", true), conv("k", "btn", "out")],
    shortcut: "projected",
    search: { name: "toy-kxkx", maxDepth: [3, 12] },
  },
  {
    className: "ToyDWK1",
    isSuper: true,
    quantised: "optional",
    convs: [{ ...depthwise(true), from: "in", to: "in" }, conv(1, "in", "out")],
    shortcut: "none",
    search: { name: "dwk1", maxDepth: [3, 8] },
  },
  {
    className: "ToyK1DWDWK1",
    isSuper: true,
    quantised: "optional",
    convs: [conv(1, "in", "btn"), depthwise(true), depthwise(false), conv(1, "btn", "out")],
    shortcut: "same-width",
    search: { name: "k1dwdwk1", maxDepth: [2, 5] },
  },
];

/** Adds the toy families to the table; the returned function takes them away. */
export function addToyFamilies(): () => void {
  const undo = toyFamilies.map(addFamily);
  return () => {
    for (const remove of undo) remove();
  };
}

/** A configuration of a family, with a stem, three super blocks and a head, at 4 bits. */
export function toyConfig({ className, convs, search }: Family, more: object = {}): Config {
  const superBlock = (from: number, out: number, s: number) => {
    const bits = new Array(convs.length).fill(4);
    return { class: className, in: from, out, k: 3, s, L: 1, btn: out, nbitsA: bits, nbitsW: bits };
  };
  const single = { class: "ConvKXBNRELU", k: 3, nbitsA: 4, nbitsW: 4 };
  const start = [
    { ...single, in: 3, out: 8, s: 2 },
    superBlock(8, 8, 1),
    superBlock(8, 16, 2),
    superBlock(16, 16, 1),
    { ...single, in: 16, out: 32, s: 1, k: 1 },
  ];
  const space = { family: search!.name, start, expansions: [0.5, 1, 2], bits: [3, 4, 6], maxOut: 48 };
  return parseConfig(
    { input: { resolution: 32 }, space, score: { kind: "analytic", stageWeights: [1, 2] }, ...more },
    "toy",
  );
}

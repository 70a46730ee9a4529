import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describeNetwork, type NetworkDescription } from "../../src/formats/network-description.ts";
import { parseStructure, type Structure } from "../../src/network/structure.ts";
import { anyStructure } from "../arbitrary.ts";
import { anyStructure as anySmallStructure } from "./structures.ts";

/** With bits that can be trained. */
const trainable = (structure: Structure): Structure =>
  structure.map((block) => {
    const least = (bits: typeof block.nbitsA) =>
      typeof bits === "number" ? Math.max(2, bits) : bits?.map((b) => Math.max(2, b));
    const { nbitsA, nbitsW, ...rest } = block;
    return nbitsA === undefined || nbitsW === undefined
      ? rest
      : { ...rest, nbitsA: least(nbitsA)!, nbitsW: least(nbitsW)! };
  });

/** Networks of every family with and without a classifier, of any widths or of few channels. */
export function randomNetworks(count: number, widths: "any" | "small" = "any"): NetworkDescription[] {
  const all = widths === "any" ? anyStructure : anySmallStructure;
  const drawn = fc.sample(fc.tuple(all.map(trainable), fc.integer({ min: 4, max: 20 }), fc.constantFrom(0, 10)), {
    numRuns: count,
    seed: 7,
  });
  return drawn.map(([structure, resolution, classes], i) =>
    describeNetwork(`random ${i}`, structure, resolution, classes),
  );
}

/** Every kind of layer, bits that differ from conv to conv. */
export const small = parseStructure(
  [
    { class: "ConvKXBNRELU", in: 1, out: 8, k: 3, s: 2, nbitsA: 8, nbitsW: 8 },
    { class: "SuperQuantResK1DWK1", in: 8, out: 8, k: 3, s: 1, L: 1, btn: 16, nbitsA: [5, 4, 4], nbitsW: [4, 3, 6] },
    {
      class: "SuperQuantResK1DWK1",
      in: 8,
      out: 16,
      k: 3,
      s: 2,
      L: 2,
      btn: 16,
      nbitsA: [3, 3, 3, 4, 4, 4],
      nbitsW: [3, 3, 3, 4, 4, 4],
    },
    { class: "ConvKXBNRELU", in: 16, out: 32, k: 1, s: 1, nbitsA: 4, nbitsW: 4 },
  ],
  "small",
);

/** Squeeze-excites in a block with an identity and in one with a pooled shortcut, bits that differ from conv to conv. */
export const squeezed = parseStructure(
  [
    { class: "ConvKXBNRELU", in: 1, out: 8, k: 3, s: 2, nbitsA: 8, nbitsW: 8 },
    { class: "SuperQuantResK1DWSEK1", in: 8, out: 8, k: 3, s: 1, L: 1, btn: 40, nbitsA: [5, 4, 6], nbitsW: [4, 3, 5] },
    { class: "SuperQuantResK1DWSEK1", in: 8, out: 8, k: 3, s: 2, L: 1, btn: 64, nbitsA: [4, 8, 7], nbitsW: [4, 8, 4] },
    { class: "ConvKXBNRELU", in: 8, out: 32, k: 1, s: 1, nbitsA: 4, nbitsW: 4 },
  ],
  "squeezed",
);

/** Writes an export of several files; its folder. */
export function writeExport(folder: string, name: string, files: ReadonlyMap<string, string>): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const [file, content] of files) writeFileSync(join(path, file), content);
  return path;
}

import type { Structure } from "../src/network/structure.ts";

/** What the networks of part c are called. */
export const byShape: Readonly<Record<string, string>> = {
  b24: "mixed bits",
  c8: "8 bits",
  c4: "4 bits",
  c3: "3 bits",
};

/** Widths, depths and bits on one line: stem, then out x L (btn) of each super block, activation/weight bits of each layer behind it. */
export function shapeText(structure: Structure): string {
  return structure
    .slice(0, -1)
    .map(({ out, L, btn, nbitsA, nbitsW }) => {
      if (L === undefined) return `${out}`;
      const bits = (of: unknown) =>
        [of]
          .flat()
          .filter((_, i) => i % 3 === 0)
          .join("");
      return `${out}x${L} (${btn}) ${bits(nbitsA)}/${bits(nbitsW)}`;
    })
    .join(", ");
}

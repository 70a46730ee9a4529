import type { Structure } from "../../network/structure.ts";
import { table } from "./format.ts";

/** A network block by block. */
export function structureTable(structure: Structure): string {
  const bits = (value: unknown) => (value === undefined ? "-" : Array.isArray(value) ? value.join("") : String(value));
  return table([
    ["class", "in", "out", "k", "s", "L", "btn", "bits A", "bits W"],
    ...structure.map((b) =>
      [b.class, b.in, b.out, b.k, b.s, b.L ?? "", b.btn ?? "", bits(b.nbitsA), bits(b.nbitsW)].map(String),
    ),
  ]);
}

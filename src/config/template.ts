import { familyOf } from "../network/families.ts";
import type { Structure } from "../network/structure.ts";
import { shrunkKernel } from "../space/genome.ts";
import { type Capability, legaliseBits } from "./capabilities.ts";

/**
 * A start network made legal for a configuration: every conv at the legal bits nearest to its own, every kernel of a super block
 * the nearest one searched, shrunk to its maps. A start that was written by hand is checked instead, unless
 * it is to be fitted.
 * @param resolution pixels of one side of the input
 */
export function fillTemplate(
  start: Structure,
  capability: Capability,
  resolution: number,
  kernels: readonly number[],
): Structure {
  const nearest = (k: number) => kernels.reduce((best, x) => (Math.abs(x - k) < Math.abs(best - k) ? x : best));
  let r = resolution;
  return legaliseBits(start, capability).map((block) => {
    const k = familyOf(block.class)!.isSuper ? shrunkKernel(nearest(block.k), r) : block.k;
    r = Math.ceil(r / block.s);
    return { ...block, k };
  });
}

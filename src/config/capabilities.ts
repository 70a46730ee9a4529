import { suggestion } from "../base/suggest.ts";
import { UserError } from "../base/user-error.ts";
import type { BitPair } from "../network/bits.ts";
import { familyOf } from "../network/families.ts";
import { type Block, describe, type Structure } from "../network/structure.ts";

/** Which (activation, weight) bit pairs a target's kernels can run, for the stem, the super blocks and the head. */
export interface Capability {
  readonly describe: string;
  /** "start": the stem keeps the bits it starts with. */
  readonly stem: readonly BitPair[] | "start";
  readonly body: readonly BitPair[];
  readonly head: readonly BitPair[];
}

/** Every pair of these activation and weight bits. */
export function bitProduct(activations: readonly number[], weights: readonly number[]): BitPair[] {
  return activations.flatMap((a) => weights.map((w) => ({ a, w })));
}

const everywhere = (describe: string, pairs: readonly BitPair[]): Capability => ({
  describe,
  stem: pairs,
  body: pairs,
  head: pairs,
});

const publishedPairs = bitProduct([3, 4, 5, 6], [3, 4, 5, 6]);

export const capabilities: Readonly<Record<string, Capability>> = {
  published: {
    describe: "each 3 to 6, as in the published search; the stem keeps the bits it starts with",
    stem: "start",
    body: publishedPairs,
    head: publishedPairs,
  },
  "cmsis-nn": everywhere("activations 8, weights 8 or 4: Arm's CMSIS-NN", bitProduct([8], [8, 4])),
  "cmix-nn": everywhere("each 2, 4 or 8: CMix-NN, mixed precision on Cortex-M", bitProduct([2, 4, 8], [2, 4, 8])),
  "pulp-nn": everywhere("each 2, 4 or 8: PULP-NN, mixed precision on RISC-V", bitProduct([2, 4, 8], [2, 4, 8])),
  "qes-c": everywhere("each 2 to 8: the C that is exported", bitProduct([2, 3, 4, 5, 6, 7, 8], [2, 3, 4, 5, 6, 7, 8])),
  int8: everywhere("each 8: ESP-NN and most others", bitProduct([8], [8])),
};

/**
 * Reads a capability: a name, a list of [activation, weight] pairs for every conv, or one list each for `body`, `stem` and `head`
 * (those of `body` where left out).
 * @throws UserError that names the wrong entry and the known names
 */
export function parseCapability(value: unknown, where: string): Capability {
  const names = Object.keys(capabilities);
  if (typeof value === "string") {
    if (Object.hasOwn(capabilities, value)) return capabilities[value];
    const near = suggestion(value, names);
    throw new UserError(
      `${where}: unknown capability ${describe(value)}; ${near ? `${near} ` : ""}capabilities: ${names.join(", ")}, or a list of [activation, weight] bits`,
    );
  }
  if (Array.isArray(value)) return everywhere("listed", parsePairs(value, where));
  if (typeof value === "object" && value !== null) {
    const roles = value as Record<string, unknown>;
    for (const key of Object.keys(roles)) {
      if (!["body", "stem", "head"].includes(key)) {
        throw new UserError(`${where}.${key.slice(0, 40)}: unknown key; known keys: body, stem, head`);
      }
    }
    const body = parsePairs(roles["body"], `${where}.body`);
    const pairs = (role: string) => (roles[role] === undefined ? body : parsePairs(roles[role], `${where}.${role}`));
    return { describe: "listed", body, stem: pairs("stem"), head: pairs("head") };
  }
  throw new UserError(
    `${where}: expected one of ${names.join(", ")}, or a list such as [[8, 8], [8, 4]], got ${describe(value)}`,
  );
}

function parsePairs(value: unknown, where: string): BitPair[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new UserError(
      `${where}: expected a list of [activation, weight] bits such as [[8, 8], [8, 4]], got ${describe(value)}`,
    );
  }
  return value.map((pair, i) => {
    const ok = Array.isArray(pair) && pair.length === 2 && pair.every((b) => Number.isInteger(b) && b >= 1 && b <= 15);
    if (!ok) {
      const got = Array.isArray(pair) ? `[${pair.map((b) => describe(b)).join(", ")}]`.slice(0, 60) : describe(pair);
      throw new UserError(`${where}[${i}]: expected [activation bits, weight bits], each from 1 to 15, got ${got}`);
    }
    return { a: pair[0] as number, w: pair[1] as number };
  });
}

/** The legal pair with the fewest bits of difference; more bits where two are as near. */
export function nearestPair(pairs: readonly BitPair[], { a, w }: BitPair): BitPair {
  const key = (p: BitPair) => 1000 * (Math.abs(p.a - a) + Math.abs(p.w - w)) - 16 * p.a - p.w;
  return pairs.reduce((best, pair) => (key(pair) < key(best) ? pair : best));
}

/**
 * The legal bits of a configuration: `space.bits` are every pair of these, as in the published capability.
 * @throws UserError as `parseCapability`
 */
export function chosenCapability(value: unknown, bits: readonly number[] | undefined, where: string): Capability {
  if (bits === undefined) return parseCapability(value ?? "published", where);
  const pairs = bitProduct(bits, bits);
  return { ...capabilities["published"], body: pairs, head: pairs };
}

/** The legal pairs of every block of a structure; none at full precision, its own where the stem keeps its bits. */
export function legalPairs(structure: Structure, capability: Capability): readonly (readonly BitPair[])[] {
  const firstSuper = structure.findIndex((block) => familyOf(block.class)!.isSuper);
  return structure.map(({ class: className, nbitsA, nbitsW }, i) => {
    if (nbitsA === undefined || nbitsW === undefined) return [];
    if (familyOf(className)!.isSuper) return capability.body;
    const pairs = i < firstSuper ? capability.stem : capability.head;
    return pairs === "start" ? [{ a: [nbitsA].flat()[0], w: [nbitsW].flat()[0] }] : pairs;
  });
}

/** The name of the first capability that runs every conv of a structure as it is, if one does. */
export function capabilityFor(structure: Structure): string | undefined {
  return Object.keys(capabilities).find((name) =>
    legalPairs(structure, capabilities[name]).every((pairs, i) => {
      const weights = [structure[i].nbitsW ?? []].flat();
      return [structure[i].nbitsA ?? []].flat().every((a, j) => pairs.some((p) => p.a === a && p.w === weights[j]));
    }),
  );
}

/** The structure with every conv at the legal pair nearest to its own. */
export function legaliseBits(structure: Structure, capability: Capability): Structure {
  const legalOf = legalPairs(structure, capability);
  return structure.map((block, i): Block => {
    const { nbitsA, nbitsW } = block;
    if (nbitsA === undefined || nbitsW === undefined) return block;
    const isSuper = familyOf(block.class)!.isSuper;
    const pairs = legalOf[i];
    const weights = [nbitsW].flat();
    const legal = [nbitsA].flat().map((a, j) => nearestPair(pairs, { a, w: weights[j] }));
    return isSuper
      ? { ...block, nbitsA: legal.map((p) => p.a), nbitsW: legal.map((p) => p.w) }
      : { ...block, nbitsA: legal[0].a, nbitsW: legal[0].w };
  });
}

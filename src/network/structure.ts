import { UserError } from "../base/user-error.ts";
import { type Family, families, familyOf } from "./families.ts";
import { appendLayer, beginNetwork, endStage, type LayerShape, Network, networkCapacity } from "./network.ts";

/** One block of the interchange form; the field names are the released code's. */
export interface Block {
  readonly class: string;
  readonly in: number;
  readonly out: number;
  readonly k: number;
  readonly s: number;
  readonly L?: number;
  readonly btn?: number;
  readonly nbitsA?: number | readonly number[];
  readonly nbitsW?: number | readonly number[];
  readonly inner_class?: string;
}

export type Structure = readonly Block[];

/** Upper limits of what a structure may hold: far above any network for a small machine, low enough that sums stay exact. */
const limits = { blocks: 64, L: 64, channels: 65536, k: 31, bits: 16 } as const;

const fields = new Set(["class", "in", "out", "k", "s", "L", "btn", "nbitsA", "nbitsW", "inner_class"]);

/**
 * Checks that a value is a structure and returns it typed.
 * @param where names the value in messages, for example `start` or `nets.json[3].structure`
 * @throws UserError that names the block and the field
 */
export function parseStructure(value: unknown, where: string): Structure {
  if (!Array.isArray(value) || value.length === 0) {
    throw new UserError(`${where}: expected a list of blocks, got ${describe(value)}`);
  }
  if (value.length > limits.blocks) {
    throw new UserError(`${where}: expected at most ${limits.blocks} blocks, got ${value.length}`);
  }
  const structure = value.map((block, i) => parseBlock(block, `${where}[${i}]`));
  structure.forEach((block, i) => {
    const before = structure[i - 1];
    if (before !== undefined && block.in !== before.out) {
      throw new UserError(
        `${where}[${i}].in: expected ${before.out}, the block before's out, got ${block.in}; make the two equal`,
      );
    }
  });
  return structure;
}

function parseBlock(value: unknown, where: string): Block {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UserError(
      `${where}: expected a block such as {"class": "ConvKXBNRELU", "in": 3, ...}, got ${describe(value)}`,
    );
  }
  const record = value as Record<string, unknown>;
  const family = knownFamily(record["class"], where);
  for (const key of Object.keys(record)) {
    if (!fields.has(key)) {
      throw new UserError(
        `${where}: unknown field ${JSON.stringify(key.slice(0, 40))}; a block has ${[...fields].join(", ")}`,
      );
    }
  }
  const whole = (key: string, min: number, max: number): number => {
    const x = record[key];
    if (typeof x !== "number" || !Number.isInteger(x) || x < min || x > max) {
      throw new UserError(`${where}.${key}: expected a whole number from ${min} to ${max}, got ${describe(x)}`);
    }
    return x;
  };
  const k = whole("k", 1, limits.k);
  if (k % 2 === 0) throw new UserError(`${where}.k: expected an odd kernel size, got ${k}`);
  const block = {
    class: family.className,
    in: whole("in", 1, limits.channels),
    out: whole("out", 1, limits.channels),
    k,
    s: whole("s", 1, 2),
  };
  if (!family.isSuper) {
    for (const key of ["L", "btn"]) {
      if (record[key] !== undefined) throw new UserError(`${where}.${key}: a ${family.className} has none; remove it`);
    }
    return { ...block, ...parseBits(record, family.quantised, 1, family.convs.length, where) };
  }
  const L = whole("L", 1, limits.L);
  const btn = whole("btn", 1, limits.channels);
  const bits = parseBits(record, family.quantised, L, family.convs.length, where);
  return { ...block, L, btn, ...bits, ...(family.innerClass ? { inner_class: family.innerClass } : {}) };
}

function knownFamily(className: unknown, where: string): Family {
  const family = typeof className === "string" ? familyOf(className) : undefined;
  if (family !== undefined) return family;
  const known = families.map((f) => f.className).join(", ");
  throw new UserError(`${where}.class: expected one of ${known}, got ${describe(className)}`);
}

function parseBits(
  record: Record<string, unknown>,
  quantised: "always" | "optional" | "never",
  L: number,
  convs: number,
  where: string,
): Pick<Block, "nbitsA" | "nbitsW"> {
  const a = record["nbitsA"];
  const w = record["nbitsW"];
  if (a === undefined && w === undefined && quantised !== "always") return {};
  if (quantised === "never") {
    throw new UserError(
      `${where}.nbitsA: this class is full precision; remove nbitsA and nbitsW or use a quantised class`,
    );
  }
  const one = (key: string, x: unknown): number => {
    if (typeof x !== "number" || !Number.isInteger(x) || x < 1 || x > limits.bits) {
      throw new UserError(`${where}.${key}: expected bits from 1 to ${limits.bits}, got ${describe(x)}`);
    }
    return x;
  };
  const read = (key: string, x: unknown): number | number[] => {
    if (x === undefined) throw new UserError(`${where}.${key}: missing; give both nbitsA and nbitsW`);
    if (convs === 1) return one(key, x);
    if (!Array.isArray(x) || x.length !== L * convs) {
      const got = Array.isArray(x) ? `${x.length} entries` : describe(x);
      throw new UserError(
        `${where}.${key}: expected ${L * convs} entries, ${convs} for each of L = ${L} inner layers, got ${got}`,
      );
    }
    return x.map((bits, i) => one(`${key}[${i}]`, bits));
  };
  return { nbitsA: read("nbitsA", a), nbitsW: read("nbitsW", w) };
}

/** A short picture of a value for messages. */
export function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "bigint") return `${value}n`;
  // JSON has no word for the numbers beyond its own.
  const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

/**
 * The flat conv list of a structure.
 * @param structure as `parseStructure` gives it: what others wrote is checked there
 * @param resolution pixels of one side of the input
 * @throws UserError where there is no block, a class is unknown, or the resolution is no whole number above 0
 */
export function networkOf(structure: Structure, resolution: number): Network {
  if (!Array.isArray(structure) || structure.length === 0) {
    throw new UserError(`structure: expected a list of blocks, got ${describe(structure)}`);
  }
  if (!Number.isSafeInteger(resolution) || resolution < 1) {
    throw new UserError(`resolution: expected a whole number of pixels above 0, got ${describe(resolution)}`);
  }
  const network = new Network(
    networkCapacity(
      structure.map((block, i) => ({ family: knownFamily(block.class, `structure[${i}]`), maxDepth: block.L ?? 1 })),
    ),
  );
  beginNetwork(network, resolution);
  structure.forEach((block, i) => {
    if (i > 0 && block.s === 2) endStage(network);
    const family = familyOf(block.class)!;
    const L = block.L ?? 1;
    const bitsA = bitsList(block.nbitsA, L * family.convs.length);
    const bitsW = bitsList(block.nbitsW, L * family.convs.length);
    for (let layer = 0; layer < L; layer++) {
      const shape: LayerShape = {
        in: layer === 0 ? block.in : block.out,
        btn: block.btn ?? block.out,
        out: block.out,
        k: block.k,
        s: layer === 0 ? block.s : 1,
      };
      const bits = { a: bitsA, w: bitsW, offset: layer * family.convs.length };
      appendLayer(network, family, { block: i, first: layer === 0 }, shape, bits);
    }
  });
  endStage(network);
  return network;
}

/** The structure with other bits: one pair (a << 4 | w) for every inner layer, 0 where it stays at full precision. */
export function withPairs(structure: Structure, pairs: ArrayLike<number>): Structure {
  let layer = 0;
  return structure.map((block): Block => {
    const family = familyOf(block.class)!;
    const own = Array.from({ length: block.L ?? 1 }, () => pairs[layer++]);
    if (own[0] === 0) return block;
    if (!family.isSuper) return { ...block, nbitsA: own[0] >> 4, nbitsW: own[0] & 15 };
    const perConv = (of: (pair: number) => number) => own.flatMap((pair) => family.convs.map(() => of(pair)));
    return { ...block, nbitsA: perConv((pair) => pair >> 4), nbitsW: perConv((pair) => pair & 15) };
  });
}

function bitsList(bits: Block["nbitsA"], length: number): readonly number[] {
  if (typeof bits === "number") return [bits];
  return bits ?? new Array(length).fill(0);
}

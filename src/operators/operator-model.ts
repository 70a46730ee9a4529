import { UserError } from "../base/user-error.ts";
import { GRID, IMAGE_CHANNELS, type Operator } from "./operator.ts";

const terms = ["conv", "input", "patch", "output", "added", "mac", "macByBits"] as const;

/**
 * What one conv of a kind takes, in a unit of its own, such as instructions: `conv` itself, every input and every output value, every value of a patch (k k input channels an
 * output pixel), every output that a shortcut is added to, every MAC, and every MAC at the weight bits that take most.
 */
type KindModel = Readonly<Record<(typeof terms)[number], number>>;

const kinds = ["image", "regular", "depthwise"] as const;

/** What operators take, fitted to measured ones; a function of weight bits too. */
export interface OperatorModel {
  readonly name: string;
  readonly title: string;
  /** What was measured, and how far the model is from it. */
  readonly source: string;
  /** So much of the model's unit is a millisecond, or a millijoule. */
  readonly perUnit: number;
  /** Which share of `macByBits` each number of weight bits from 0 to 15 takes, in eighths: 0 at 8 bits, and 1 at 1 bit unless all are 0. */
  readonly weightBits: readonly number[];
  /** Of convs that read the image, of others, of depthwise ones. */
  readonly kinds: Readonly<Record<(typeof kinds)[number], KindModel>>;
}

/** Keeps every part of a sum exact at any bits: a share of eighths of it is a multiple of the grid. */
const rounded = (value: number) => (8 * Math.round((value * GRID) / 8)) / GRID;

/** The kind of a conv, and how often each part of what it takes occurs; `macByBits` as at the weight bits that take most. */
export function parts({ depthwise, inChannels, side, outChannels, kernel, stride, fused }: Operator): {
  readonly kind: (typeof kinds)[number];
  readonly counts: KindModel;
} {
  const pixels = Math.ceil(side / stride) ** 2;
  const patch = kernel * kernel * inChannels * pixels;
  const output = outChannels * pixels;
  const mac = depthwise ? patch : patch * outChannels;
  return {
    kind: depthwise ? "depthwise" : inChannels <= IMAGE_CHANNELS ? "image" : "regular",
    counts: { conv: 1, input: inChannels * side * side, patch, output, added: fused ? output : 0, mac, macByBits: mac },
  };
}

/** What a conv takes at no bits, and what the weight bits that take most add, both in multiples of the grid of measured operators. */
export function modelled({ perUnit, kinds }: OperatorModel, operator: Operator): { base: number; byBits: number } {
  const { kind, counts } = parts(operator);
  const model = kinds[kind];
  let base = 0;
  for (const term of terms) if (term !== "macByBits") base += model[term] * counts[term];
  return { base: rounded(base / perUnit), byBits: rounded((model.macByBits * counts.macByBits) / perUnit) };
}

/**
 * Checks what a file holds as a model.
 * @param where names it in messages
 * @throws UserError with the key, what was expected and what was got
 */
export function checkedModel(value: unknown, where: string): OperatorModel {
  const record = recordAt(value, where, ["name", "title", "source", "perUnit", "weightBits", "kinds"]);
  const texts = ["name", "title", "source"].map((key) => {
    const text = record[key] ?? "";
    if (typeof text !== "string") throw new UserError(`${where}: ${key}: expected text; put it in quotes`);
    return text;
  });
  const parts = recordAt(record["kinds"], `${where}: kinds`, kinds);
  const model = (kind: string): KindModel => {
    const at = `${where}: kinds.${kind}`;
    const figures = recordAt(parts[kind], at, terms);
    const numbers = terms.map((term) => [term, numberAt(figures[term] ?? 0, `${at}.${term}`, 0, 1e9)]);
    return Object.fromEntries(numbers) as KindModel;
  };
  const bits = record["weightBits"];
  if (!Array.isArray(bits) || bits.length !== 16) {
    throw new UserError(`${where}: weightBits: expected 16 shares, of 0 to 15 bits; give as many`);
  }
  const shares = bits.map((share, w) => numberAt(share, `${where}: weightBits.${w}`, 0, 1));
  const odd = shares.find((share) => 8 * share !== Math.round(8 * share));
  if (odd !== undefined) throw new UserError(`${where}: weightBits: expected eighths, got ${odd}; round it`);
  if (shares.some((share) => share > 0) && (shares[1] !== 1 || shares[8] !== 0)) {
    throw new UserError(
      `${where}: weightBits: expected 1 at 1 bit and 0 at 8, got ${shares[1]} and ${shares[8]}; give shares of what other bits add to 8`,
    );
  }
  const [name, title, source] = texts;
  return {
    ...{ name: name.slice(0, 100), title, source, weightBits: shares },
    perUnit: numberAt(record["perUnit"], `${where}: perUnit`, 1e-3, 1e12),
    kinds: { image: model("image"), regular: model("regular"), depthwise: model("depthwise") },
  };
}

function recordAt(value: unknown, where: string, known: readonly string[]): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UserError(`${where}: expected ${known.join(", ")}; give them`);
  }
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown === undefined) return value as Record<string, unknown>;
  throw new UserError(`${where}: ${unknown.slice(0, 60)}: unknown key; known keys: ${known.join(", ")}`);
}

function numberAt(value: unknown, where: string, least: number, most: number): number {
  if (typeof value === "number" && value >= least && value <= most) return value;
  throw new UserError(
    `${where}: expected a number from ${least} to ${most}, got ${JSON.stringify(value)?.slice(0, 40)}; correct it`,
  );
}

import type { ShortcutRule } from "./shortcut.ts";

/** Which of an inner layer's three widths a conv reads or writes. */
export type Width = "in" | "btn" | "out";

export interface ConvTemplate {
  /** 1, or "k" for the block's kernel size. */
  readonly kernel: 1 | "k";
  readonly from: Width;
  readonly to: Width;
  readonly depthwise: boolean;
  /** Takes the stride of the inner layer. */
  readonly strided: boolean;
}

export interface Family {
  readonly className: string;
  /** The released code's name of one inner layer; absent where the block is a single conv. */
  readonly innerClass?: string;
  /** A super block has L inner layers and a bottleneck; a single conv has neither. */
  readonly isSuper: boolean;
  readonly quantised: "always" | "optional" | "never";
  /** At most `MOST_CONVS`; the first reads `in`, the last writes `out` and is not depthwise. */
  readonly convs: readonly ConvTemplate[];
  readonly shortcut: ShortcutRule;
  /** Squeeze-excite on what the last conv of several reads, at the bits of that conv: `squeezeWidth`. */
  readonly squeezeExcite?: true;
  /** Where it is searched. */
  readonly search?: FamilySearch;
}

interface FamilySearch {
  /** In configurations. */
  readonly name: string;
  /** The most inner layers of the first super block, and of every other one where layers have no budget. */
  readonly maxDepth: readonly [first: number, others: number];
  /**
   * Where the bottleneck is a width of its own: the least and most share of the block's width, of which it is any width. Absent: it is the block's width
   * times one of the space's expansions.
   */
  readonly bottleneck?: readonly [least: number, most: number];
  /** Blocks that share no budget of layers: stem, first super block and, unless it is 2, head. Absent: 3. */
  readonly undivided?: 2 | 3;
}

/** Main-path convs that an inner layer can have. */
export const MOST_CONVS = 8;

const pointwise = (from: Width, to: Width): ConvTemplate => ({
  kernel: 1,
  from,
  to,
  depthwise: false,
  strided: false,
});
const depthwise: ConvTemplate = { kernel: "k", from: "btn", to: "btn", depthwise: true, strided: true };
const dense = (from: Width, to: Width, strided: boolean): ConvTemplate => ({
  kernel: "k",
  from,
  to,
  depthwise: false,
  strided,
});

/** A family at full precision, and the same with bits. */
function withAndWithoutBits(
  name: string,
  {
    search: { name: searched, ...search },
    ...family
  }: Pick<Family, "convs" | "shortcut" | "squeezeExcite"> & {
    readonly search: FamilySearch;
  },
): Family[] {
  const row = (quantised: "always" | "never"): Family => ({
    className: `Super${quantised === "always" ? "Quant" : ""}Res${name}`,
    innerClass: `Res${name}`,
    isSuper: true,
    quantised,
    ...family,
    search: { name: quantised === "always" ? `quant-${searched}` : searched, ...search },
  });
  return [row("always"), row("never")];
}

const inverted = [pointwise("in", "btn"), depthwise, pointwise("btn", "out")];

const rows: Family[] = [
  {
    className: "ConvKXBNRELU",
    isSuper: false,
    quantised: "optional",
    convs: [dense("in", "out", true)],
    shortcut: "none",
  },
  ...withAndWithoutBits("K1DWK1", {
    convs: inverted,
    shortcut: "same-width",
    search: { name: "k1dwk1", maxDepth: [3, 8] },
  }),
  ...withAndWithoutBits("K1KXK1", {
    convs: [pointwise("in", "btn"), dense("btn", "btn", true), pointwise("btn", "out")],
    shortcut: "projected",
    search: { name: "k1kxk1", maxDepth: [3, 8], undivided: 2, bottleneck: [0.1, 1] },
  }),
  ...withAndWithoutBits("K1KX", {
    convs: [pointwise("in", "btn"), dense("btn", "out", true)],
    shortcut: "projected-between-widths",
    search: { name: "k1kx", maxDepth: [2, 8], undivided: 2, bottleneck: [0.1, 1] },
  }),
  ...withAndWithoutBits("KXKX", {
    convs: [dense("in", "btn", false), dense("btn", "out", true)],
    shortcut: "projected-between-widths",
    search: { name: "kxkx", maxDepth: [2, 8], undivided: 2, bottleneck: [0.1, 1] },
  }),
  ...withAndWithoutBits("K1DWSEK1", {
    convs: inverted,
    shortcut: "same-width",
    squeezeExcite: true,
    search: { name: "k1dwsek1", maxDepth: [3, 8] },
  }),
];

/** Every block class: a new family is a new row. */
export const families: readonly Family[] = rows;

const byName = new Map(rows.map((family) => [family.className, family]));

/** The family of a block class, or undefined where the class is not known. */
export function familyOf(className: string): Family | undefined {
  return byName.get(className);
}

/** A family that configurations can name. */
export type SearchFamily = Family & Required<Pick<Family, "search">>;

/** Channels between the two layers of a squeeze-excite on this many: a quarter, rounded half to even, then down to a multiple of 8, at least 8. */
export function squeezeWidth(channels: number): number {
  const quarter = Math.floor(channels / 4);
  const rest = channels % 4;
  const rounded = rest < 2 || (rest === 2 && quarter % 2 === 0) ? quarter : quarter + 1;
  return 8 * Math.max(1, Math.floor(rounded / 8));
}

/** The families that are searched. */
export function searchFamilies(): SearchFamily[] {
  return families.filter((family): family is SearchFamily => family.search !== undefined);
}

/**
 * Adds a row to the table of this thread.
 * @returns takes it away again
 * @throws Error where a class or a name is there already, or the convs do not fit together
 */
export function addFamily(family: Family): () => void {
  const { className, convs, search } = family;
  const taken = familyOf(className) ?? searchFamilies().find((other) => other.search.name === search?.name);
  if (taken !== undefined) throw new Error(`family ${className}: ${taken.className} has its class or its name`);
  const chained = convs.every(({ from }, i) => from === (i === 0 ? "in" : convs[i - 1].to));
  const inPlace = convs.every(({ depthwise, from, to }) => !depthwise || from === to);
  const last = convs.at(-1);
  if (family.squeezeExcite === true && convs.length < 2) {
    throw new Error(`family ${className}: expected a conv before the one behind a squeeze-excite, got a single one`);
  }
  if (convs.length > MOST_CONVS || !chained || !inPlace || last?.to !== "out" || last.depthwise) {
    throw new Error(`family ${className}: expected 1 to ${MOST_CONVS} convs from in to out, the last not depthwise`);
  }
  rows.push(family);
  byName.set(className, family);
  return () => {
    rows.splice(rows.indexOf(family), 1);
    byName.delete(className);
  };
}

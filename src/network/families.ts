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

/** When an inner layer adds its input to its output. */
export type ShortcutRule =
  | "none"
  /** Only where in = out; 2x2 average pool first where the stride is 2. */
  | "same-width"
  /** Always; a 1x1 projection in a block's first inner layer and wherever in != out. */
  | "projected";

export interface Family {
  readonly className: string;
  /** The released code's name of one inner layer; absent where the block is a single conv. */
  readonly innerClass?: string;
  /** A super block has L inner layers and a bottleneck; a single conv has neither. */
  readonly isSuper: boolean;
  readonly quantised: "always" | "optional" | "never";
  readonly convs: readonly ConvTemplate[];
  readonly shortcut: ShortcutRule;
}

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

/** Every block class: a new family is a new row here plus its ranges in the configuration. */
export const families: readonly Family[] = [
  {
    className: "ConvKXBNRELU",
    isSuper: false,
    quantised: "optional",
    convs: [dense("in", "out", true)],
    shortcut: "none",
  },
  {
    className: "SuperQuantResK1DWK1",
    innerClass: "ResK1DWK1",
    isSuper: true,
    quantised: "always",
    convs: [pointwise("in", "btn"), depthwise, pointwise("btn", "out")],
    shortcut: "same-width",
  },
  {
    className: "SuperResK1DWK1",
    innerClass: "ResK1DWK1",
    isSuper: true,
    quantised: "never",
    convs: [pointwise("in", "btn"), depthwise, pointwise("btn", "out")],
    shortcut: "same-width",
  },
  {
    className: "SuperResK1KXK1",
    innerClass: "ResK1KXK1",
    isSuper: true,
    quantised: "never",
    convs: [pointwise("in", "btn"), dense("btn", "btn", true), pointwise("btn", "out")],
    shortcut: "projected",
  },
];

const byName = new Map(families.map((family) => [family.className, family]));

/** The family of a block class, or undefined where the class is not known. */
export function familyOf(className: string): Family | undefined {
  return byName.get(className);
}

/** The super block of each searchable family. */
export const searchFamilies = {
  "quant-k1dwk1": { superClass: "SuperQuantResK1DWK1" },
  k1dwk1: { superClass: "SuperResK1DWK1" },
} as const;

import { presetValue } from "../../src/config/presets.ts";

export interface Json {
  [key: string]: unknown;
}

const conv = (width: number, out: number, k: number, s: number, bits: object) => ({
  class: "ConvKXBNRELU",
  in: width,
  out,
  k,
  s,
  ...bits,
});
const bits8 = { nbitsA: 8, nbitsW: 8 };
const bits3 = { nbitsA: 3, nbitsW: 3 };
const quantised = {
  family: "quant-k1dwk1",
  start: [
    conv(3, 8, 3, 2, bits8),
    {
      class: "SuperQuantResK1DWK1",
      in: 8,
      out: 16,
      k: 3,
      s: 2,
      L: 1,
      btn: 16,
      nbitsA: [3, 3, 3],
      nbitsW: [3, 3, 3],
    },
    conv(16, 32, 1, 1, bits3),
  ],
  kernels: [3],
  expansions: [1, 2],
  maxOut: 24,
  stemOut: [8, 16],
  maxDepth: 2,
  bits: [3, 6],
};
const fullPrecision = {
  family: "k1dwk1",
  start: [
    conv(3, 8, 3, 2, {}),
    { class: "SuperResK1DWK1", in: 8, out: 16, k: 3, s: 2, L: 1, btn: 16 },
    { class: "SuperResK1DWK1", in: 16, out: 16, k: 3, s: 1, L: 1, btn: 16 },
    conv(16, 32, 1, 1, {}),
  ],
  kernels: [3, 5],
  expansions: [1, 2],
  maxOut: 24,
  stemOut: [8, 16],
  maxDepth: 2,
};
const small = (resolution: unknown, space: object, budgets: object, classes = 0): Json => ({
  input: { resolution },
  space,
  score: { kind: "analytic", stageWeights: [1, 6] },
  classes,
  budgets,
});

/** Small spaces, whose optimum enumeration tells, and narrow ones of presets. */
export const smallConfigs: readonly Json[] = [
  small(32, quantised, { bitops: 6e6 }),
  small(32, quantised, { flash: 900, layers: 8 }, 10),
  small([32, 64], quantised, { sramLive: 9000, bitops: 2e7 }),
  small(32, quantised, { bitops: 1000 }),
  small(32, fullPrecision, { macs: 200_000, flash: 4000 }),
  small(32, quantised, {}),
];
const narrow = (name: string, changes: (preset: Json) => Json): Json => changes(presetValue(name) as Json);
export const realConfigs: readonly Json[] = [
  narrow("imagenet-mixed-7.0g", (preset) => ({
    ...preset,
    space: { ...(preset["space"] as Json), maxOut: 64, maxDepth: 2 },
    budgets: { bitops: 1.2e9, layers: 26 },
  })),
  narrow("imagenet-fp-300m", (preset) => ({ ...preset, space: { ...(preset["space"] as Json), maxOut: 96 } })),
];

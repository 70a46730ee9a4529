import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UserError } from "../../../src/base/user-error.ts";
import { TimedKernels } from "../../../src/bench/timed-kernels.ts";
import { hasRelaxedSimd, SimdKernels } from "../../../src/kernel/simd.ts";
import { networkOf, parseStructure, type Structure } from "../../../src/network/structure.ts";
import { AnalyticScore } from "../../../src/score/analytic.ts";
import { ForwardScore } from "../../../src/score/forward/forward.ts";
import type { ForwardOptions } from "../../../src/score/forward/options.ts";

const base: ForwardOptions = {
  stageWeights: [0, 0, 1, 1, 6],
  sigmaActivation: 5,
  sigmaWeight: 4,
  repeats: 1,
  batch: 1,
  noiseSeed: 1,
  kernel: "simd",
};

const layer = (inner: number, bits: number) => new Array(3 * inner).fill(bits);

/** A small quantised network of three stages; the numbers vary what follows the first block. */
function small(k: number, btn: number, bits: number, head = 40): Structure {
  return parseStructure(
    [
      { class: "ConvKXBNRELU", in: 3, out: 8, k: 3, s: 2, nbitsA: 8, nbitsW: 8 },
      {
        class: "SuperQuantResK1DWK1",
        in: 8,
        out: 12,
        k: 3,
        s: 2,
        L: 2,
        btn: 20,
        nbitsA: layer(2, 5),
        nbitsW: layer(2, 4),
      },
      {
        class: "SuperQuantResK1DWK1",
        in: 12,
        out: 24,
        k,
        s: 2,
        L: 2,
        btn,
        nbitsA: layer(2, bits),
        nbitsW: layer(2, 5),
      },
      { class: "ConvKXBNRELU", in: 24, out: head, k: 1, s: 1, nbitsA: 6, nbitsW: 6 },
    ],
    "small",
  );
}

const smallOptions = { ...base, stageWeights: [1, 1, 2], repeats: 2 };

describe("a score", () => {
  test("has the same bits from every kernel on quantised networks", () => {
    const forwards = (["reference", "float32", "simd"] as const).map(
      (kernel) => new ForwardScore({ ...smallOptions, batch: 2, kernel }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(3, 5, 7),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 2, max: 8 }),
        (k, btn, bits) => {
          const network = networkOf(small(k, btn, bits), 27);
          const scores = forwards.map((forward) => forward.score(network));
          expect(scores[1]).toBe(scores[0]);
          expect(scores[2]).toBe(scores[0]);
        },
      ),
      { numRuns: 5 },
    );
  });

  test("has the same bits from every kernel where outputs are too large for int16", () => {
    const network = networkOf(small(3, 8, 10), 27);
    const options = { ...smallOptions, sigmaActivation: 300, sigmaWeight: 200 };
    const [reference, float32, simd] = (["reference", "float32", "simd"] as const).map((kernel) =>
      new ForwardScore({ ...options, kernel }).score(network),
    );
    expect(float32).toBe(reference);
    expect(simd).toBe(reference);
  });

  test("is near the reference's at full precision, dense convs, projections and 16 bits", () => {
    const full = parseStructure(
      [
        { class: "ConvKXBNRELU", in: 3, out: 9, k: 5, s: 2 },
        { class: "SuperResK1KXK1", in: 9, out: 17, k: 3, s: 2, L: 2, btn: 11 },
        { class: "SuperResK1DWK1", in: 17, out: 30, k: 5, s: 2, L: 1, btn: 33 },
        { class: "ConvKXBNRELU", in: 30, out: 8, k: 1, s: 1, nbitsA: 16, nbitsW: 16 },
      ],
      "full",
    );
    const network = networkOf(full, 33);
    const options = { ...base, stageWeights: [1, 1, 1], repeats: 2 };
    const reference = new ForwardScore({ ...options, kernel: "reference" }).detail(network);
    const kernels = ["float32", "simd", ...(hasRelaxedSimd() ? (["simd-relaxed"] as const) : [])] as const;
    for (const kernel of kernels) {
      const detail = new ForwardScore({ ...options, kernel }).detail(network);
      for (let i = 0; i < detail.blocks.length; i++) expect(detail.blocks[i]).toBeCloseTo(reference.blocks[i], 5);
      expect(detail.score).toBeCloseTo(reference.score, 4);
    }
  });

  test("has the same bits alone, in any batch, in any order, twice, and as the mean of its detail", () => {
    const structures = [
      small(3, 20, 5),
      small(5, 20, 5),
      small(3, 20, 4),
      small(3, 20, 5, 48),
      small(3, 28, 5),
      small(3, 20, 5),
      small(7, 20, 5, 16),
    ];
    const networks = [...structures.map((s) => networkOf(s, 32)), networkOf(structures[0], 40)];
    const forward = new ForwardScore(smallOptions);
    const alone = networks.map((network) => forward.score(network));
    expect(new ForwardScore(smallOptions).score(networks[1])).toBe(alone[1]);
    expect([...forward.scoreBatch(networks)]).toEqual(alone);
    expect([...forward.scoreBatch([...networks].reverse())]).toEqual([...alone].reverse());
    expect([...forward.scoreBatch(networks)]).toEqual(alone);
    expect(alone[5]).toBe(alone[0]);
    expect(new Set(alone).size).toBe(7);
    expect(forward.detail(networks[1]).score).toBeCloseTo(alone[1], 10);
  });

  test("runs the convs of a shared prefix once", () => {
    const networks = [3, 5, 7].map((k) => networkOf(small(k, 20, 5), 32));
    const kernels = new TimedKernels(new SimdKernels());
    const forward = new ForwardScore({ ...smallOptions, repeats: 1 }, kernels);
    forward.score(networks[0]);
    expect(kernels.runs.length).toBe(14);
    kernels.runs.length = 0;
    forward.scoreBatch(networks);
    // The stem, two inner layers and the expansion of the third are shared.
    expect(kernels.runs.length).toBe(14 + 6 + 6);
  });

  test("changes with the seed, and little with repeats", () => {
    const network = networkOf(small(5, 30, 5), 48);
    const one = new ForwardScore({ ...smallOptions, repeats: 16, noiseSeed: 2 }).detail(network);
    const other = new ForwardScore({ ...smallOptions, repeats: 16, noiseSeed: 2 ** 40 + 2 }).detail(network);
    expect(one.score).not.toBe(other.score);
    const error = Math.hypot(one.scoreError!, other.scoreError!);
    expect(one.scoreError).toBeCloseTo(one.scoreStd! / 4, 12);
    expect(Math.abs(one.score - other.score)).toBeLessThan(5 * error);
  });

  test("a single draw has no spread, rather than one of 0", () => {
    const detail = new ForwardScore({ ...smallOptions, repeats: 1 }).detail(networkOf(small(5, 30, 5), 48));
    expect(detail).toMatchObject({ scoreStd: null, scoreError: null, blockStds: null });
  });

  test("a batch has the scores and standard errors of each network alone, and NaN for the error of a single draw", () => {
    const networks = [3, 5, 7].map((k) => networkOf(small(k, 20, 5), 32));
    const forward = new ForwardScore({ ...smallOptions, repeats: 5 });
    const scores = new Float64Array(3);
    const errors = new Float64Array(3);
    forward.scoreBatch(networks, scores, errors);
    const details = networks.map((network) => forward.detail(network));
    expect([...scores]).toEqual(details.map(({ score }) => score));
    expect([...errors]).toEqual(details.map(({ scoreError }) => scoreError));
    const single = new Float64Array(3);
    new ForwardScore({ ...smallOptions, repeats: 1 }).scoreBatch(networks, scores, single);
    expect([...single]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });

  test("comes near the analytic one where maps are large and nothing clips", () => {
    const structure = parseStructure(
      [
        { class: "ConvKXBNRELU", in: 3, out: 64, k: 1, s: 1 },
        { class: "SuperResK1DWK1", in: 64, out: 64, k: 3, s: 1, L: 2, btn: 128 },
      ],
      "wide",
    );
    const network = networkOf(structure, 64);
    const analytic = new AnalyticScore({ stageWeights: [1], sigmaActivation: 1, sigmaWeight: 1 }).detail(network);
    const forward = new ForwardScore({ ...base, stageWeights: [1], repeats: 8 }).detail(network);
    expect(Math.abs(forward.score / analytic.score - 1)).toBeLessThan(0.01);
  });

  test("of thinned networks that differ only in what was cut off has the same bits alone and in a batch", () => {
    const networks = [40, 48, 64].map((width) => networkOf(small(5, width, 5), 32));
    const alone = networks.map((n) => new ForwardScore({ ...smallOptions, repeats: 1, maxChannels: 8 }).score(n));
    const batch = new ForwardScore({ ...smallOptions, repeats: 1, maxChannels: 8 }).scoreBatch(networks);
    expect([...batch]).toEqual(alone);
    expect(new Set(alone).size).toBe(networks.length);
  });
});

describe("bad input", () => {
  test.each([
    ["repeats", { repeats: 0 }],
    ["batch", { batch: 0 }],
    ["batch", { batch: 1.5 }],
    ["maxChannels", { maxChannels: 0 }],
    ["sigmaActivation", { sigmaActivation: Number.NaN }],
    ["sigmaWeight", { sigmaWeight: -1 }],
    ["sigmaWeight", { sigmaWeight: 1e300 }],
    ["noiseSeed", { noiseSeed: -1 }],
    ["kernel", { kernel: "fast" as ForwardOptions["kernel"] }],
  ])("names %s in %j", (name, change) => {
    expect(() => new ForwardScore({ ...base, ...change })).toThrow(UserError);
    expect(() => new ForwardScore({ ...base, ...change })).toThrow(name);
  });

  test("says which resolution a network needs", () => {
    const network = networkOf(small(3, 8, 5), 4);
    expect(() => new ForwardScore(smallOptions).check(network)).toThrow(
      "resolution: expected at least 5, since the network halves its maps 3 times, got 4; raise the resolution of the score",
    );
    new ForwardScore(smallOptions).check(networkOf(small(3, 8, 5), 5));
    new ForwardScore({ ...smallOptions, resolution: 32 }).check(network);
  });

  test("says how many stages a network has, and that maps do not fit", () => {
    expect(() => new ForwardScore(base).check(networkOf(small(3, 8, 5), 32))).toThrow(
      "stage weights: expected 3 entries",
    );
    expect(() => new ForwardScore(smallOptions).check(networkOf(small(3, 8, 5), 65536))).toThrow(
      "lower the resolution",
    );
  });

  test("gives a score that is not finite, with its reason, where a map has no variance", () => {
    const forward = new ForwardScore({ ...smallOptions, sigmaActivation: 1e-6 });
    const network = networkOf(small(3, 8, 5), 32);
    expect(forward.score(network)).toBeNaN();
    expect(forward.reason(0)).toBe("conv 0 (3x3, 3 -> 8 at 32): its output has variance 0");
    expect(forward.detail(network).reason).toContain("conv 0");
    expect(Number.isFinite(new ForwardScore(smallOptions).score(network))).toBe(true);
  });

  if (!hasRelaxedSimd()) {
    test("refuses simd-relaxed where the engine has none", () => {
      expect(() => new ForwardScore({ ...base, kernel: "simd-relaxed" })).toThrow("use simd or Node 22");
    });
  }
});

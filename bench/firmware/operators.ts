import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { operatorOf } from "../../src/costs/operator-costs.ts";
import { cFiles } from "../../src/exports/c.ts";
import { describeNetwork } from "../../src/formats/network-description.ts";
import { randomWeights } from "../../src/formats/weights.ts";
import { firstConv } from "../../src/network/network.ts";
import { networkOf, type Structure } from "../../src/network/structure.ts";
import { parts } from "../../src/operators/operator-model.ts";
import { runProgram } from "./boards.ts";

/** Shares of what weight bits take, of 0 to 15: those of 4 and 8 come apart with a mask, those of 2 nearly so. */
const weightBits = [0, 1, 0.25, 0.875, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0];
/** Of the networks, those that the model is not fitted to. */
const HELD_OUT = 0.3;

const kinds = ["image", "regular", "depthwise"] as const;
const terms = ["conv", "input", "patch", "output", "added", "mac", "macByBits"] as const;
/** A depthwise conv reads no patch and adds nothing; of convs that read rows of the image no input is known apart from its patches, and they add nothing. */
const fitted = kinds.flatMap((kind) =>
  terms
    .filter((term) => (kind === "depthwise" ? term !== "patch" && term !== "added" : term !== "input"))
    .filter((term) => kind !== "image" || term !== "added")
    .map((term) => [kind, term] as const),
);

interface Measured {
  /** How often each of `fitted` occurs. */
  readonly counts: readonly number[];
  readonly instructions: number;
}

/**
 * Measures random networks on the emulated Cortex-M4, fits the model of docs/latency.md to most of them and prints it as YAML, with how far it is from the others.
 * @param temporary folder of builds
 */
export function fitOperators(temporary: string, networks: number): void {
  const draw = drawing(20261127);
  const measured: Measured[] = [];
  for (let i = 0; i < networks; i++) {
    const { structure, resolution } = randomNetwork(draw);
    const description = describeNetwork("random", structure, resolution, 4);
    const folder = join(temporary, String(i));
    mkdirSync(folder);
    for (const [file, content] of cFiles(description, {
      weights: randomWeights(description, 1),
      weightsNote: "random",
    }))
      writeFileSync(join(folder, file), content);
    const build = join(temporary, `${i}-build`);
    const text = runProgram({ target: "run", board: "mps2-an386", build, network: folder, timeout: 600 });
    measured.push({
      counts: countsOf(structure, resolution),
      instructions: Number(text.match(/(\d+) instructions/)![1]),
    });
  }
  const held = Math.floor(HELD_OUT * networks);
  const model = nonNegative(measured.slice(held));
  const errors = measured
    .slice(0, held)
    .map(({ counts, instructions }) => counts.reduce((sum, count, j) => sum + count * model[j], 0) / instructions - 1);
  const rms = Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / held);
  const most = errors.reduce((x, error) => Math.max(x, Math.abs(error)), 0);
  console.log(
    `# ${networks - held} networks; ${held} others: ${(100 * rms).toFixed(1)}% rms, ${(100 * most).toFixed(1)}% at most`,
  );
  console.log(`weightBits: [${weightBits.join(", ")}]\nkinds:`);
  for (const kind of kinds) {
    const figures = fitted.flatMap(([of, term], j) =>
      of === kind ? [`${term}: ${Number(model[j].toPrecision(4))}`] : [],
    );
    console.log(`  ${kind}: { ${figures.join(", ")} }`);
  }
}

/** A stem, a block of one or two inner layers and a head, of any bits, kernels and strides. */
function randomNetwork(draw: (n: number) => number): { readonly structure: Structure; readonly resolution: number } {
  const bits = () => 2 + draw(7);
  const stem = 8 * (1 + draw(4));
  const out = Math.max(stem, 8 * (1 + draw(12)));
  const L = 1 + draw(2);
  const pairs = Array.from({ length: L }, () => [bits(), bits()]);
  const three = (which: number) => pairs.flatMap((pair) => [pair[which], pair[which], pair[which]]);
  const single = { class: "ConvKXBNRELU", nbitsW: bits() };
  const structure: Structure = [
    { ...single, in: [1, 3][draw(2)], out: stem, k: [1, 3, 3, 5][draw(4)], s: 1 + draw(2), nbitsA: 8 },
    {
      ...{ class: "SuperQuantResK1DWK1", in: stem, out, k: [3, 5, 7][draw(3)], s: 1 + draw(2), L },
      ...{ btn: 8 * (1 + draw(20)), nbitsA: three(0), nbitsW: three(1) },
    },
    { ...single, in: out, out: 8 * (1 + draw(16)), k: 1, s: 1, nbitsA: bits(), nbitsW: bits() },
  ];
  return { structure, resolution: 8 + draw(24) };
}

function countsOf(structure: Structure, resolution: number): number[] {
  const network = networkOf(structure, resolution);
  const counts = fitted.map(() => 0);
  for (let layer = 0; layer < network.layers; layer++) {
    for (let conv = firstConv(network, layer); conv < network.layerEnd[layer]; conv++) {
      const { kind, counts: own } = parts(operatorOf(network, layer, conv));
      const byBits = own.mac * weightBits[network.bitsW[conv]];
      fitted.forEach(([of, term], j) => {
        if (of === kind) counts[j] += term === "macByBits" ? byBits : own[term];
      });
    }
  }
  return counts;
}

/** The figures of no less than 0 whose relative errors have the least squares: each in turn the best for the others, until nothing changes. */
function nonNegative(measured: readonly Measured[]): number[] {
  const rows = measured.map(({ counts, instructions }) => counts.map((count) => count / instructions));
  const dot = (x: number, y: number) => rows.reduce((sum, row) => sum + row[x] * row[y], 0);
  const gram = fitted.map((_, x) => fitted.map((_, y) => dot(x, y)));
  const sums = fitted.map((_, x) => rows.reduce((sum, row) => sum + row[x], 0));
  const model = fitted.map(() => 0);
  for (let round = 0; round < 200_000; round++) {
    for (const [j, row] of gram.entries()) {
      if (row[j] === 0) continue;
      const residual = sums[j] - row.reduce((sum, value, k) => sum + value * model[k], 0);
      model[j] = Math.max(0, model[j] + residual / row[j]);
    }
  }
  return model;
}

/** Numbers below n, by a linear congruential generator. */
function drawing(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor(((state >>> 8) / 2 ** 24) * n);
  };
}

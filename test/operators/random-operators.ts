import fc from "fast-check";
import type { OperatorModel } from "../../src/operators/operator-model.ts";
import type { OperatorRow, OperatorTable } from "../../src/operators/operator-table.ts";

/** A table of every operator that a test's networks may have, with times that do not grow with anything, by a seed. */
export function randomTable(seed: number): OperatorTable {
  const random = drawing(seed);
  const within = (most: number) => 1 + Math.floor(random() * most);
  const fusions = seed % 2 === 0 ? [0, 1] : [0];
  const rows: OperatorRow[] = [];
  const places = new Set<string>();
  const add = (
    kind: "regular" | "depthwise",
    inChannels: number,
    out: number,
    kernel: number,
    stride: number,
    fused: number,
  ) => {
    const side = within(200);
    const place = [kind, inChannels, side, out, kernel, stride, fused].join();
    if (places.has(place)) return;
    places.add(place);
    rows.push([kind, 1, inChannels, side, out, kernel, stride, fused as 0 | 1, random() * 3]);
  };
  for (const kernel of [1, 3, 5, 7]) {
    for (const stride of [1, 2]) {
      for (const fused of fusions) {
        for (let i = 0; i < 8; i++) {
          const out = 8 * within(20);
          add("depthwise", out, out, kernel, stride, fused);
          add("regular", 3, 8 * within(20), kernel, stride, fused);
          for (const ratio of [0.5, 1, 3]) add("regular", 16 * ratio * within(10), out, kernel, stride, fused);
        }
      }
    }
  }
  const table = { name: `table ${seed}`, rows };
  // So that a counterexample can be read.
  Object.defineProperty(table, fc.toStringMethod, { value: () => `randomTable(${seed})` });
  return table;
}

/** A model whose figures have nothing to do with each other, by a seed. */
export function randomModel(seed: number): OperatorModel {
  const random = drawing(seed);
  const kind = () => ({
    conv: 100 * random(),
    input: random(),
    patch: random(),
    output: random(),
    added: random(),
    mac: random(),
    macByBits: random(),
  });
  const weightBits = Array.from({ length: 16 }, (_, w) => (w === 1 ? 1 : w === 8 ? 0 : Math.floor(9 * random()) / 8));
  const model = {
    ...{ name: `model ${seed}`, title: "", source: "", perUnit: 1e5, weightBits },
    kinds: { image: kind(), regular: kind(), depthwise: kind() },
  };
  Object.defineProperty(model, fc.toStringMethod, { value: () => `randomModel(${seed})` });
  return model;
}

/** Numbers from 0 to 1. */
function drawing(seed: number): () => number {
  let state = seed >>> 0;
  // Mulberry32.
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

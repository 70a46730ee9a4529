import fc from "fast-check";
import type { OperatorRow, OperatorTable } from "../../src/operators/operator-table.ts";

/** A table of every operator that a test's networks may have, with times that do not grow with anything, by a seed. */
export function randomTable(seed: number): OperatorTable {
  let state = seed >>> 0;
  // Mulberry32.
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
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

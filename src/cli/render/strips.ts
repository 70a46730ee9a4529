import { greatestOf } from "../../base/extremes.ts";
import { type ConvFigures, layerTable } from "../../formats/layer-table.ts";
import { networkOf, type Structure } from "../../network/structure.ts";

const blocks = "▁▂▃▄▅▆▇█";

/** Whether block characters come out as such. */
export function showsBlocks(): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = process.env;
  return process.stdout.isTTY === true && /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || "");
}

/** One character a value, its height the value's share of the greatest. */
export function strip(values: readonly number[]): string {
  const most = greatestOf(values);
  return values
    .map((value) => blocks[most > 0 ? Math.min(7, Math.max(0, Math.ceil((8 * value) / most) - 1)) : 0])
    .join("");
}

/** Characters of a run's way to the optimum, and the gap that the lowest of them stands for. */
const WAY = 12;
const LEAST_GAP = 1e-6;

/**
 * How far a run was from a score, from its first children (left) to its last, both logarithmic: a full block is 100% and more, the lowest a millionth and less.
 * @param points the best score behind so many children
 */
export function gapStrip(points: readonly (readonly [children: number, score: number])[], reference: number): string {
  const shown = points.filter(([children]) => children > 0);
  if (shown.length === 0) return "";
  const [first, last] = [shown[0][0], shown[shown.length - 1][0]];
  const values = Array.from({ length: WAY }, (_, i) => {
    const children = first * (last / first) ** (i / (WAY - 1)) * (1 + 1e-9);
    const best = shown.findLast(([bred]) => bred <= children)![1];
    const gap = (reference - best) / Math.abs(reference || 1);
    return Math.max(0, 1 - Math.log(Math.min(1, Math.max(gap, LEAST_GAP))) / Math.log(LEAST_GAP));
  });
  return values.map((value) => blocks[Math.min(7, Math.round(7 * value))]).join("");
}

/** A network conv by conv, in the order in which they run; empty where they do not fit side by side. */
export function networkStrips(structure: Structure, resolution: number, columns: number): string {
  const { convs } = layerTable(networkOf(structure, resolution));
  const rows: readonly (readonly [name: string, of: (conv: ConvFigures) => number])[] = [
    ["live SRAM", ({ live }) => live],
    ["flash", ({ flash }) => flash],
    ["BitOps", ({ bitops }) => bitops],
  ];
  if (convs.length + 11 > columns) return "";
  return rows.map(([name, of]) => `${name.padEnd(9)}  ${strip(convs.map(of))}`).join("\n");
}

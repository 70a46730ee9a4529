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

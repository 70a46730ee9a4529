import { GRID, IMAGE_CHANNELS, type Operator } from "./operator.ts";
import type { OperatorRow, OperatorTable } from "./operator-table.ts";
import { type Point, Surface } from "./surface.ts";

/** Operators of one kind, kernel, stride and fusion, measured with one batch. */
interface Measured {
  /** Of depthwise convs, and of those that read an image. */
  readonly depthwise?: Surface;
  readonly image?: Surface;
  /** By the ratio of input to output channels, ascending. */
  readonly ratios: readonly (readonly [ratio: number, surface: Surface])[];
}

/** What operators take by a table of measured ones. */
export class OperatorTimes {
  readonly #batch: number;
  readonly #fusions: boolean;
  /** By kind, kernel, stride and fusion, then by batch, ascending. */
  readonly #measured: ReadonlyMap<string, readonly (readonly [batch: number, measured: Measured])[]>;
  readonly #known = new Map<number, number>();

  constructor({ rows, batch }: OperatorTable) {
    this.#batch = batch ?? rows.reduce((least, row) => Math.min(least, row[1]), Number.POSITIVE_INFINITY);
    this.#fusions = rows.some((row) => row[7] === 1);
    this.#measured = new Map(
      [
        ...grouped(rows, ([kind, , , , , kernel, stride, fused]) => keyOf(kind === "depthwise", kernel, stride, fused)),
      ].map(([key, ofKind]) => [
        key,
        [...grouped(ofKind, (row) => row[1])]
          .sort(([x], [y]) => x - y)
          .map(([images, ofBatch]) => [images, measuredOf(ofBatch)] as const),
      ]),
    );
  }

  /** Whether an operator's kind, kernel, stride and fusion were measured, for as many channels as an image has or for others. */
  knows(operator: Operator): boolean {
    return this.#batches(operator).length > 0;
  }

  /** What one image takes, to the next whole multiple of 2^-30. @throws Error where `knows` says no */
  of(operator: Operator): number {
    const { depthwise, inChannels, side, outChannels, kernel, stride } = operator;
    const fused = this.#fusions && operator.fused;
    const code =
      ((((inChannels * 8192 + side) * 16384 + outChannels) * 32 + kernel) * 4 + stride) * 4 +
      (depthwise ? 2 : 0) +
      (fused ? 1 : 0);
    let time = this.#known.get(code);
    if (time === undefined) {
      time = Math.round(this.exact(operator) * GRID) / GRID;
      this.#known.set(code, time);
    }
    return time;
  }

  /** The batches with which an operator was measured, and what was. */
  #batches({ depthwise, inChannels, kernel, stride, fused }: Operator) {
    const all = this.#measured.get(keyOf(depthwise, kernel, stride, this.#fusions && fused ? 1 : 0)) ?? [];
    return all.filter(
      ([, { image, ratios }]) =>
        depthwise || ratios.length > 0 || (inChannels === IMAGE_CHANNELS && image !== undefined),
    );
  }

  /** As `of`, before it is rounded. */
  exact(operator: Operator): number {
    const points = this.#batches(operator).map(([batch, measured]) => [batch, timeIn(measured, operator)] as const);
    if (points.length === 0) throw new Error("an operator that the table has nothing of");
    const alone = points.find(([batch]) => batch === this.#batch) ?? (points.length === 1 ? points[0] : undefined);
    return alone === undefined ? Math.max(0, onLine(points, this.#batch)) / this.#batch : alone[1] / alone[0];
  }
}

function keyOf(depthwise: boolean, kernel: number, stride: number, fused: number): string {
  return `${depthwise} ${kernel} ${stride} ${fused}`;
}

function measuredOf(rows: readonly OperatorRow[]): Measured {
  if (rows[0][0] === "depthwise") return { depthwise: surfaceOf(rows), ratios: [] };
  const image = rows.filter((row) => row[2] === IMAGE_CHANNELS);
  const others = rows.filter((row) => row[2] !== IMAGE_CHANNELS);
  const ratios = [...grouped(others, (row) => row[2] / row[4])]
    .sort(([x], [y]) => x - y)
    .map(([ratio, ofRatio]) => [ratio, surfaceOf(ofRatio)] as const);
  return image.length === 0 ? { ratios } : { image: surfaceOf(image), ratios };
}

/** Rows that say the same twice count once. */
function surfaceOf(rows: readonly OperatorRow[]): Surface {
  const places = new Map<string, Point>();
  for (const [, , , side, out, , , , value] of rows) places.set(`${out} ${side}`, { out, side, value });
  return new Surface([...places.values()]);
}

function timeIn({ depthwise, image, ratios }: Measured, { inChannels, outChannels, side }: Operator): number {
  if (depthwise !== undefined) return depthwise.at(outChannels, side);
  if (image !== undefined && inChannels === IMAGE_CHANNELS) return image.at(outChannels, side);
  const ratio = inChannels / outChannels;
  const exact = ratios.find(([measured]) => measured === ratio);
  if (exact !== undefined) return exact[1].at(outChannels, side);
  const [[first, lowest]] = ratios;
  const proportional = () => (ratio / first) * lowest.at(outChannels, side);
  if (ratios.length === 1) return proportional();
  const behind = ratios.findIndex(([measured]) => measured > ratio);
  const end = behind < 0 ? ratios.length - 1 : Math.max(1, behind);
  const time = onLine(
    ratios.slice(end - 1, end + 1).map(([measured, surface]) => [measured, surface.at(outChannels, side)] as const),
    ratio,
  );
  return time < 0 ? proportional() : time;
}

/** On the line through the two points around a place, or the nearest two. @param points ascending, at least two */
function onLine(points: readonly (readonly [at: number, value: number])[], at: number): number {
  const behind = points.findIndex(([x]) => x > at);
  const end = behind < 0 ? points.length - 1 : Math.max(1, behind);
  const [[x0, y0], [x1, y1]] = points.slice(end - 1, end + 1);
  return y0 + ((at - x0) / (x1 - x0)) * (y1 - y0);
}

function grouped<T, K>(list: readonly T[], keyOf: (entry: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const entry of list) {
    const key = keyOf(entry);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return groups;
}

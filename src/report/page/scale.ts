/** Where a value lies, from 0 to 1. */
export type Scale = (value: number) => number;

export function linear(from: number, to: number): Scale {
  const width = to - from || 1;
  return (value) => (value - from) / width;
}

/** Of values above 0. */
export function logarithmic(from: number, to: number): Scale {
  const low = Math.log(from);
  const width = Math.log(to) - low || 1;
  return (value) => (Math.log(value) - low) / width;
}

/** Round values of a linear axis, about as many as wanted. */
export function linearTicks(from: number, to: number, wanted: number): number[] {
  const span = to - from;
  if (!(span > 0)) return [from];
  const rough = span / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const ticks: number[] = [];
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to + step * 1e-9; i++)
    ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

/** Powers of ten between two values. */
export function powers(from: number, to: number): number[] {
  const ticks: number[] = [];
  for (let e = Math.ceil(Math.log10(from) - 1e-9); 10 ** e <= to * (1 + 1e-9); e++)
    ticks.push(Number((10 ** e).toPrecision(12)));
  return ticks;
}

/** A label on an axis: where it is, from 0 to 1. */
export interface Label {
  readonly at: number;
  readonly text: string;
  readonly anchor?: "start" | "middle" | "end";
}

/** Pixels of a letter, rather more than it has, and between two labels. */
const LETTER = 8.1;
const SPACE = 8;

/** The labels that fit side by side on so many pixels; the first and the last go before the others. */
export function fitting<L extends Label>(labels: readonly L[], pixels: number): L[] {
  const span = ({ at, text, anchor = "middle" }: Label) => {
    const width = text.length * LETTER;
    const left = at * pixels - (anchor === "start" ? 0 : anchor === "end" ? width : width / 2);
    return [left - SPACE / 2, left + width + SPACE / 2] as const;
  };
  const taken: (readonly [number, number])[] = [];
  const chosen = new Set<L>();
  const order = labels.length > 2 ? [labels[0], labels[labels.length - 1], ...labels.slice(1, -1)] : labels;
  for (const label of order) {
    const [left, right] = span(label);
    if (taken.some(([l, r]) => left < r && l < right)) continue;
    taken.push([left, right]);
    chosen.add(label);
  }
  return labels.filter((label) => chosen.has(label));
}

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
  const off = (factor: number) => Math.abs(Math.log((factor * power) / rough));
  const step = power * [1, 2, 5, 10].reduce((a, b) => (off(b) < off(a) ? b : a));
  const ticks: number[] = [];
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to + step * 1e-9; i++)
    ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

/** Powers of ten between two values. */
function powers(from: number, to: number): number[] {
  const ticks: number[] = [];
  for (let e = Math.ceil(Math.log10(from) - 1e-9); 10 ** e <= to * (1 + 1e-9); e++)
    ticks.push(Number((10 ** e).toPrecision(12)));
  return ticks;
}

/** Values of a logarithmic axis: powers of ten, between them where those are few, and its ends where there is nothing else. */
export function logarithmicTicks(from: number, to: number): number[] {
  const tens = powers(from, to);
  if (tens.length > 2) return tens;
  const between = powers(from / 10, to).flatMap((ten) => [1, 2, 5].map((factor) => factor * ten));
  const ticks = between.filter((value) => value >= from * (1 - 1e-9) && value <= to * (1 + 1e-9));
  return ticks.length > 1 ? ticks : [from, to];
}

/** A label on an axis: where it is, from 0 to 1. */
export interface Label {
  readonly at: number;
  readonly text: string;
  /** What is shown where the text has no room. */
  readonly short?: string;
  readonly anchor?: "start" | "middle" | "end";
}

/** Pixels between two labels, and those that one may stand out of its axis where it has a shorter text. */
const SPACE = 8;
const OUT = 12;

/** Pixels of a text, rather more than it has: of an em of 12.5 in a wide font. */
function widthOf(text: string): number {
  let width = 0;
  for (const letter of text) width += /[ijl.,:;|'! ]/.test(letter) ? 4.5 : /[mwMW%]/.test(letter) ? 12 : 8.1;
  return width;
}

/** The labels that fit side by side on so many pixels, by their short text where the other has no room; the first and the last go before the others. */
export function fitting<L extends Label>(labels: readonly L[], pixels: number): L[] {
  const span = ({ at, anchor = "middle" }: Label, text: string) => {
    const width = widthOf(text);
    const left = at * pixels - (anchor === "start" ? 0 : anchor === "end" ? width : width / 2);
    return [left - SPACE / 2, left + width + SPACE / 2] as const;
  };
  const taken = new Map<L, readonly [number, number]>();
  const texts = new Map<L, string>();
  const put = (label: L, text: string) => {
    const [left, right] = span(label, text);
    if ([...taken].some(([other, [l, r]]) => other !== label && left < r && l < right)) return;
    taken.set(label, [left, right]);
    texts.set(label, text);
  };
  const order = labels.length > 2 ? [labels[0], labels[labels.length - 1], ...labels.slice(1, -1)] : labels;
  for (const label of order) put(label, label.short ?? label.text);
  for (const label of order) {
    if (label.short === undefined || !texts.has(label)) continue;
    const [left, right] = span(label, label.text);
    if (left >= -OUT - SPACE / 2 && right <= pixels + OUT + SPACE / 2) put(label, label.text);
  }
  return labels.flatMap((label) => {
    const text = texts.get(label);
    return text === undefined ? [] : [{ ...label, text }];
  });
}

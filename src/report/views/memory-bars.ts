import { greatestOf } from "../../base/extremes.ts";
import { bytes } from "../page/figures.ts";
import { el, type Html } from "../page/html.ts";

/** Bars of one colour in a strip: their places, and from where to where, as shares of its height. */
export interface Bar {
  readonly kind: string;
  readonly bars: readonly (readonly [place: number, from: number, to: number])[];
}

/** What is held, the input, the output and scratch, one upon another, and the budget or the peak as a line. */
export function memoryBars(
  steps: readonly { conv: number; held: number; input: number; output: number; scratch: number }[],
  budget: number | null,
  convs: number,
): { readonly bars: Bar[]; readonly line: Html; readonly text: string } {
  const peak = greatestOf(steps.map(({ held, input, output, scratch }) => held + input + output + scratch));
  const far = budget !== null && budget >= 3 * peak;
  const line = budget !== null && !far ? budget : peak;
  const room = Math.max(peak, line) * 1.04;
  const parts = [
    ["c", "held"],
    ["a", "input"],
    ["b2", "output"],
    ["q", "scratch"],
  ] as const;
  const below = steps.map(() => 0);
  const bars = parts.map(([kind, part]) => ({
    kind,
    bars: steps.map((step, i) => {
      const from = below[i];
      below[i] += step[part] / room;
      return [step.conv, from, below[i]] as const;
    }),
  }));
  return {
    bars,
    line: el("path", { class: "l-limit", d: `M0 ${(100 - (100 * line) / room).toFixed(1)}H${convs}` }),
    text: `${budget === null ? "" : `budget ${bytes(budget)}${far ? " (far above)" : ""}, `}peak ${bytes(peak)}`,
  };
}

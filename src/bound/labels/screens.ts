import type { Relaxation } from "../lagrange/relaxation.ts";
import type { Screen } from "./label-setting.ts";

/** How much dearer or cheaper a screen's budgets are. */
const SCALE = 1.5;

/**
 * Bounds at multipliers that price one budget up or down, or one up and another down.
 * @param rounding what it moves a sum by, as a part of the magnitudes
 */
export function* screensAt(
  relaxation: Relaxation,
  multipliers: readonly number[],
  rounding: number,
): Generator<void, Screen[]> {
  const { magnitude } = relaxation.chain;
  const used = multipliers.flatMap((m, d) => (m > 0 ? [d] : []));
  if (used.length < 2) return [];
  const scalings = used.flatMap((d) =>
    used.map((e) => multipliers.map((m, f) => m * (f === d ? SCALE : 1) * (f === e ? 1 / SCALE : 1))),
  );
  const single = used.flatMap((d) =>
    [SCALE, 1 / SCALE].map((scale) => multipliers.map((m, f) => (f === d ? m * scale : m))),
  );
  const screens: Screen[] = [];
  for (const scaled of [...single, ...scalings.filter((s) => s.some((m, d) => m !== multipliers[d]))]) {
    yield* relaxation.solving(scaled);
    relaxation.solvePrefixes();
    const { offset, prefix } = relaxation;
    const slack = (magnitude + offset) * rounding;
    screens.push({ multipliers: scaled, offset: offset + slack, prefix: prefix.map((p) => p.slice()) });
    yield;
  }
  return screens;
}

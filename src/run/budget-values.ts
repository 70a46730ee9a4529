/** Digits of a budget that is no whole number of layers. */
const DIGITS = 4;

/** Values of a budget around its own. */
export interface BudgetValues {
  /** Rising. */
  readonly values: readonly number[];
  /** Index of its own. */
  readonly own: number;
}

/**
 * Values of a budget, as many below its own as above: of layers by the same number each, up to half as many more; of anything else by the same factor.
 * @param octaves doublings from its own to the greatest
 * @param steps values an octave
 */
export function valuesAround(
  limit: number,
  unit: string,
  { octaves, steps }: { readonly octaves: number; readonly steps: number },
): BudgetValues {
  const side = octaves * steps;
  const places = Array.from({ length: 2 * side + 1 }, (_, i) => i - side);
  if (unit !== "layers") {
    const at = (place: number) => Number((limit * 2 ** (place / steps)).toPrecision(DIGITS));
    return { values: places.map((place) => (place === 0 ? limit : at(place))), own: side };
  }
  const step = Math.max(1, Math.ceil(limit / 2 / side));
  const values = places.map((place) => limit + place * step).filter((value) => value >= 1);
  return { values, own: values.indexOf(limit) };
}

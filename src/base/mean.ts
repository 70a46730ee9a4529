/** Of at least one value. */
export function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** From the unbiased variance; NaN of a single value. */
export function standardDeviation(values: Float64Array): number {
  const centre = mean(values);
  let sum = 0;
  for (const value of values) sum += (value - centre) * (value - centre);
  return Math.sqrt(sum / (values.length - 1));
}

/** Of the mean of independent values; NaN of a single one. */
export function standardError(values: Float64Array): number {
  return standardDeviation(values) / Math.sqrt(values.length);
}

/** How far a score is below another, as a share of that; 0 where it is not. */
export function gapTo(reference: number, score: number): number {
  return Math.max(0, (reference - score) / Math.abs(reference || 1));
}

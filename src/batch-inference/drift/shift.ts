/** What stands for an empty bin, whose logarithm there is none of: a share of 1 in 10,000. */
export const SHARE_FLOOR = 1e-4;

/**
 * Population stability index, Σ (aᵢ − eᵢ) · ln(aᵢ / eᵢ) over the bins, each share at least `SHARE_FLOOR` (Siddiqi 2006, Credit
 * Risk Scorecards, ch. 8; it is Jeffreys' divergence of the two, Jeffreys 1946). Of rows that did not move it is about
 * (bins − 1) / rows, not 0 (Yurdakul 2018, Statistical Properties of the Population Stability Index).
 * @param expected [bins] shares of the reference @param actual [bins] live shares
 * @returns ≥ 0: below 0.1 little moved, above 0.25 much did
 */
export function populationStability(expected: ArrayLike<number>, actual: ArrayLike<number>): number {
  let sum = 0;
  for (let bin = 0; bin < expected.length; bin += 1) {
    const e = Math.max(expected[bin]!, SHARE_FLOOR);
    const a = Math.max(actual[bin]!, SHARE_FLOOR);
    sum += (a - e) * Math.log(a / e);
  }
  return sum;
}

/**
 * Kolmogorov-Smirnov distance, the largest difference of the two distribution functions (Kolmogorov 1933, Smirnov 1948), taken
 * at the edges of the bins: a lower bound of the distance over all numbers.
 * @param expected [bins] shares of the reference @param actual [bins] live shares
 * @returns 0..1
 */
export function kolmogorovSmirnov(expected: ArrayLike<number>, actual: ArrayLike<number>): number {
  let difference = 0;
  let largest = 0;
  for (let bin = 0; bin < expected.length - 1; bin += 1) {
    difference += actual[bin]! - expected[bin]!;
    largest = Math.max(largest, Math.abs(difference));
  }
  return largest;
}

import type { ModelRun } from '../domain/prediction.js';
import type { Policy, Rejection } from './policy.js';

/** Which way a vote points: 1 long, -1 short, 0 neither. */
export type Side = 1 | -1 | 0;

/**
 * Weighted mean of the class probabilities of the models that answered, row by row. A row with a number that is not
 * finite counts as not answered.
 * @param runs in a fixed order: float sums depend on it in the last bit
 * @returns [rows × 3] short, flat, long; NaN in rows where less than half of the weight that has a vote in them answered
 */
export function ensemble(runs: readonly ModelRun[], rows: number): Float64Array {
  const mean = new Float64Array(rows * 3);
  const answered = new Float64Array(rows);
  const total = new Float64Array(rows);
  for (const run of runs) addVotes(run, mean, answered, total);
  for (let row = 0; row < rows; row++) {
    const weight = answered[row]! > 0 && answered[row]! * 2 >= total[row]! ? answered[row]! : NaN;
    mean[row * 3] = mean[row * 3]! / weight;
    mean[row * 3 + 1] = mean[row * 3 + 1]! / weight;
    mean[row * 3 + 2] = mean[row * 3 + 2]! / weight;
  }
  return mean;
}

function addVotes(run: ModelRun, sum: Float64Array, weights: Float64Array, total: Float64Array): void {
  const { weight, probabilities, answered, voting } = run;
  for (let row = 0, at = 0; row < weights.length; row++, at += 3) {
    if (voting[row] === 0) continue;
    total[row] = total[row]! + weight;
    if (!counts(probabilities, answered, row)) continue;
    sum[at] = sum[at]! + weight * probabilities[at]!;
    sum[at + 1] = sum[at + 1]! + weight * probabilities[at + 1]!;
    sum[at + 2] = sum[at + 2]! + weight * probabilities[at + 2]!;
    weights[row] = weights[row]! + weight;
  }
}

/** @returns whether the model has a vote in this row */
export function votes({ probabilities, answered, voting }: ModelRun, row: number): boolean {
  return voting[row] === 1 && counts(probabilities, answered, row);
}

function counts(probabilities: Float32Array, answered: Uint8Array, row: number): boolean {
  const at = row * 3;
  return answered[row] === 1 && Number.isFinite(probabilities[at]! + probabilities[at + 1]! + probabilities[at + 2]!);
}

/** Which way the ensemble points, or why neither way. */
export function sideOf(pShort: number, pLong: number, policy: Policy): 1 | -1 | Rejection {
  if (Number.isNaN(pShort) || Number.isNaN(pLong)) return 'TOO_FEW_MODELS';
  const side = pLong > pShort ? 1 : -1;
  if (Math.max(pLong, pShort) < policy.minConfidence) return 'LOW_CONFIDENCE';
  if (pLong === pShort || Math.abs(pLong - pShort) < policy.minEdge) return 'LOW_EDGE';
  return side;
}

import type { Float } from '../../engines/trees/tree-ensemble.js';
import { agreementOf } from './agreement.js';
import type { Check } from './certificate.js';
import { ulpsBetween } from './ulp.js';

/** One output of all rows, row after row. */
export interface Output {
  readonly output: 'margins' | 'predictions';
  readonly columns: number;
  readonly float: Float;
  readonly values: Float64Array;
}

export interface Thresholds {
  readonly minConfidence: number;
  readonly minEdge: number;
}

/**
 * @param reference,actual the same outputs in the same order, of the same rows or of the first of them
 * @param thresholds of a model of the classes short, flat, long; absent: no decision is taken on it
 */
export function compare(
  reference: readonly Output[],
  actual: readonly Output[],
  bucket: number,
  thresholds?: Thresholds,
): Check {
  const outputs = actual.map((output, i) => numbersOf(reference[i]!, output));
  const [expected, { values, columns }] = [reference.at(-1)!, actual.at(-1)!];
  const decide = thresholds && ((answers: ArrayLike<number>, at: number) => sideOf(answers, at, thresholds));
  const agreement = agreementOf(expected.values.subarray(0, values.length), values, columns, decide);
  const correlations = agreement.columns.map(({ rankCorrelation }) => rankCorrelation).filter(Number.isFinite);
  return {
    ...{ bucket, rows: agreement.rows, outputs },
    label_flips: agreement.labelFlips,
    decision_flips: agreement.decisionFlips,
    not_finite: agreement.notFinite,
    rank_correlation: correlations.length > 0 ? Math.min(...correlations) : null,
  };
}

function numbersOf({ values: expected }: Output, { output, float, values }: Output): Check['outputs'][number] {
  let [difference, ulps, differing] = [0, 0, 0];
  for (let i = 0; i < values.length; i += 1) {
    if (Object.is(values[i], expected[i])) continue;
    differing += 1;
    const distance = Math.abs(values[i]! - expected[i]!);
    difference = Math.max(difference, Number.isNaN(distance) ? Infinity : distance);
    ulps = Math.max(ulps, ulpsBetween(values[i]!, expected[i]!, float));
  }
  return {
    output,
    largest_difference: Number.isFinite(difference) ? difference : 'Infinity',
    largest_ulp: Number.isFinite(ulps) ? ulps : 'Infinity',
    differing_numbers: differing,
  };
}

/** What one model alone would trade: 1 long, −1 short, 0 nothing; the thresholds are the strategy's. */
function sideOf(values: ArrayLike<number>, at: number, { minConfidence, minEdge }: Thresholds): -1 | 0 | 1 {
  const [short, long] = [values[at]!, values[at + 2]!];
  if (!(Math.max(short, long) >= minConfidence) || !(Math.abs(long - short) >= minEdge) || long === short) return 0;
  return long > short ? 1 : -1;
}

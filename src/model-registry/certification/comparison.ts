import type { Float } from '../../engines/trees/tree-ensemble.js';
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
  const outputs = actual.map((output, i) => agreementOf(reference[i]!, output));
  const [expected, found] = [reference.at(-1)!, actual.at(-1)!];
  const rows = found.values.length / found.columns;
  const flips = (decide: (values: Float64Array, at: number) => number): number => {
    let count = 0;
    for (let at = 0; at < found.values.length; at += found.columns) {
      if (decide(expected.values, at) !== decide(found.values, at)) count += 1;
    }
    return count;
  };
  return {
    ...{ bucket, rows, outputs },
    label_flips: found.columns > 1 ? flips((values, at) => largestOf(values, at, found.columns)) : 0,
    decision_flips: thresholds ? flips((values, at) => sideOf(values, at, thresholds)) : 0,
    not_finite: found.values.reduce(
      (sum, x, i) => sum + (Number.isFinite(x) || !Number.isFinite(expected.values[i]!) ? 0 : 1),
      0,
    ),
  };
}

function agreementOf({ values: expected }: Output, { output, float, values }: Output): Check['outputs'][number] {
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

function largestOf(values: Float64Array, at: number, columns: number): number {
  let best = 0;
  for (let column = 1; column < columns; column += 1) if (values[at + column]! > values[at + best]!) best = column;
  return best;
}

/** What one model alone would trade: 1 long, −1 short, 0 nothing; the thresholds are the strategy's. */
function sideOf(values: Float64Array, at: number, { minConfidence, minEdge }: Thresholds): -1 | 0 | 1 {
  const [short, long] = [values[at]!, values[at + 2]!];
  if (!(Math.max(short, long) >= minConfidence) || !(Math.abs(long - short) >= minEdge) || long === short) return 0;
  return long > short ? 1 : -1;
}

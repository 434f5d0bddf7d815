import { describe, expect, it } from 'vitest';
import { compare, type Output } from './comparison.js';

const THRESHOLDS = { minConfidence: 0.5, minEdge: 0.05 };
const probabilities = (...values: number[]): Output[] => [
  { output: 'predictions', columns: 3, float: 'float32', values: Float64Array.from(values, Math.fround) },
];
const REFERENCE = probabilities(0.6, 0.2, 0.2, 0.3, 0.1, 0.6, 0.1, 0.8, 0.1);

describe('answers beside the reference', () => {
  it('that are the same differ in nothing', () => {
    expect(compare(REFERENCE, REFERENCE, 257, THRESHOLDS)).toEqual({
      ...{ bucket: 257, rows: 3, label_flips: 0, decision_flips: 0, not_finite: 0, rank_correlation: 1 },
      outputs: [{ output: 'predictions', largest_difference: 0, largest_ulp: 0, differing_numbers: 0 }],
    });
  });

  it.each<[string, number[], object]>([
    [
      'another class on top is a label flip',
      [0.6, 0.2, 0.2, 0.3, 0.1, 0.6, 0.8, 0.1, 0.1],
      { label_flips: 1, decision_flips: 1 },
    ],
    [
      'a probability that falls below the threshold is a decision flip',
      [0.49, 0.21, 0.3],
      { label_flips: 0, decision_flips: 1 },
    ],
    ['one that moves above it stays', [0.7, 0.1, 0.2], { label_flips: 0, decision_flips: 0 }],
    ['a NaN counts, and decides nothing', [NaN, 0.2, 0.2], { not_finite: 1, decision_flips: 1 }],
  ])('%s', (_, values, flips) => {
    expect(compare(REFERENCE, probabilities(...values), 1, THRESHOLDS)).toMatchObject(flips);
  });

  it('are measured in the last place of their type', () => {
    const near = probabilities(0.6 + 2 ** -24, 0.2, 0.2);
    expect(compare(REFERENCE, near, 1).outputs[0]).toMatchObject({ largest_ulp: 1, differing_numbers: 1 });
  });

  it('without thresholds decide nothing, and of one column have no label', () => {
    const one = (value: number): Output[] => [
      { output: 'predictions', columns: 1, float: 'float64', values: Float64Array.of(value) },
    ];
    expect(compare(one(1), one(-1), 1)).toMatchObject({ label_flips: 0, decision_flips: 0 });
  });

  it('that are infinite where the reference is are right', () => {
    const infinite = probabilities(Infinity, 0, 0);
    expect(compare(infinite, infinite, 1)).toMatchObject({ not_finite: 0 });
  });
});

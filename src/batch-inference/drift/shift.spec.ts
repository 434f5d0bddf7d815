import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Bins } from './bins.js';
import { kolmogorovSmirnov, populationStability, SHARE_FLOOR } from './shift.js';

interface Golden {
  readonly name: string;
  readonly edges: readonly number[];
  readonly shares: readonly number[];
  readonly live: readonly number[];
  readonly counts: readonly number[];
  readonly psi: number;
  readonly ks: number;
}

/** What training/golden/drift.py wrote: NumPy's and SciPy's word. */
const { cases } = JSON.parse(readFileSync('test/golden/drift/drift.json', 'utf8')) as { cases: readonly Golden[] };

describe.each(cases)('NumPy and SciPy on $name', ({ edges, shares, live, counts, psi, ks }) => {
  const bins = new Bins([{ edges, shares }]);
  const counted = new Int32Array(bins.lanes);
  live.forEach((value) => bins.count(Float32Array.of(value), 0, counted, 0));
  const actual = counts.map((count) => count / live.length);

  it('put every number into the same bin', () => {
    expect([...counted.subarray(0, shares.length)]).toEqual(counts);
    expect(counted.subarray(shares.length).every((count) => count === 0)).toBe(true);
  });

  it('say the same PSI', () => expect(populationStability(shares, actual)).toBeCloseTo(psi, 10));

  it('say the same distance', () => expect(kolmogorovSmirnov(shares, actual)).toBeCloseTo(ks, 10));
});

describe('the shift between two spreads', () => {
  it.each<[string, number[], number[], number, number]>([
    ['that are equal is nothing', [0.5, 0.5], [0.5, 0.5], 0, 0],
    ['by hand, two bins', [0.5, 0.5], [0.25, 0.75], -0.25 * Math.log(0.5) + 0.25 * Math.log(1.5), 0.25],
    [
      'by hand, there and back',
      [0.4, 0.2, 0.4],
      [0.2, 0.6, 0.2],
      0.8 * Math.log(2) - 0.4 * Math.log(2) + 0.4 * Math.log(3),
      0.2,
    ],
    [
      'with an empty bin takes the floor for it',
      [0.5, 0.5],
      [1, 0],
      0.5 * Math.log(2) + (SHARE_FLOOR - 0.5) * Math.log(SHARE_FLOOR / 0.5),
      0.5,
    ],
    ['in a bin that neither has is nothing', [1, 0], [1, 0], 0, 0],
  ])('%s', (_, expected, actual, psi, ks) => {
    expect(populationStability(expected, actual)).toBeCloseTo(psi, 12);
    expect(kolmogorovSmirnov(expected, actual)).toBeCloseTo(ks, 12);
  });

  const weights = fc
    .array(fc.integer({ min: 0, max: 1000 }), { minLength: 5, maxLength: 5 })
    .filter((all) => all.some((one) => one > 0));
  const shares = weights.map((all) => all.map((one) => one / all.reduce((sum, other) => sum + other)));

  it('is never negative, is the same from either side, and its distance never above 1', () => {
    fc.assert(
      fc.property(shares, shares, (expected, actual) => {
        const psi = populationStability(expected, actual);
        expect(psi).toBeGreaterThanOrEqual(0);
        expect(populationStability(actual, expected)).toBeCloseTo(psi, 10);
        const ks = kolmogorovSmirnov(expected, actual);
        expect(ks).toBeGreaterThanOrEqual(0);
        expect(ks).toBeLessThanOrEqual(1 + 1e-12);
      }),
    );
  });
});

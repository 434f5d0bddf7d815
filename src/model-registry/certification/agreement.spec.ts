import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agreementOf, rankCorrelation } from './agreement.js';

const correlation = (a: readonly number[], b: readonly number[]): number =>
  rankCorrelation(Float64Array.from(a), Float64Array.from(b));

describe('Spearman rank correlation', () => {
  it.each<[string, number[], number[], number]>([
    ['the same order', [1, 2, 3, 4], [10, 20, 30, 4000], 1],
    ['the opposite order', [1, 2, 3, 4], [4, 3, 2, 1], -1],
    ['neighbours exchanged: 1 − 6 Σd² / n(n² − 1)', [1, 2, 3, 4, 5], [2, 1, 4, 3, 5], 0.8],
    ['ties share a rank', [1, 2, 2, 3], [1, 2, 3, 4], 0.9486832980505138],
    ['the same ties', [1, 2, 2, 3], [5, 6, 6, 9], 1],
    ['answers that are all one', [1, 2, 3], [7, 7, 7], 0],
    ['a reference that is all one', [7, 7, 7], [1, 2, 3], NaN],
    ['no rows', [], [], NaN],
    ['infinity is the largest, NaN above it', [1, 2, 3, 4], [0, 1, Infinity, NaN], 1],
  ])('%s', (_name, a, b, expected) => expect(Number(correlation(a, b).toFixed(12))).toBe(Number(expected.toFixed(12))));

  it('is within −1 and 1, the same either way round, and sees order only', () => {
    const series = fc.array(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 })), {
      minLength: 2,
    });
    fc.assert(
      fc.property(series, (pairs) => {
        const [a, b] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)];
        if (new Set(a).size === 1 || new Set(b).size === 1) return;
        const found = correlation(a, b);
        expect(Math.abs(found)).toBeLessThanOrEqual(1 + 1e-12);
        expect(correlation(b, a)).toBeCloseTo(found, 12);
        expect(
          correlation(
            a.map((x) => x ** 3),
            b,
          ),
        ).toBeCloseTo(found, 12);
      }),
    );
  });
});

describe('agreement', () => {
  const reference = [0.7, 0.2, 0.1, 0.3, 0.4, 0.3, 0.1, 0.1, 0.8];

  it('with itself is whole', () => {
    expect(agreementOf(reference, reference, 3)).toEqual({
      rows: 3,
      notFinite: 0,
      columns: Array.from({ length: 3 }, () => ({ largestAbsolute: 0, largestRelative: 0, rankCorrelation: 1 })),
      labelFlips: 0,
      decisionFlips: 0,
      decisionFlipRate: 0,
    });
  });

  it('tells the largest difference of each column, alone and against the reference', () => {
    const { columns } = agreementOf([4, 1, 8, 2], [5, 1, 8, 1], 2);
    expect(columns[0]).toMatchObject({ largestAbsolute: 1, largestRelative: 0.25 });
    expect(columns[1]).toMatchObject({ largestAbsolute: 1, largestRelative: 0.5 });
  });

  it.each<[string, number, number, object]>([
    ['a number where there was one', 1, NaN, { notFinite: 1, largestAbsolute: Infinity, largestRelative: Infinity }],
    ['infinity', 1, -Infinity, { notFinite: 1, largestAbsolute: Infinity, largestRelative: Infinity }],
    ['NaN for NaN', NaN, NaN, { notFinite: 0, largestAbsolute: 0, largestRelative: 0 }],
    ['a number for NaN', NaN, 1, { notFinite: 0, largestAbsolute: Infinity, largestRelative: Infinity }],
    ['infinity for infinity', Infinity, Infinity, { notFinite: 0, largestAbsolute: 0, largestRelative: 0 }],
    ['something for nothing', 0, 0.5, { notFinite: 0, largestAbsolute: 0.5, largestRelative: Infinity }],
    ['−0 for 0', 0, -0, { notFinite: 0, largestAbsolute: 0, largestRelative: 0 }],
  ])('%s', (_name, expected, answer, want) => {
    const { notFinite, columns } = agreementOf([expected], [answer], 1);
    expect({ notFinite, ...columns[0] }).toMatchObject(want);
  });

  it('counts rows whose largest column is another; the first of equals', () => {
    const answers = [0.2, 0.7, 0.1, 0.4, 0.4, 0.2, 0.1, 0.1, 0.8];
    expect(agreementOf(reference, answers, 3).labelFlips).toBe(2);
    expect(agreementOf([1, 0, NaN, NaN], [NaN, 0, NaN, NaN], 2).labelFlips).toBe(1);
  });

  it('counts rows that decide otherwise', () => {
    const buys = (answers: ArrayLike<number>, at: number) => Number(answers[at + 2]! >= 0.3);
    const answers = [0.7, 0.2, 0.1, 0.3, 0.41, 0.29, 0.1, 0.1, 0.8];
    const found = agreementOf(reference, answers, 3, buys);
    expect(found).toMatchObject({ labelFlips: 0, decisionFlips: 1 });
    expect(found.decisionFlipRate).toBeCloseTo(1 / 3, 12);
  });

  it.each([
    [[1, 2, 3], [1, 2], 1],
    [[1, 2, 3], [1, 2, 3], 2],
  ])('%j and %j, %i a row, cannot be held against each other', (a, b, columns) => {
    expect(() => agreementOf(a, b, columns)).toThrow(RangeError);
  });
});

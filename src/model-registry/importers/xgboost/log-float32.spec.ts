import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logFloat32 } from './log-float32.js';

/** base-score.spec.ts compares it with glibc's. */
describe('logf', () => {
  it.each([
    [1, 0],
    [0, -Infinity],
    [-0, -Infinity],
    [-1, NaN],
    [NaN, NaN],
    [Infinity, Infinity],
    [2 ** -149, Math.fround(-149 * Math.LN2)],
  ])('of %d is %d', (x, expected) => {
    expect(logFloat32(x)).toBe(expected);
  });

  it('is within one ulp of the true logarithm', () => {
    const positive = fc.float({ min: 2 ** -149, noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(positive, (x) => {
        const exact = Math.log(x);
        return Math.abs(logFloat32(x) - exact) <= Math.abs(exact) * 2 ** -23;
      }),
      { numRuns: 2_000 },
    );
  });
});

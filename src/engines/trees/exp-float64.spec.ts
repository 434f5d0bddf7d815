import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exp } from './exp-float64.js';

const BITS = 1200n;

/** In units of 2^-1200: the series of x / 2^11, squared eleven times. @param x of which 2^73 is a whole number */
function exact(x: number): bigint {
  const part = BigInt(x * 2 ** 73) << (BITS - 84n);
  let sum = 1n << BITS;
  for (let n = 1n, term = sum; term !== 0n && term !== -1n; n += 1n) sum += term = ((term * part) >> BITS) / n;
  for (let i = 0; i < 11; i += 1) sum = (sum * sum) >> BITS;
  return sum;
}

/** @returns how far a number is from the exponential of x, in hundredths of its ulp */
function distance(y: number, x: number): number {
  const last = Math.floor(Math.log2(y)) - 52;
  const ulp = 1n << (BITS + BigInt(last));
  const off = BigInt(y / 2 ** last) * ulp - exact(x);
  return Number(((off < 0n ? -off : off) * 100n) / ulp);
}

describe('the exponential', () => {
  it('is within 0.51 ulp', () => {
    const near = fc.double({ min: -45, max: 1, noNaN: true });
    const wide = fc.double({ min: -707, max: 707, noNaN: true });
    const numbers = fc.oneof(near, wide).filter((x) => Number.isInteger(x * 2 ** 73));
    fc.assert(
      fc.property(numbers, (x) => {
        expect(distance(exp(x), x)).toBeLessThanOrEqual(51);
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    [0, 1],
    [-0, 1],
    [1, Math.E],
    [5e-324, 1],
    [710, Infinity],
    [-746, 0],
    [-745, 5e-324],
    [Infinity, Infinity],
    [-Infinity, 0],
    [NaN, NaN],
  ])('of %d is %d', (x, expected) => expect(exp(x)).toBe(expected));
});

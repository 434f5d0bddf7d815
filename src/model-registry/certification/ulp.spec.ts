import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { neighbour, ulpsBetween } from './ulp.js';

describe('units in the last place', () => {
  it.each([
    [1, 1, 'float64', 0],
    [NaN, NaN, 'float64', 0],
    [1, 1 + 2 ** -52, 'float64', 1],
    [1, 1 - 2 ** -53, 'float64', 1],
    [0, -0, 'float64', 1],
    [Number.MIN_VALUE, -Number.MIN_VALUE, 'float64', 2],
    [1, 1 + 2 ** -23, 'float32', 1],
    [2 ** -149, -(2 ** -149), 'float32', 2],
    [1, NaN, 'float32', Infinity],
    [Number.MAX_VALUE, Infinity, 'float64', 1],
  ] as const)('%d to %d in %s is %d', (a, b, float, ulps) => {
    expect(ulpsBetween(a, b, float)).toBe(ulps);
    expect(ulpsBetween(b, a, float)).toBe(ulps);
  });

  it('a neighbour is one away, and its neighbour back is the number', () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true, max: 1e300, min: -1e300 });
    fc.assert(
      fc.property(finite, fc.constantFrom(1 as const, -1 as const), (x, by) => {
        fc.pre(!Object.is(x, -0));
        const next = neighbour(x, by, 'float64');
        expect(Math.sign(next - x)).toBe(by);
        expect(ulpsBetween(x, next, 'float64')).toBe(1);
        expect(neighbour(next, by === 1 ? -1 : 1, 'float64') + 0).toBe(x);
      }),
    );
  });
});

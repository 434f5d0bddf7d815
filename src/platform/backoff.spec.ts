import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backoff } from './backoff.js';

const limits = { baseMs: 250, maxMs: 30_000 };

it.each([
  ['the first wait is drawn from the upper half of the base', 0, 0, 125],
  ['each failure doubles the ceiling', 3, 0, 1000],
  ['the ceiling stops at the maximum', 20, 0, 15_000],
  ['a thousand failures later it is still the maximum', 1000, 0, 15_000],
])('%s', (_, attempt, random, wait) => {
  expect(backoff(attempt, random, limits)).toBe(wait);
});

it('never waits shorter than half the ceiling, nor as long as the ceiling', () => {
  fc.assert(
    fc.property(fc.nat(5000), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (attempt, random) => {
      const ceiling = Math.min(limits.maxMs, limits.baseMs * 2 ** attempt);
      const wait = backoff(attempt, random, limits);
      expect(wait).toBeGreaterThanOrEqual(ceiling / 2);
      expect(wait).toBeLessThanOrEqual(ceiling);
    }),
  );
});

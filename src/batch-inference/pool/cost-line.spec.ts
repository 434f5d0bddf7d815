import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CostLine } from './cost-line.js';

const within = (value: number, wanted: number, share: number) =>
  expect(Math.abs(value - wanted)).toBeLessThanOrEqual(share * wanted);
/** −1..1, the same everywhere. */
const noise = (i: number) => Math.sin(i * 12.9898);

describe('what a call costs', () => {
  it('is nothing while nothing is known', () => {
    expect(new CostLine().of(500)).toBe(0);
    expect(new CostLine().rowsWithin(10, 1000)).toBe(1000);
  });

  it('is the line through its warm-up, before any request', () => {
    const cost = new CostLine([2, 64, 512].map((rows) => ({ rows, ms: 0.1 + 0.02 * rows })));
    expect(cost.base).toBeCloseTo(0.1, 9);
    expect(cost.perRow).toBeCloseTo(0.02, 9);
  });

  it.each([
    ['a wrong one too', () => 0, 0.02],
    ['with 20 % of noise', (i: number) => 0.2 * noise(i), 0.1],
    ['with an interruption now and then, ten times as long', (i: number) => (i % 25 === 24 ? 9 : 0), 0.5],
  ])('is found from any start: %s', (_, error, tolerance) => {
    const cost = new CostLine([{ rows: 2, ms: 5 }]);
    for (let i = 0; i < 1000; i += 1) {
      const rows = 1 + ((i * 37) % 300);
      cost.observe(rows, (0.5 + 0.03 * rows) * (1 + error(i)));
    }
    for (const rows of [50, 150, 300]) within(cost.of(rows), 0.5 + 0.03 * rows, tolerance);
  });

  it('follows a machine that becomes four times slower, and faster again', () => {
    const cost = new CostLine([2, 64, 512].map((rows) => ({ rows, ms: 0.1 + 0.02 * rows })));
    for (const factor of [4, 1]) {
      for (let i = 0; i < 300; i += 1) {
        const rows = 1 + ((i * 37) % 300);
        cost.observe(rows, factor * (0.1 + 0.02 * rows));
      }
      within(cost.of(100), factor * 2.1, 0.1);
    }
  });

  it('of calls of one size alone keeps the slope of the warm-up', () => {
    const cost = new CostLine([2, 64, 512].map((rows) => ({ rows, ms: 0.1 + 0.02 * rows })));
    for (let i = 0; i < 5000; i += 1) cost.observe(1, 0.12 * (1 + 0.3 * noise(i)));
    within(cost.of(1), 0.12, 0.3);
    within(cost.of(500), 10.1, 0.3);
  });

  it('is never less than nothing, whatever was measured', () => {
    const calls = fc.array(
      fc.record({ rows: fc.integer({ min: 1, max: 2000 }), ms: fc.double({ min: 0, max: 1e4, noNaN: true }) }),
    );
    fc.assert(
      fc.property(calls, calls, fc.integer({ min: 1, max: 2000 }), (seeds, observed, rows) => {
        const cost = new CostLine(seeds);
        for (const { rows, ms } of observed) cost.observe(rows, ms);
        expect(cost.base).toBeGreaterThanOrEqual(0);
        expect(cost.perRow).toBeGreaterThanOrEqual(0);
        expect(cost.of(rows)).toBeLessThan(Infinity);
        const most = cost.rowsWithin(10, 1000);
        expect(most).toBeGreaterThanOrEqual(1);
        expect(most === 1 || cost.of(most) <= 10 + 1e-9).toBe(true);
      }),
    );
  });
});

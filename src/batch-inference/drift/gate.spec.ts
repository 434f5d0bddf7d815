import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Gate, gateOf } from './gate.js';

const feature = (mean: number, std: number) => ({ name: 'any', mean, std, importance: 0 });
const GATE = new Gate([feature(10, 2), feature(0, 1), feature(5, 0)], 4);

describe('the gate', () => {
  it.each<[string, number[], boolean]>([
    ['lets the mean pass', [10, 0, 5], true],
    ['lets two standard deviations of each pass: their squares are 4', [14, -2, 5], true],
    ['holds back what is a little above', [14, -2.001, 5], false],
    ['lets one feature make up for another', [10, 2.8, 5], true],
    ['does not look at a feature that never varied', [10, 0, 1e30], true],
    ['holds back NaN', [NaN, 0, 5], false],
    ['holds back infinity', [10, Infinity, 5], false],
    ['holds back infinity in a feature that never varied', [10, 0, -Infinity], false],
    ['holds back NaN in a feature that never varied', [10, 0, NaN], false],
  ])('%s', (_, row, admitted) => expect(GATE.admits(Float32Array.from(row), 0)).toBe(admitted));

  it('looks at the newest candle alone, wherever its features begin', () => {
    expect(GATE.admits(Float32Array.of(1e9, NaN, 1e9, 10, 0, 5), 3)).toBe(true);
  });

  it('agrees with the mean of the squares, of however many features', () => {
    const number = fc.float({ min: -100, max: 100, noNaN: true });
    const columns = fc.array(
      fc.record({ mean: number, std: fc.double({ min: 0.1, max: 10, noNaN: true }), value: number }),
      { minLength: 1, maxLength: 9 },
    );
    fc.assert(
      fc.property(columns, fc.double({ min: 0.1, max: 1e4, noNaN: true }), (all, limit) => {
        const distance = all.reduce((sum, { mean, std, value }) => sum + ((value - mean) / std) ** 2, 0) / all.length;
        fc.pre(Math.abs(distance / limit - 1) > 1e-9);
        const gate = new Gate(
          all.map(({ mean, std }) => feature(mean, std)),
          limit,
        );
        expect(
          gate.admits(
            Float32Array.from(all, ({ value }) => value),
            0,
          ),
        ).toBe(distance < limit);
      }),
    );
  });

  it('is there for a model with a reference only', () => {
    expect(gateOf({ features: [feature(0, 1)] })).toBeUndefined();
  });
});

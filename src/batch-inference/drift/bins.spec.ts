import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bins } from './bins.js';

const even = (edges: readonly number[]) => ({
  edges,
  shares: Array<number>(edges.length + 1).fill(1 / (edges.length + 1)),
});

function binOf(edges: readonly number[], value: number): number {
  const bins = new Bins([even(edges)]);
  const counts = new Int32Array(bins.lanes);
  bins.count(Float32Array.of(value), 0, counts, 0);
  return counts.indexOf(1);
}

describe('bins', () => {
  it.each<[string, number[], number, number]>([
    ['the first is open', [0, 1], -1e30, 0],
    ['an edge belongs to the bin below it', [0, 1], 0, 0],
    ['just above it begins the next', [0, 1], 1e-30, 1],
    ['the upper edge as well', [0, 1], 1, 1],
    ['the last is open', [0, 1], 1e30, 2],
    ['one edge makes two', [5], 6, 1],
    ['a float32 that is above a float64 edge by less than a float32 step is above it', [0.1], Math.fround(0.1), 1],
    ['NaN is in none', [0, 1], NaN, -1],
    ['infinity is in none', [0, 1], Infinity, -1],
    ['nor is minus infinity', [0, 1], -Infinity, -1],
  ])('%s', (_, edges, value, bin) => expect(binOf(edges, value)).toBe(bin));

  it('count each column in its own lanes, at any place of the values and of the counts', () => {
    const bins = new Bins([even([0]), even([1, 2, 3, 4])]);
    const counts = new Int32Array(3 * bins.lanes);
    bins.count(Float32Array.of(9, 9, -1, 2.5), 2, counts, bins.lanes);
    expect(bins.lanes).toBe(5);
    expect([...counts.keys()].filter((i) => counts[i]! > 0)).toEqual([5, 12]);
  });

  it('agree with counting the edges below, however many there are', () => {
    const floats = fc.float({ noNaN: true, noDefaultInfinity: true });
    const edges = fc.uniqueArray(floats, { minLength: 1, maxLength: 19 }).map((all) => Float64Array.from(all).sort());
    fc.assert(
      fc.property(edges, floats, (all, value) => {
        expect(binOf([...all], value)).toBe(all.filter((edge) => value > edge).length);
      }),
    );
  });
});

import { expect, it } from 'vitest';
import { NotFinite, writeNumbers } from './json-numbers.js';

function written(values: ArrayLike<number>): string {
  const writing = writeNumbers(values);
  for (;;) {
    const { done, value } = writing.next();
    if (done) return value;
  }
}

it.each<[string, ArrayLike<number>, string]>([
  ['the shortest decimals of each', Float64Array.of(0.1, 1e21, -2.5e-7, 5), '0.1,1e+21,-2.5e-7,5'],
  ['a float32 as the float64 that it is', Float32Array.of(0.1), '0.10000000149011612'],
  ['minus zero as itself', [-0, 0], '-0,0'],
  ['nothing as nothing', [], ''],
])('%s', (_, values, text) => expect(written(values)).toBe(text));

it.each([NaN, Infinity, -Infinity])('%d has no word, and is named by its place', (value) => {
  expect(() => written([1, 2, value])).toThrow(expect.objectContaining({ index: 2 }) as NotFinite);
});

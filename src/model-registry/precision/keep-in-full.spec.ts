import { describe, expect, it } from 'vitest';
import { nextTrial, type Trial } from './keep-in-full.js';

/** Runs the search to its end against an error that is a function of what is in half. */
function search(layers: readonly string[], bound: number, errorOf: (inHalf: readonly string[]) => number) {
  const errors: number[] = [];
  for (;;) {
    const trial: Trial = nextTrial(layers, errors, bound);
    if (trial.state !== 'measure') return { ...trial, trials: errors.length };
    errors.push(errorOf(layers.filter((layer) => !trial.keepInFull.includes(layer))));
  }
}
const LAYERS = ['a', 'b', 'c', 'd'];
const sumOf = (each: Readonly<Record<string, number>>) => (inHalf: readonly string[]) =>
  inHalf.reduce((sum, layer) => sum + (each[layer] ?? 0), 0);

describe('which layers stay in FP32', () => {
  it.each<[string, Record<string, number>, object]>([
    [
      'none, where all together are within the bound',
      { a: 0.2, b: 0.3 },
      { state: 'settled', keepInFull: [], trials: 1 },
    ],
    ['the one that errs', { a: 0.1, b: 9, c: 0.1 }, { state: 'settled', keepInFull: ['b'], trials: 5 }],
    ['two that overflow', { a: Infinity, d: Infinity }, { state: 'settled', keepInFull: ['a', 'd'], trials: 5 }],
    ['two that give no number', { b: NaN, c: NaN }, { state: 'settled', keepInFull: ['b', 'c'], trials: 5 }],
    [
      'the smaller of two that are too much together',
      { a: 0.7, b: 0.7 },
      { state: 'settled', keepInFull: ['b'], trials: 5 },
    ],
    ['all: then there is nothing in half', { a: 2, b: 2, c: 2, d: 2 }, { state: 'hopeless', error: 8, trials: 5 }],
  ])('%s', (_name, each, expected) => expect(search(LAYERS, 1, sumOf(each))).toMatchObject(expected));

  it('the error that is told is that of what is told to keep', () => {
    expect(search(LAYERS, 1, sumOf({ a: 0.25, b: 9, c: 0.5 }))).toMatchObject({ keepInFull: ['b'], error: 0.75 });
  });

  it('a net without layers is hopeless at once', () => {
    expect(nextTrial([], [2], 1)).toEqual({ state: 'hopeless', error: 2 });
  });
});

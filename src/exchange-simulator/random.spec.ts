import { describe, expect, it } from 'vitest';
import { Random } from './random.js';

describe('Random', () => {
  it('repeats itself for the same key and parts ways for neighbouring ones', () => {
    const first = (seed: number, stream: number, index: number) => new Random(seed, stream, index).uniform();
    expect(first(1, 2, 3)).toBe(first(1, 2, 3));
    expect(new Set([first(1, 2, 3), first(2, 2, 3), first(1, 3, 3), first(1, 2, 4), first(2, 1, 3)]).size).toBe(5);
  });

  it('draws uniform numbers inside (0, 1) with mean 1/2 and variance 1/12', () => {
    const numbers = new Float64Array(200_000);
    new Random(5, 6, 7).fillUniform(numbers);
    const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
    const variance = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / numbers.length;
    expect(numbers.every((value) => value > 0 && value < 1)).toBe(true);
    expect(mean).toBeCloseTo(0.5, 2);
    expect(variance).toBeCloseTo(1 / 12, 3);
  });

  it('draws normal numbers with mean 0, variance 1 and kurtosis 3', () => {
    const numbers = new Float64Array(200_000);
    new Random(5, 6, 8).fillGaussian(numbers);
    const moment = (power: number) => numbers.reduce((sum, value) => sum + value ** power, 0) / numbers.length;
    expect(moment(1)).toBeCloseTo(0, 1);
    expect(moment(2)).toBeCloseTo(1, 1);
    expect(moment(4)).toBeGreaterThan(2.9);
    expect(moment(4)).toBeLessThan(3.1);
  });
});

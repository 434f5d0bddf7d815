import { describe, expect, it } from 'vitest';
import { salientFeatures, type Voice } from './salient-features.js';

const top = (name: string, zScore: number) => ({ name, value: zScore * 10, zScore });
const feature = (name: string, importance: number) => ({ name, importance, mean: 0, std: 1 });
const voice = (weight: number, importance: Record<string, number>, moved: Record<string, number>): Voice => ({
  weight,
  features: Object.entries(importance).map(([name, share]) => feature(name, share)),
  top: Object.entries(moved).map(([name, z]) => top(name, z)),
});

describe('what moved a vote', () => {
  const heavy = voice(3, { rsi: 0.5, atr: 0.1 }, { rsi: 2, atr: -4 });
  const light = voice(1, { rsi: 0.1, volume: 0.8 }, { rsi: -5, volume: 3 });

  it('is what moved its members, by their weights; a feature of two counts for both, as the one that it moved more saw it', () => {
    // rsi 3 × 0.5 × 2 + 0.1 × 5, volume 0.8 × 3, atr 3 × 0.1 × 4
    expect(salientFeatures([heavy, light], 5)).toEqual([top('rsi', 2), top('volume', 3), top('atr', -4)]);
    expect(salientFeatures([heavy, light], 1)).toEqual([top('rsi', 2)]);
  });

  it('is nothing where no member answered', () => expect(salientFeatures([], 5)).toEqual([]));
});

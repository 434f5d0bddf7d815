import { describe, expect, it } from 'vitest';
import { declaredFeatures } from './declared-features.js';

describe('--features', () => {
  it('is a list of names', () => {
    const { features } = declaredFeatures('["rsi_14", "macd"]');
    expect(features).toEqual([
      { name: 'rsi_14', mean: 0, std: 0, importance: 0 },
      { name: 'macd', mean: 0, std: 0, importance: 0 },
    ]);
  });

  it.each(['{"features": []}', '[]', '[1]', 'rsi_14', 'null'])('is refused when it is %s', (text) => {
    expect(() => declaredFeatures(text)).toThrowError(expect.objectContaining({ code: 'FEATURES_MISMATCH' }));
  });
});

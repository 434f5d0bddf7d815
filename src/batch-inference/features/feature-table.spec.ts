import { describe, expect, it } from 'vitest';
import { exportRows } from './export.js';
import { FEATURE_HASH, FEATURE_NAMES, FEATURES, featureHashOf, UnknownFeature, WARM_UP } from './feature-table.js';
import { randomWalk } from './random-walk.js';
import { FAMILIES } from './recipe.js';

describe('the feature table', () => {
  it('names at least 44 features, each once, of every family', () => {
    expect(FEATURES.length).toBeGreaterThanOrEqual(44);
    expect(new Set(FEATURE_NAMES).size).toBe(FEATURES.length);
    expect([...new Set(FEATURES.map(({ family }) => family))]).toEqual([...FAMILIES]);
  });

  it.each(FEATURES)('$name says its formula, its source and a warm-up within 250 candles', (feature) => {
    expect(feature.name).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(feature.formula).not.toBe('');
    expect(feature.source).not.toBe('');
    expect(feature.warmUp).toBeGreaterThanOrEqual(1);
    expect(feature.warmUp).toBeLessThanOrEqual(WARM_UP);
    expect(WARM_UP).toBeLessThanOrEqual(250);
  });

  it('hashes definitions in order, and refuses a name it does not know', () => {
    expect(FEATURE_HASH).toMatch(/^[0-9a-f]{64}$/);
    expect(featureHashOf(FEATURE_NAMES)).toBe(FEATURE_HASH);
    expect(featureHashOf(['rsi_14', 'macd'])).not.toBe(featureHashOf(['macd', 'rsi_14']));
    expect(() => featureHashOf(['rsi_14', 'rsi_15'])).toThrow(UnknownFeature);
  });

  // The hash covers what a feature says it is. This row covers what it does: where it changes, a formula has to change
  // with it, or models trained on the old values would be served the new ones.
  it('computes what the models in models/ were trained on', () => {
    const { rows } = exportRows(randomWalk(20_240_101, WARM_UP, '1h'));
    expect(Object.fromEntries(FEATURE_NAMES.map((name, i) => [name, rows[i].toPrecision(5)]))).toMatchSnapshot();
  });
});

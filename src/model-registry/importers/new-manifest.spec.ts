import { describe, expect, it } from 'vitest';
import { checkManifest } from '../manifest.js';
import { newManifest, type Declared, type Described } from './new-manifest.js';

const HASH = 'a'.repeat(64);
const KNOWN = {
  names: ['rsi_14', 'macd', 'body'],
  hashOf: (names: readonly string[]) => (names.length === 2 ? HASH : 'b'.repeat(64)),
};
const DESCRIBED: Described = {
  ...{
    kind: 'trees',
    framework: { name: 'lightgbm', version: '4.7.0' },
    float: 'float64',
    scaler: 'none',
    classes: null,
    missing: true,
  },
  source: {
    file: 'm.txt',
    format: 'lightgbm-text',
    sha256: HASH,
    objective: 'multiclass',
    written_by: 'v4',
    notes: [],
  },
  ...{ input: { name: 'features', window: 1 }, output: { name: 'predictions', columns: 3 } },
  margins: { name: 'margins', columns: 3 },
  features: [{ name: 'Column_0' }, { name: 'Column_1' }],
};
const feature = (name: string) => ({ name, mean: 1, std: 2, importance: 0.5 });
const DECLARED: Declared = {
  ...{ name: 'mine', version: '1.0.0', timeframes: [], features: undefined, createdAt: '2026-01-01T00:00:00Z' },
};
const OURS = { features: [feature('rsi_14'), feature('macd')] };

describe('the manifest of an imported model', () => {
  it.each<[string, Partial<Described>, Partial<Declared>]>([
    ['with columns of its own', {}, {}],
    ["with this project's features", {}, { timeframes: ['5m'], features: OURS }],
    ['of candles', { input: { name: 'x', window: 32 } }, {}],
  ])('%s passes the check that the registry makes', (_, described, declared) => {
    const manifest = newManifest({ ...DESCRIBED, ...described }, { ...DECLARED, ...declared }, HASH, KNOWN);
    expect(checkManifest(manifest, { name: 'mine', version: '1.0.0' }, KNOWN).faults).toEqual([]);
  });

  it('names the features as declared, with what training saw of them', () => {
    const manifest = newManifest(DESCRIBED, { ...DECLARED, timeframes: ['5m'], features: OURS }, HASH, KNOWN);
    expect(manifest.features).toEqual(OURS.features);
    expect(manifest).toMatchObject({ feature_hash: HASH, output: { classes: ['short', 'flat', 'long'] } });
  });

  it.each<[string, Partial<Described>, Partial<Declared>, readonly string[] | null]>([
    ['as its source says', { classes: ['0', '1', '2'] }, {}, ['0', '1', '2']],
    ['as declared', { classes: ['0', '1', '2'] }, { classes: ['bull', 'bear', 'calm'] }, ['bull', 'bear', 'calm']],
    ['nothing, where nobody says', {}, {}, null],
  ])('names its classes %s', (_, described, declared, classes) => {
    const manifest = newManifest({ ...DESCRIBED, ...described }, { ...DECLARED, ...declared }, HASH, KNOWN);
    expect(manifest.output.classes).toEqual(classes);
  });

  it('takes over what the training rows looked like', () => {
    const spread = { edges: [0], shares: [0.5, 0.5] };
    const reference = {
      rows: 9,
      features: [spread, spread],
      outputs: [spread, spread, spread],
      distance: { limit: 25 },
    };
    const declared = { ...DECLARED, features: { ...OURS, reference } };
    const manifest = newManifest(DESCRIBED, declared, HASH, KNOWN);
    expect(manifest.reference).toEqual(reference);
    expect(checkManifest(manifest, { name: 'mine', version: '1.0.0' }, KNOWN).faults).toEqual([]);
  });

  it.each<[string, Partial<Described>, Partial<Declared>, string]>([
    ['fewer classes than it answers', {}, { classes: ['up', 'down'] }, 'OUTPUT_MISMATCH'],
    [
      'timeframes, and classes that do not trade',
      {},
      { timeframes: ['5m'], features: OURS, classes: ['bull', 'bear', 'calm'] },
      'OUTPUT_MISMATCH',
    ],
    ['fewer features than columns', {}, { features: { features: [feature('rsi_14')] } }, 'FEATURES_MISMATCH'],
    [
      'features in another order than the model names them',
      { features: [{ name: 'macd' }, { name: 'rsi_14' }] },
      { features: OURS },
      'FEATURES_MISMATCH',
    ],
    ['timeframes, but features of its own', {}, { timeframes: ['5m'] }, 'FEATURES_MISMATCH'],
    [
      'timeframes, but one answer',
      { output: { name: 'predictions', columns: 1 } },
      { timeframes: ['5m'], features: OURS },
      'OUTPUT_MISMATCH',
    ],
  ])('is refused with %s', (_, described, declared, code) => {
    expect(() => newManifest({ ...DESCRIBED, ...described }, { ...DECLARED, ...declared }, HASH, KNOWN)).toThrowError(
      expect.objectContaining({ code }),
    );
  });
});

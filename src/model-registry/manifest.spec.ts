import { describe, expect, it } from 'vitest';
import { activeModelOf, checkManifest } from './manifest.js';

const HASH = 'a'.repeat(64);
const known = {
  names: ['rsi_14', 'macd', 'body'],
  hashOf: (names: readonly string[]) => (names[0] === 'body' ? 'b'.repeat(64) : HASH),
};
const place = { name: 'gbt', version: '1.0.0' };
const feature = (name: string) => ({ name, mean: 0, std: 1, importance: 0.5 });

function manifest(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    schema: 1,
    name: 'gbt',
    version: '1.0.0',
    kind: 'gradient-boosted-trees',
    framework: { name: 'lightgbm', version: '4.7.0' },
    sha256: HASH,
    input: { name: 'features', shape: [null, 2], dtype: 'float32' },
    output: { name: 'probabilities', shape: [null, 3], dtype: 'float32', classes: ['short', 'flat', 'long'] },
    features: [feature('rsi_14'), feature('macd')],
    feature_hash: HASH,
    window: 1,
    scaler: { kind: 'none', inside: true },
    labels: { method: 'triple-barrier', take_profit_atr: 1.5, stop_loss_atr: 1.5, horizon_candles: 24 },
    timeframes: ['1h', '5m'],
    weight: 0.5,
    training: {
      from: '2024-01-01T00:00:00Z',
      to: '2024-04-01T00:00:00Z',
      symbols: ['BTCUSDT'],
      rows: 1000,
      held_out_symbols: [],
      data: 'candles',
    },
    metrics: { test: {} },
    created_at: '2025-01-01T00:00:00Z',
    ...change,
  };
}

const spread = { edges: [0], shares: [0.5, 0.5] };
const reference = {
  ...{ rows: 1000, features: [spread, spread], outputs: [spread, spread, spread] },
  distance: { limit: 25 },
};

describe('a manifest', () => {
  it('passes when it agrees with itself, its folder and the feature table', () => {
    expect(checkManifest(manifest(), place, known).faults).toEqual([]);
  });

  it('becomes what inference needs, timeframes shortest first', () => {
    const { manifest: read } = checkManifest(manifest(), place, known);
    expect(activeModelOf(read!, '/models/gbt/1.0.0/model.onnx', { engine: 'tree' })).toEqual({
      name: 'gbt',
      version: '1.0.0',
      file: '/models/gbt/1.0.0/model.onnx',
      variant: { engine: 'tree' },
      timeframes: ['5m', '1h'],
      features: [feature('rsi_14'), feature('macd')],
      window: 1,
      input: 'features',
      output: 'probabilities',
      weight: 0.5,
      columns: 3,
      classes: ['short', 'flat', 'long'],
      dtype: { input: 'float32', output: 'float32' },
      role: 'active',
      share: 0,
    });
  });

  it('hands on what its training rows looked like', () => {
    const { manifest: read, faults } = checkManifest(manifest({ reference }), place, known);
    expect(faults).toEqual([]);
    expect(activeModelOf(read!, 'model.onnx', { engine: 'tree' }).reference).toEqual(reference);
  });

  it.each<[string, Record<string, unknown>, string, RegExp]>([
    ['an unknown key', { sha265: HASH }, 'MANIFEST_INVALID', /sha265/],
    ['another schema', { schema: 3 }, 'MANIFEST_INVALID', /schema/],
    ['no semantic version', { version: '1.0' }, 'MANIFEST_INVALID', /semantic version/],
    ['a name that is not its folder', { name: 'tcn' }, 'MANIFEST_INVALID', /folder is "gbt"/],
    ['a version that is not its folder', { version: '1.0.1' }, 'MANIFEST_INVALID', /folder is "1\.0\.0"/],
    ['a path for a name', { name: '../gbt' }, 'MANIFEST_INVALID', /name/],
    ['a short sha256', { sha256: 'abc' }, 'MANIFEST_INVALID', /sha256/],
    [
      'fewer columns than features',
      { input: { name: 'x', shape: [null, 1], dtype: 'float32' } },
      'MANIFEST_INVALID',
      /2 features/,
    ],
    ['a window without its axis', { window: 32 }, 'MANIFEST_INVALID', /\[null,32,2\]/],
    ['fixed rows', { input: { name: 'x', shape: [1, 2], dtype: 'float32' } }, 'MANIFEST_INVALID', /input/],
    ['an unknown timeframe', { timeframes: ['7m'] }, 'MANIFEST_INVALID', /timeframes/],
    ['a timeframe twice', { timeframes: ['1m', '1m'] }, 'MANIFEST_INVALID', /twice/],
    [
      'classes in another order',
      { output: { name: 'p', shape: [null, 3], dtype: 'float32', classes: ['long', 'flat', 'short'] } },
      'MANIFEST_INVALID',
      /classes/,
    ],
    ['a feature twice', { features: [feature('macd'), feature('macd')] }, 'MANIFEST_INVALID', /macd twice/],
    ['no weight', { weight: 0 }, 'MANIFEST_INVALID', /weight/],
    [
      'a reference that is missing a feature',
      { reference: { ...reference, features: [spread] } },
      'MANIFEST_INVALID',
      /reference\.features has 1 spreads for 2 features/,
    ],
    [
      'a reference whose edges descend',
      { reference: { ...reference, outputs: [spread, spread, { edges: [1, 0], shares: [0, 0, 1] }] } },
      'MANIFEST_INVALID',
      /reference\.outputs\.2\.edges: must ascend/,
    ],
    ['a scaler outside the graph', { scaler: { kind: 'standard', inside: false } }, 'MANIFEST_INVALID', /scaler/],
    [
      'a feature nobody computes',
      { features: [feature('rsi_14'), feature('moon_phase')] },
      'FEATURE_UNKNOWN',
      /moon_phase/,
    ],
    [
      'features defined otherwise',
      { features: [feature('body'), feature('macd')] },
      'FEATURE_HASH_MISMATCH',
      /train it again/,
    ],
  ])('is refused with %s', (_, change, code, message) => {
    const [first] = checkManifest(manifest(change), place, known).faults;
    expect(first?.code).toBe(code);
    expect(first?.message).toMatch(message);
  });

  it('without timeframes may read any columns and answer anything', () => {
    const { faults } = checkManifest(
      manifest({
        ...{ schema: 2, timeframes: [], feature_hash: null, labels: null, training: null },
        input: { name: 'features', shape: [null, 2], dtype: 'float64' },
        output: { name: 'predictions', shape: [null, 1], dtype: 'float64', classes: null },
        margins: { name: 'margins', columns: 1 },
        features: [{ name: 'moon_phase' }, { name: 'tide', categories: ['ebb', 'flood'] }],
      }),
      place,
      known,
    );
    expect(faults).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['features of its own', { feature_hash: null }, /need this project's features/],
    [
      'other classes',
      { output: { name: 'p', shape: [null, 2], dtype: 'float32', classes: ['up', 'down'] } },
      /classes/,
    ],
  ])('with timeframes and %s is refused', (_, change, message) => {
    expect(checkManifest(manifest(change), place, known).faults[0]?.message).toMatch(message);
  });

  it('has every fault named at once', () => {
    const { faults } = checkManifest(manifest({ name: 'tcn', timeframes: ['1m', '1m'] }), place, known);
    expect(faults).toHaveLength(2);
  });

  it.each([null, [], 'text', 7])('is refused when it is %j', (raw) => {
    expect(checkManifest(raw, place, known).faults[0]?.code).toBe('MANIFEST_INVALID');
  });
});

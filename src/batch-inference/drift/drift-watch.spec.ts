import { describe, expect, it } from 'vitest';
import { CLASSIFIER } from '../../../test/builders/active-model.js';
import type { ActiveModel } from '../../domain/model.js';
import type { Spreads } from '../../domain/reference.js';
import { DriftWatch, type AnsweredRows } from './drift-watch.js';

const half = { edges: [0], shares: [0.5, 0.5] };
const spreads: Spreads = { features: [half, half], outputs: [half, half, half] };
const shifted: Spreads = { ...spreads, features: [{ edges: [100], shares: [0.9, 0.1] }, half] };
const feature = (name: string) => ({ name, mean: 0, std: 1, importance: 0.5 });
const MODEL: ActiveModel = {
  ...{ name: 'gbt', version: '1.0.0', file: '', timeframes: ['1m', '5m'], window: 1, input: 'x', output: 'p' },
  ...{ ...CLASSIFIER, variant: { engine: 'tree' }, features: [feature('body'), feature('macd')] },
  reference: { ...spreads, rows: 1000, distance: { limit: 9 }, timeframes: { '5m': shifted } },
};

/** Every other row below 0 and above 0, in both features; the answers lie above 0. */
function rowsOf(rows: number, value = (row: number) => (row % 2 === 0 ? -1 : 1)): AnsweredRows {
  const features = Float32Array.from({ length: rows * 2 }, (_, i) => value(Math.floor(i / 2)));
  return { rows, features, featureStride: 2, outputs: new Float32Array(rows * 3).fill(0.25), outputStride: 3 };
}

function take(watch: DriftWatch, parts: readonly AnsweredRows[], timeframe: '1m' | '5m' = '1m', model = MODEL) {
  const steps = watch.absorb(model, timeframe, parts);
  let turns = 0;
  let step = steps.next();
  for (; !step.done; step = steps.next()) turns += 1;
  return { turns, report: step.value };
}

describe('drift', () => {
  it('is told from 500 rows on', () => {
    const watch = new DriftWatch();
    expect(take(watch, [rowsOf(499)]).report).toBeUndefined();
    expect(watch.collecting()).toEqual([{ model: { name: 'gbt', version: '1.0.0' }, timeframe: '1m', rows: 499 }]);
    const { report } = take(watch, [rowsOf(1)]);
    expect(report).toMatchObject({ model: { name: 'gbt', version: '1.0.0' }, timeframe: '1m', rows: 500 });
    expect(watch.reports()).toEqual([report]);
    expect(watch.collecting()).toEqual([]);
  });

  it('names every feature and every class', () => {
    const { report } = take(new DriftWatch(), [rowsOf(600)]);
    expect(report!.features).toEqual([
      { name: 'body', psi: 0, ks: 0 },
      { name: 'macd', psi: 0, ks: 0 },
    ]);
    expect(report!.outputs.map(({ name }) => name)).toEqual(['short', 'flat', 'long']);
    expect(report!.outputs.every(({ psi, ks }) => psi > 1 && ks === 0.5)).toBe(true);
  });

  it("is measured against the timeframe's own rows where the manifest has them", () => {
    const watch = new DriftWatch();
    const { report } = take(watch, [rowsOf(1000)], '5m');
    expect(report!.features.map(({ name, ks }) => [name, ks.toFixed(3)])).toEqual([
      ['body', '0.100'],
      ['macd', '0.000'],
    ]);
  });

  it('holds the newest rows, at most 10,000, over parts and batches of any size', () => {
    const watch = new DriftWatch();
    take(watch, [rowsOf(2_500, () => -1), rowsOf(1_700, () => -1)]);
    expect(take(watch, [rowsOf(10_000)]).report).toMatchObject({ rows: 9_200, features: [{ psi: 0 }, { psi: 0 }] });
    expect(take(watch, [rowsOf(800)]).report!.rows).toBe(10_000);
    expect(take(watch, [rowsOf(1)]).report!.rows).toBe(9_001);
  });

  it('gives the main loop its turn in a large batch', () => {
    expect(take(new DriftWatch(), [rowsOf(20_000)]).turns).toBeGreaterThan(3);
  });

  it('leaves out an answer that is no number, and a column that has none', () => {
    const rows = rowsOf(1000);
    rows.outputs.fill(NaN);
    rows.outputs.set([0.5, NaN, 0.5]);
    expect(take(new DriftWatch(), [rows]).report!.outputs.map(({ name, ks }) => [name, ks])).toEqual([
      ['short', 0.5],
      ['long', 0.5],
    ]);
  });

  it('is not measured of a model without a reference', () => {
    const watch = new DriftWatch();
    const { reference: _, ...bare } = MODEL;
    expect(take(watch, [rowsOf(1000)], '1m', bare)).toEqual({ turns: 0, report: undefined });
    expect(watch.collecting()).toEqual([]);
  });

  it('is forgotten with its model', () => {
    const watch = new DriftWatch();
    take(watch, [rowsOf(1000)]);
    watch.keep([MODEL]);
    expect(watch.reports()).toHaveLength(1);
    watch.keep([{ ...MODEL, version: '1.0.1' }]);
    expect(watch.reports()).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { answers, golden, GOLDEN_NAMES, goldenModel, ulps32 } from '../../../../test/golden/xgboost/golden.js';
import { faultOf } from '../../../engines/trees/ensemble-faults.js';
import type { Imported } from '../imported.js';
import { importXgboost, looksLikeXgboost } from './xgboost.js';

const imported = (name: string, format: 'json' | 'ubj' = 'ubj', trees: 'best' | 'all' = 'all') =>
  importXgboost(goldenModel(name, format)!, { trees });

describe('a model that XGBoost trained', () => {
  it.each(GOLDEN_NAMES)('%s: margins to the bit, predictions to 2 ulp', (name) => {
    const { rows, all, best, columns, release, objective } = golden(name);
    const whole = imported(name, 'json');
    expect(whole).toMatchObject({
      writtenBy: `xgboost ${release}`,
      objective,
      model: { ensemble: { features: columns } },
    });
    expectAnswers(whole, rows, all);
    if (best) expectAnswers(imported(name, 'json', 'best'), rows, best);
  });

  it.each(GOLDEN_NAMES.filter((name) => goldenModel(name, 'ubj')))('%s: the same from UBJSON as from JSON', (name) => {
    const { format, ...rest } = imported(name);
    expect(format).toBe('xgboost-ubjson');
    expect({ format: 'xgboost-json', ...rest }).toEqual(imported(name, 'json'));
  });
});

function expectAnswers({ model }: Imported, rows: Float32Array, native: ReturnType<typeof golden>['all']): void {
  expect(faultOf(model.ensemble)).toBeUndefined();
  const { margins, predictions } = answers(model, rows);
  expect(margins).toHaveLength(native.margins.length);
  expect(Array.from(margins.keys()).filter((i) => !Object.is(margins[i], native.margins[i]))).toEqual([]);
  expect(predictions).toHaveLength(native.predictions.length);
  const apart = Array.from(predictions, (prediction, i) => ulps32(prediction, native.predictions[i]));
  expect(Math.max(...apart)).toBeLessThanOrEqual(2);
}

describe('recognised', () => {
  it('x', () => expect(looksLikeXgboost(goldenModel('dart', 'ubj')!)).toBe(true));
});

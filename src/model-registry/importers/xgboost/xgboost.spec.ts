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

describe('what else a file says', () => {
  it('names of columns and of categories', () => {
    const { model, categoryNames, notes } = imported('categories');
    expect(model.featureNames).toEqual([0, 1, 2, 3, 4, 5].map((column) => `column ${column}`));
    expect(model.rules.categories).toEqual({ rule: 'floor', columns: [1, 4] });
    expect([...categoryNames]).toEqual([[4, [-3, 2, 7, 12, 17, 22, 27, 32, 37, 42, 47, 52]]]);
    expect(notes).toEqual(["the names of column 1's categories are not ASCII, which XGBoost saves damaged: left out"]);
  });

  it('columns without names are f0, f1, …', () => {
    expect(imported('gamma').model.featureNames).toEqual(['f0', 'f1', 'f2', 'f3', 'f4', 'f5']);
  });

  it('the rounds up to the best, of which some are kept', () => {
    expect(imported('best-iteration', 'ubj', 'best').notes).toEqual(['9 of 15 rounds kept: best_iteration']);
    expect(imported('best-iteration').notes).toEqual(['all 15 rounds kept, though best_iteration is 8']);
    expect(imported('gamma', 'ubj', 'best')).toEqual(imported('gamma'));
  });

  it('dart is exact against one of two ways that XGBoost predicts', () => {
    expect(imported('dart').notes).toEqual([
      'dart: as Booster.predict answers; inplace_predict differs from it in the last bits',
    ]);
  });

  it('pruned nodes are gone, and children follow their parents', () => {
    const { ensemble } = imported('binary-logistic').model;
    const inFile = goldenText('binary-logistic')
      .match(/"num_nodes":"\d+"/g)!
      .map((text) => Number(text.match(/\d+/)));
    expect(ensemble.mode.length).toBeLessThan(inFile.reduce((sum, nodes) => sum + nodes));
  });
});

function goldenText(name: string): string {
  return Buffer.from(goldenModel(name, 'json')!).toString();
}

describe('recognised by its first bytes', () => {
  const oldBinary = Buffer.alloc(200);
  oldBinary.writeBigUInt64LE(15n, 136);
  oldBinary.write('binary:logistic', 144);
  it.each<[string, Uint8Array, boolean]>([
    ['JSON', Buffer.from('{"learner":{}}'), true],
    ['JSON with spaces, the version first', Buffer.from('\n{ "version":[1,0,2], "learner" : {}}'), true],
    ['UBJSON', goldenModel('dart', 'ubj')!, true],
    ['the old binary format of 2.x', Buffer.from('binf'), true],
    ['the old binary format', oldBinary, true],
    ['a dump of trees', Buffer.from('[{"nodeid":0,"leaf":1}]'), false],
    ['other JSON', Buffer.from('{"name":"tree"}'), false],
    ['LightGBM', Buffer.from('tree\nversion=v4\n'), false],
    ['nothing', new Uint8Array(0), false],
  ])('%s', (_, bytes, looks) => {
    expect(looksLikeXgboost(bytes)).toBe(looks);
  });
});

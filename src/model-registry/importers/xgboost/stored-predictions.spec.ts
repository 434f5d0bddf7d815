import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sharedData } from '../../../../test/builders/shared-data.js';
import { answers, ulps32 } from '../../../../test/golden/xgboost/golden.js';
import { faultOf } from '../../../engines/trees/ensemble-faults.js';
import { importXgboost } from './xgboost.js';

/** Models of XGBoost 3.4.1, whose dart is a gbtree with weight_drop, and the predictions that were stored with them. */
const STORED = [
  {
    model: 'MultinomialClassificationIris',
    data: 'Iris',
    expected: ['probability(0)', 'probability(1)', 'probability(2)'],
  },
  { model: 'LinearRegressionAuto', data: 'Auto', expected: ['_target'] },
];

describe.skipIf(!sharedData('models/SOURCES.md'))('a stored model answers as stored', () => {
  it.each(STORED.flatMap((each) => ['json', 'ubj'].map((format) => ({ ...each, format }))))(
    '$model.$format',
    ({ model: name, data, expected, format }) => {
      const { model, categoryNames, notes } = importXgboost(bytesOf(`${name}.${format}`), { trees: 'best' });
      expect(faultOf(model.ensemble)).toBeUndefined();
      expect(notes).toContain('written by XGBoost 3.4.1; answers were compared with 3.2');
      const rows = columns(`${data}.data.csv`, model.featureNames).map((cells) =>
        cells.map((cell, column) => categoryNames.get(column)?.indexOf(cell) ?? Number(cell)),
      );
      const { predictions } = answers(model, Float32Array.from(rows.flat()));
      const stored = columns(`${name}.expected.csv`, expected).flat().map(Number);
      expect(predictions).toHaveLength(stored.length);
      const apart = stored.map((number, i) => ulps32(predictions[i], number));
      expect(Math.max(...apart)).toBeLessThanOrEqual(2);
    },
  );

  it.each(['xgagaricus.model', 'xg_dart_agaricus.model'])('%s is refused, saying what to do', (file) => {
    const bytes = readFileSync(sharedData(`models/leaves/${file}`)!);
    expect(() => importXgboost(bytes, { trees: 'best' })).toThrow(
      expect.objectContaining({ code: 'FORMAT_UNKNOWN', message: expect.stringContaining('save_model("model.ubj")') }),
    );
  });
});

function bytesOf(file: string): Buffer {
  return readFileSync(sharedData(`models/jpmml-xgboost/${file}`)!);
}

/** The named columns of a CSV file. */
function columns(file: string, names: readonly string[]): string[][] {
  const [head, ...rows] = bytesOf(file)
    .toString()
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','));
  return rows.map((cells) => names.map((name) => cells[head.indexOf(name)]));
}

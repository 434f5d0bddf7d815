import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ImportedModel } from '../../src/model-registry/importers/model-import.service.js';
import { score } from '../../src/model-registry/scoring/scoring.service.js';
import { freshRegistrar } from '../builders/registrar.js';
import { sharedData } from '../builders/shared-data.js';

const { registrar, modelsDir, remove } = freshRegistrar();
afterAll(remove);

async function take(name: string, source: string): Promise<ImportedModel> {
  const taken = await registrar.import({
    ...{ name, source, timeframes: [], features: undefined, golden: undefined, trees: 'best' },
  });
  if ('code' in taken) throw new Error(`${taken.code}: ${taken.message}`);
  return taken;
}

/** Every check of a variant, all buckets together. */
function worst({ certificate }: ImportedModel, variant: string) {
  const { checks } = certificate.variants.find((one) => one.variant === variant)!;
  return checks.map(({ outputs, label_flips }) => ({ differing: outputs[0]!.differing_numbers, label_flips }));
}

describe.skipIf(!sharedData('models/SOURCES.md'))('models of other people, whole way', () => {
  it.each([
    ['lightgbm-dart', 'leaves/lg_dart_breast_cancer.model'],
    ['lightgbm-multiclass', 'leaves/lgmulticlass.model'],
    ['lightgbm-forest', 'leaves/lg_rf_iris.model'],
    ['lightgbm-iris', 'jpmml-lightgbm/ClassificationIris.txt'],
    ['lightgbm-housing', 'jpmml-lightgbm/RegressionHousing.txt'],
    ['xgboost-auto', 'jpmml-xgboost/LinearRegressionAuto.json'],
    ['xgboost-auto-ubj', 'jpmml-xgboost/LinearRegressionAuto.ubj'],
    ['xgboost-iris', 'jpmml-xgboost/MultinomialClassificationIris.json'],
    ['xgboost-iris-ubj', 'jpmml-xgboost/MultinomialClassificationIris.ubj'],
  ])('%s is certified on both engines, every margin equal to the last bit', async (name, file) => {
    const taken = await take(name, sharedData(`models/${file}`)!);
    for (const variant of ['tree', 'onnx/cpu'])
      expect(
        worst(taken, variant).every(({ differing }) => differing === 0),
        variant,
      ).toBe(true);
    expect(taken.certificate.rows.thresholds).toBeGreaterThan(0);
  });

  it.each([
    ['tract-lightgbm', 'tract-lgbm_classifier_tensor', 'probabilities', 1e-6],
    ['tract-xgboost', 'tract-xgboost_regressor_tree', 'variable', 0],
  ])('%s, an ONNX file of another tool, answers as stored', async (name, folder, output, tolerance) => {
    const at = sharedData(`models/onnx/${folder}`)!;
    await take(name, join(at, 'model.onnx'));
    const io = JSON.parse(readFileSync(join(at, 'io.json'), 'utf8')) as Record<string, { data: number[] }>;
    const input = Float64Array.from(io['input']!.data);
    const { values } = await score(await registrar.find(name), 1, input, { raw: false, engine: undefined });
    values.forEach((value, i) => expect(Math.abs(value - io[output]!.data[i]!)).toBeLessThanOrEqual(tolerance));
  });

  it('a scikit-learn forest behind a ZipMap answers as stored, on either engine', async () => {
    const at = sharedData('models/onnx/yalue-sklearn-randomforest')!;
    await take('forest', join(at, 'model.onnx'));
    const io = JSON.parse(readFileSync(join(at, 'io.json'), 'utf8')) as {
      X: { data: number[] };
      output_probability: number[][];
    };
    for (const engine of ['tree', 'onnx'] as const) {
      const options = { raw: false, engine };
      const { values } = await score(await registrar.find('forest'), 6, Float64Array.from(io.X.data), options);
      expect([...values]).toEqual(io.output_probability.flat().map(Math.fround));
    }
  });

  it.each([
    ['the old binary format of XGBoost', 'leaves/xgagaricus.model', 'FORMAT_UNKNOWN', /save/],
    ['a graph of three inputs', 'onnx/onnx-node-tests/test_lstm_defaults/model.onnx', 'NOT_EXPRESSIBLE', /3 inputs/],
    ['a table', 'leaves/multiclass_test.tsv', 'FORMAT_UNKNOWN', /training\/export/],
  ])('%s is refused, and nothing registered', async (_, file, code, message) => {
    const before = readdirSync(modelsDir);
    const refusal = expect.objectContaining({ code, message: expect.stringMatching(message) });
    await expect(take('refused', sharedData(`models/${file}`)!)).rejects.toEqual(refusal);
    expect(readdirSync(modelsDir)).toEqual(before);
  });
});

describe('models that training/export made', () => {
  it.each(readdirSync('test/golden/export').filter((one) => !one.includes('.')))(
    '%s answers as the library that made it',
    async (kind) => {
      const { manifest, certificate } = await take(kind, join('test/golden/export', kind));
      expect(certificate.reference.golden).toMatch(/^(scikit-learn|pytorch|tensorflow) \d/);
      const full = certificate.variants.find(({ variant }) => variant === 'onnx/cpu')!;
      expect(full).toMatchObject({ certified: true, reason: null });
      expect(full.checks.map(({ bucket }) => bucket)).toEqual([1, 3, 64, 257, 2000]);
      expect(manifest.source).toMatchObject({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    },
  );
});

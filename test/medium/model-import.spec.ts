import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Certificate } from '../../src/model-registry/certification/certificate.js';
import type { Manifest } from '../../src/model-registry/manifest.js';
import { floats, int, ints, node, texts } from '../../src/engines/onnx/onnx-node.js';
import { encodeModel, TYPE } from '../../src/engines/onnx/onnx-proto.js';
import { ModelsCommand } from '../builders/models-command.js';
import { sharedData } from '../builders/shared-data.js';

const cli = new ModelsCommand();
afterAll(() => cli.remove());

type Table = string[][];

/** Another person's model, rows, and the answers that were stored with them. */
interface Stored {
  readonly file: string;
  /** Columns in the order of the model's, or below a header of their names. */
  readonly rows: () => Table;
  readonly answers: () => Table;
  /** The stored answers are margins; divided by a number, where that is given. */
  readonly raw?: true | { readonly over: number };
  /** Largest difference: 0, or what another C library's exp makes of it. */
  readonly within: number;
}

const STORED: readonly Stored[] = [
  {
    file: 'leaves/lg_dart_breast_cancer.model',
    rows: () => tabbed('leaves/breast_cancer_test.tsv'),
    answers: () => tabbed('leaves/lg_dart_breast_cancer_true_predictions.txt'),
    within: 0,
  },
  {
    file: 'leaves/lgmulticlass.model',
    rows: () => tabbed('leaves/multiclass_test.tsv').map(([_label, ...row]) => row),
    answers: () => tabbed('leaves/lgmulticlass_true_predictions.txt'),
    within: 1e-16,
  },
  {
    file: 'leaves/lgmulticlass.model',
    rows: () => tabbed('leaves/multiclass_test.tsv').map(([_label, ...row]) => row),
    answers: () => tabbed('leaves/lgmulticlass_true_raw_predictions.txt'),
    ...{ raw: true, within: 0 },
  },
  {
    file: 'leaves/lg_rf_iris.model',
    rows: () => sparse('leaves/iris_test.libsvm', 4),
    answers: () => tabbed('leaves/lg_rf_iris_true_predictions.txt'),
    ...{ raw: { over: 30 }, within: 0 },
  },
  {
    file: 'jpmml-lightgbm/ClassificationIris.txt',
    rows: () => without(['Species'], table('jpmml-lightgbm/Iris.data.csv')),
    answers: () => without(['_target'], table('jpmml-lightgbm/ClassificationIris.expected.csv')).slice(1),
    within: 2e-16,
  },
  {
    file: 'jpmml-lightgbm/RegressionHousing.txt',
    rows: () => without(['MEDV'], table('jpmml-lightgbm/Housing.data.csv')),
    answers: () => table('jpmml-lightgbm/RegressionHousing.expected.csv').slice(1),
    within: 0,
  },
  ...['json', 'ubj'].flatMap((format): Stored[] => [
    {
      file: `jpmml-xgboost/MultinomialClassificationIris.${format}`,
      rows: () => without(['Species'], table('jpmml-xgboost/Iris.data.csv')),
      answers: () => without(['_target'], table('jpmml-xgboost/MultinomialClassificationIris.expected.csv')).slice(1),
      within: 1e-7,
    },
    {
      file: `jpmml-xgboost/LinearRegressionAuto.${format}`,
      rows: () => without(['mpg'], table('jpmml-xgboost/Auto.data.csv')),
      answers: () => table('jpmml-xgboost/LinearRegressionAuto.expected.csv').slice(1),
      within: 2e-6,
    },
  ]),
];

describe.skipIf(!sharedData('models/SOURCES.md'))('a model of other people, imported, answers as stored', () => {
  it.each(STORED)('$file', async ({ file, rows, answers, raw, within }) => {
    const name = nameOf(file);
    const { manifest, certificate } = await imported(sharedData(`models/${file}`)!, name);
    expect(certificate.reference.all).toBe('definition');
    expect(certificate.rows.thresholds).toBeGreaterThan(0);
    const csv = csvOf(rows(), manifest.features);
    const expected = numbers(answers());
    for (const engine of ['tree', 'onnx']) {
      const found = await predicted(name, csv, '--engine', engine, ...(raw ? ['--raw'] : []));
      const over = typeof raw === 'object' ? raw.over : 1;
      expect(apart(found, expected, over), engine).toBeLessThanOrEqual(within);
      expect(differingMargins(certificate, engine), engine).toBe(0);
    }
  });

  it.each<[string, string, readonly string[], string, number]>([
    ['of LightGBM, as plain operators', 'tract-lgbm_classifier_tensor', ['onnx'], 'probabilities', 2e-8],
    ['of XGBoost', 'tract-xgboost_regressor_tree', ['onnx', 'tree'], 'variable', 0],
    ['of scikit-learn, behind a ZipMap', 'yalue-sklearn-randomforest', ['onnx', 'tree'], 'output_probability', 0],
  ])('an ONNX file %s', async (_, folder, engines, output, within) => {
    const at = sharedData(`models/onnx/${folder}`)!;
    const io = JSON.parse(readFileSync(`${at}/io.json`, 'utf8')) as Record<string, { data: number[] } | number[][]>;
    const { data } = (io['input'] ?? io['X']) as { data: number[] };
    const answers = io[output]!;
    const { manifest } = await imported(`${at}/model.onnx`, nameOf(folder));
    const width = manifest.features.length;
    const rows = Array.from({ length: data.length / width }, (_, row) => data.slice(row * width, (row + 1) * width));
    const csv = rows.map((row) => row.join(',')).join('\n');
    for (const engine of engines) {
      const found = await predicted(nameOf(folder), csv, '--engine', engine);
      expect(apart(found, 'data' in answers ? [answers.data] : answers), engine).toBeLessThanOrEqual(within);
    }
  });

  it.each([
    ['the old binary format of XGBoost', 'leaves/xgagaricus.model', 'FORMAT_UNKNOWN', /save_model\("model\.ubj"\)/],
    ['the same of DART', 'leaves/xg_dart_agaricus.model', 'FORMAT_UNKNOWN', /save_model\("model\.ubj"\)/],
    ['a graph of three inputs', 'onnx/onnx-node-tests/test_lstm_defaults/model.onnx', 'NOT_EXPRESSIBLE', /3 inputs/],
    ['a graph of fixed rows', 'onnx/onnx-node-tests/test_softmax_axis_1/model.onnx', 'NOT_EXPRESSIBLE', /rows/],
    ['a table', 'leaves/multiclass_test.tsv', 'FORMAT_UNKNOWN', /training\/export/],
  ])('%s is refused, and nothing registered', async (_, file, code, message) => {
    const before = cli.everything();
    const refusal = await cli.refusal('import', sharedData(`models/${file}`)!, '--name', 'refused');
    expect(refusal).toEqual({ code, message: expect.stringMatching(message) });
    expect(cli.everything()).toEqual(before);
  });
});

/** [rows, columns]: the rows are left open without a name. */
function nameless(name: string, columns: number) {
  return { name, type: { tensor_type: { elem_type: TYPE.FLOAT, shape: { dim: [{}, { dim_value: columns }] } } } };
}

describe('trees of another tool that ask for a category', () => {
  it('stay in their graph, and are certified there; their rows may be free without a name', async () => {
    const nodes = {
      ...{ nodes_treeids: ints([0, 0, 0]), nodes_nodeids: ints([0, 1, 2]), nodes_featureids: ints([0, 0, 0]) },
      ...{ nodes_modes: texts(['BRANCH_EQ', 'LEAF', 'LEAF']), nodes_values: floats([1, 0, 0]) },
      ...{ nodes_truenodeids: ints([1, 0, 0]), nodes_falsenodeids: ints([2, 0, 0]) },
      ...{ target_treeids: ints([0, 0]), target_nodeids: ints([1, 2]), target_ids: ints([0, 0]) },
      ...{ target_weights: floats([5, 7]), n_targets: int(1) },
    };
    const onnx = {
      ...{ ir_version: 8, opset_import: [{ domain: 'ai.onnx.ml', version: 3 }] },
      graph: {
        ...{ name: 'trees', node: [node('TreeEnsembleRegressor', ['x'], ['y'], nodes, 'ai.onnx.ml')] },
        ...{ input: [nameless('x', 2)], output: [nameless('y', 1)] },
      },
    };
    const { manifest } = await cli.json<{ manifest: Manifest }>(
      ...['import', cli.file('eq.onnx', encodeModel(onnx)), '--name', 'eq'],
    );
    expect(manifest.source?.format).toBe('onnx');
    for (const engine of ['onnx', 'tree']) {
      const { rows } = await cli.json<{ rows: number[][] }>(
        ...['predict', 'eq', '--rows', cli.file('eq.csv', '1,0\n2,0\n1.5,0\n'), '--engine', engine],
      );
      expect(rows).toEqual([[5], [7], [7]]);
    }
  });
});

describe('a model that training/export made', () => {
  it.each(readdirSync('test/golden/export').filter((one) => !one.includes('.')))(
    '%s answers as its library, alone and among others',
    async (kind) => {
      const { certificate } = await imported(join('test/golden/export', kind), kind);
      const full = certificate.variants.find(({ variant }) => variant === 'onnx/cpu')!;
      expect(full).toMatchObject({ certified: true, reason: null });
      expect(full.checks.map(({ bucket }) => bucket)).toEqual([1, 3, 64, 257, 2000]);
      const text = readFileSync(join('test/golden/export', kind, 'golden.json'), 'utf8');
      const { by, tolerance, inputs, outputs } = JSON.parse(text) as GoldenFile;
      expect(certificate.reference.golden).toBe(by);
      const csv = (rows: GoldenFile['inputs']) => rows.map((row) => row.map(cellOf).join(',')).join('\n');
      const most = Math.max(...outputs.flat().map(Math.abs));
      const within = tolerance.absolute + tolerance.relative * most;
      expect(apart(await predicted(kind, csv(inputs)), outputs)).toBeLessThanOrEqual(within);
      expect(apart(await predicted(kind, csv(inputs.slice(0, 1))), outputs.slice(0, 1))).toBeLessThanOrEqual(within);
    },
  );
});

interface Imported {
  readonly manifest: Manifest;
  readonly certificate: Certificate;
}

interface GoldenFile {
  readonly by: string;
  readonly tolerance: { readonly absolute: number; readonly relative: number };
  readonly inputs: readonly (readonly (number | string)[])[];
  readonly outputs: readonly (readonly number[])[];
}

const known = new Map<string, Promise<Imported>>();

/** Once a name: a model that is asked two things is imported once. */
function imported(file: string, name: string): Promise<Imported> {
  if (!known.has(name)) known.set(name, cli.json<Imported>('import', file, '--name', name));
  return known.get(name)!;
}

async function predicted(name: string, csv: string, ...words: string[]): Promise<number[][]> {
  const { rows } = await cli.json<{ rows: number[][] }>('predict', name, '--rows', cli.file('rows.csv', csv), ...words);
  return rows;
}

function differingMargins({ variants }: Certificate, engine: string): number {
  const { checks } = variants.find(({ variant }) => variant.split('/')[0] === engine)!;
  return checks.reduce((sum, { outputs }) => sum + outputs[0]!.differing_numbers, 0);
}

/** @returns the largest difference; infinite where they are not of the same size */
function apart(found: number[][], expected: readonly (readonly number[])[], over = 1): number {
  if (found.map((row) => row.length).join() !== expected.map((row) => row.length).join()) return Infinity;
  return Math.max(...found.flatMap((row, i) => row.map((x, k) => Math.abs(x / over - expected[i]![k]!))));
}

const nameOf = (file: string): string =>
  file
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(-40)
    .replace(/^-/, '');
const numbers = (rows: Table): number[][] => rows.map((row) => row.map(Number));
const cellOf = (x: number | string): string => (x === 'NaN' ? '' : String(x));

/** A column's categories go by their numbers: their names may be numbers too. */
function csvOf(rows: Table, features: Manifest['features']): string {
  const [first] = rows;
  const named = features.some(({ name }) => first!.includes(name));
  const categories = first!.map((cell) => features.find(({ name }) => name === cell)?.categories?.map(String));
  return rows
    .map((row, i) =>
      row.map((cell, k) => (named && i > 0 && categories[k] ? categories[k].indexOf(cell) : cell)).join(','),
    )
    .join('\n');
}

function lines(file: string): string[] {
  const text = readFileSync(sharedData(`models/${file}`)!, 'utf8');
  return text.split(/\r?\n/).filter((line) => line.trim() !== '');
}

const tabbed = (file: string): Table => lines(file).map((line) => line.split('\t'));
const table = (file: string): Table => lines(file).map((line) => line.split(','));

function without(names: readonly string[], [head, ...rows]: Table): Table {
  const kept = (row: string[]) => row.filter((_, column) => !names.includes(head![column]!));
  return [head!, ...rows].map(kept);
}

/** `label column:value …`; a column left out is 0. */
function sparse(file: string, features: number): Table {
  return lines(file).map((line) => {
    const row = new Array<string>(features).fill('0');
    for (const [, column, value] of line.matchAll(/(\d+):(\S+)/g)) row[Number(column)] = value!;
    return row;
  });
}

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sharedData } from '../../../../test/builders/shared-data.js';
import { answers, ulps } from '../../../../test/golden/lightgbm/golden.js';
import { faultOf } from '../../../engines/trees/ensemble-faults.js';
import { importLightgbm } from './lightgbm.js';

/** Models of other people, of versions v2 and v4, with the predictions they stored. */
interface Stored {
  readonly file: string;
  readonly rows: () => number[][];
  readonly expected: () => number[][];
  readonly what: 'margins' | 'margins / 30' | 'predictions';
  /** Above 0 where they were made with another C library's exp. */
  readonly ulps: number;
}

const IRIS = ['Petal.Length', 'Petal.Width', 'Sepal.Length', 'Sepal.Width'];
const HOUSING = 'AGE B CHAS CRIM DIS INDUS LSTAT NOX PTRATIO RAD RM TAX ZN'.split(' ');
const multiclassRows = () => tabbed('leaves/multiclass_test.tsv').map(([_label, ...row]) => row);

const STORED: Stored[] = [
  {
    file: 'leaves/lg_dart_breast_cancer.model',
    rows: () => tabbed('leaves/breast_cancer_test.tsv'),
    expected: () => tabbed('leaves/lg_dart_breast_cancer_true_predictions.txt'),
    ...{ what: 'predictions', ulps: 0 },
  },
  {
    file: 'leaves/lgmulticlass.model',
    rows: multiclassRows,
    expected: () => tabbed('leaves/lgmulticlass_true_raw_predictions.txt'),
    ...{ what: 'margins', ulps: 0 },
  },
  {
    file: 'leaves/lgmulticlass.model',
    rows: multiclassRows,
    expected: () => tabbed('leaves/lgmulticlass_true_predictions.txt'),
    ...{ what: 'predictions', ulps: 3 },
  },
  {
    file: 'leaves/lg_rf_iris.model',
    rows: () => sparse('leaves/iris_test.libsvm', 4),
    expected: () => tabbed('leaves/lg_rf_iris_true_predictions.txt'),
    ...{ what: 'margins / 30', ulps: 0 },
  },
  {
    file: 'jpmml-lightgbm/ClassificationIris.txt',
    rows: () => columns('jpmml-lightgbm/Iris.data.csv', IRIS),
    expected: () =>
      columns(
        'jpmml-lightgbm/ClassificationIris.expected.csv',
        [0, 1, 2].map((k) => `probability(${k})`),
      ),
    ...{ what: 'predictions', ulps: 1 },
  },
  {
    file: 'jpmml-lightgbm/RegressionHousing.txt',
    rows: () => columns('jpmml-lightgbm/Housing.data.csv', HOUSING),
    expected: () => columns('jpmml-lightgbm/RegressionHousing.expected.csv', ['_target']),
    ...{ what: 'predictions', ulps: 0 },
  },
];

describe.skipIf(!sharedData('models/SOURCES.md'))('a stored model answers as stored', () => {
  it.each(STORED)('$file: $what', ({ file, rows, expected, what, ulps: allowed }) => {
    const { model } = importLightgbm(readFileSync(sharedData(`models/${file}`)!));
    expect(faultOf(model.ensemble)).toBeUndefined();
    const { margins, predictions } = answers(model, rows());
    const found = what === 'predictions' ? predictions : what === 'margins' ? margins : margins.map((sum) => sum / 30);
    const stored = expected().flat();
    expect(found).toHaveLength(stored.length);
    expect(Math.max(...stored.map((number, i) => ulps(found[i], number)))).toBeLessThanOrEqual(allowed);
  });
});

function lines(file: string): string[] {
  const text = readFileSync(sharedData(`models/${file}`)!, 'utf8');
  return text.split('\n').filter((line) => line.trim() !== '');
}

function tabbed(file: string): number[][] {
  return lines(file).map((line) => line.split('\t').map(Number));
}

/** The named columns of a CSV file; NA is missing. */
function columns(file: string, names: readonly string[]): number[][] {
  const [head, ...rows] = lines(file).map((line) => line.split(','));
  return rows.map((cells) => names.map((name) => Number(cells[head.indexOf(name)])));
}

/** `label column:value …`; a column left out is 0. */
function sparse(file: string, features: number): number[][] {
  return lines(file).map((line) => {
    const row = new Array<number>(features).fill(0);
    for (const [, column, value] of line.matchAll(/(\d+):(\S+)/g)) row[Number(column)] = Number(value);
    return row;
  });
}

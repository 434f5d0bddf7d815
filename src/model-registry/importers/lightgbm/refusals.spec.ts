import { describe, expect, it } from 'vitest';
import { golden } from '../../../../test/golden/lightgbm/golden.js';
import { faultOf } from '../../../engines/trees/ensemble-faults.js';
import { ImportRefused } from '../import-refused.js';
import { importLightgbm, MAX_BYTES } from './lightgbm.js';

/** @returns `CODE: message`, or `imported` */
function refusalOf(source: string | Uint8Array): string {
  try {
    importLightgbm(typeof source === 'string' ? Buffer.from(source) : source);
    return 'imported';
  } catch (error) {
    if (!(error instanceof ImportRefused)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

const { model } = golden('regression');
const { model: categorical } = golden('categorical');
const { model: classes } = golden('multiclassova');

/** Without byte counts, so that an edit is judged by itself. */
function edited(text: string, from: string | RegExp, to: string): string {
  const sizeless = text.replace(/^tree_sizes=.*\n/m, '');
  const result = sizeless.replace(from, to);
  expect(result).not.toBe(sizeless);
  return result;
}

const CASES: [what: string, source: () => string | Uint8Array, refusal: string][] = [
  ['no tree file', () => '{"learner":{}}', 'FORMAT_UNKNOWN: a LightGBM text file begins'],
  [
    'a version to come',
    () => edited(model, 'version=v4', 'version=v5'),
    'FORMAT_UNKNOWN: version "v5": files of version',
  ],
  ['a version before v2', () => edited(model, 'version=v4\n', ''), 'FORMAT_UNKNOWN: no version: files of version'],
  ['bytes that are no text', () => Buffer.from(`${model}\xff`, 'latin1'), 'SOURCE_INVALID: the file is not UTF-8'],
  ['a file beyond all bounds', () => new Uint8Array(MAX_BYTES + 1), 'SOURCE_TOO_LARGE: more than 256 MiB'],

  [
    'an unknown objective',
    () => edited(model, '=regression', '=poison'),
    'OBJECTIVE_UNSUPPORTED: objective "poison" is not',
  ],
  ['an empty objective', () => edited(model, '=regression', '='), 'OBJECTIVE_UNSUPPORTED: objective "" is not'],
  ['sigmoid gone', () => edited(classes, / sigmoid:\S+/, ''), 'SOURCE_INVALID: objective: sigmoid is missing'],
  ['sigmoid of 0', () => edited(classes, / sigmoid:\S+/, ' sigmoid:0'), 'SOURCE_INVALID: objective: sigmoid is 0'],
  [
    'classes that the header does not have',
    () => edited(classes, 'ova num_class:3', 'ova num_class:4'),
    'SOURCE_INVALID: objective multiclassova has 4 margins a row, the header says 3',
  ],
  [
    'one margin where the header has three',
    () => edited(classes, /objective=.*/, 'objective=binary sigmoid:1'),
    'SOURCE_INVALID: objective binary has 1 margins a row, the header says 3',
  ],

  [
    'a header without columns',
    () => edited(model, /max_feature_idx=.*\n/, ''),
    'SOURCE_INVALID: the header has no max_feature',
  ],
  [
    'a name too few',
    () => edited(model, ' Column_4', ''),
    'SOURCE_INVALID: feature_names: not a word for each of the 5',
  ],
  [
    'a header field of another format',
    () => edited(model, 'label_index', 'boundary'),
    'SOURCE_INVALID: the header: "boundary" is',
  ],
  [
    'a header field twice',
    () => edited(model, 'num_class=1', 'num_class=1\nnum_class=1'),
    'SOURCE_INVALID: the header: "num_cl',
  ],
  [
    'features without end',
    () => edited(model, 'max_feature_idx=4', 'max_feature_idx=2000000000'),
    'SOURCE_TOO_LARGE: more than',
  ],
  [
    'iterations left unfinished',
    () => edited(classes, /Tree=11\n[^]*?\n\n+/, ''),
    'SOURCE_INVALID: 11 trees do not make whole iterations of 3',
  ],
  ['no tree', () => edited(model, /Tree=0\n[^]*(?=end of trees)/, ''), 'SOURCE_INVALID: 0 trees do not make'],

  ['a tree gone', () => edited(model, /Tree=2\n[^]*?\n\n+/, ''), 'SOURCE_INVALID: tree 2 is missing: line'],
  ['a field gone', () => edited(model, /left_child=.*\n/, ''), 'SOURCE_INVALID: tree 0: left_child: not the 6 numbers'],
  ['an unknown field', () => edited(model, 'shrinkage', 'polish'), 'SOURCE_INVALID: tree 0: "polish" is no field'],
  [
    'a list too short',
    () => edited(model, /(left_child=\S+) \S+/, '$1'),
    'SOURCE_INVALID: tree 0: left_child: not the 6',
  ],
  [
    'a list too long',
    () => edited(model, 'left_child=', 'left_child=1 '),
    'SOURCE_INVALID: tree 0: left_child: not the 6',
  ],
  [
    'leaves without end',
    () => edited(model, 'num_leaves=7', 'num_leaves=2000000000'),
    'SOURCE_INVALID: tree 0: num_leaves',
  ],
  ['no leaf', () => edited(model, 'num_leaves=7', 'num_leaves=0'), 'SOURCE_INVALID: tree 0: num_leaves'],
  [
    'a child out of range',
    () => edited(model, /left_child=\S+/, 'left_child=6'),
    'SOURCE_INVALID: tree 0: left_child: "6"',
  ],
  [
    'a cycle',
    () => edited(model, /left_child=\S+/, 'left_child=0'),
    'SOURCE_INVALID: tree 0: its children do not form',
  ],
  [
    'a column out of range',
    () => edited(model, /split_feature=\S+/, 'split_feature=5'),
    'SOURCE_INVALID: tree 0: split_feature',
  ],
  [
    'hexadecimal',
    () => edited(model, /threshold=\S+/, 'threshold=0x10'),
    'SOURCE_INVALID: tree 0: threshold: "0x10" is',
  ],
  [
    'beyond float64',
    () => edited(model, /leaf_value=\S+/, 'leaf_value=1e999'),
    'SOURCE_INVALID: tree 0: leaf_value: "1e999"',
  ],
  [
    'a leaf of NaN',
    () => edited(model, /leaf_value=\S+/, 'leaf_value=nan'),
    'NOT_EXPRESSIBLE: tree 0: leaf_value: nan;',
  ],
  [
    'an infinite leaf',
    () => edited(model, /leaf_value=\S+/, 'leaf_value=-inf'),
    'NOT_EXPRESSIBLE: tree 0: leaf_value: -inf;',
  ],
  [
    'a threshold of NaN',
    () => edited(model, /threshold=\S+/, 'threshold=nan'),
    'NOT_EXPRESSIBLE: tree 0: threshold: nan;',
  ],
  [
    'a fourth missing type',
    () => edited(model, /decision_type=\S+/, 'decision_type=12'),
    'SOURCE_INVALID: tree 0: decision_type',
  ],
  ['linear leaves', () => edited(model, 'is_linear=0', 'is_linear=1'), 'NOT_EXPRESSIBLE: tree 0 has linear leaves'],
  [
    'a set that is not there',
    () => edited(model, /decision_type=\S+/, 'decision_type=1'),
    'SOURCE_INVALID: tree 0: split 0',
  ],
  [
    'sets without end',
    () => edited(categorical, /num_cat=\d+/, 'num_cat=900000'),
    'SOURCE_INVALID: tree 0: cat_boundaries',
  ],
  [
    'sets that overlap',
    () => edited(categorical, /cat_boundaries=0/, 'cat_boundaries=1'),
    'SOURCE_INVALID: tree 0: cat_bound',
  ],
  [
    'a column of numbers and categories',
    () => edited(categorical, /(?<=decision_type=(\d+ )*)[19](?=[ \n])/, '10'),
    'NOT_EXPRESSIBLE: column Column_2: a number in some nodes and a category in others',
  ],
  [
    'a column whose zeros are missing in some nodes and numbers in others',
    () => golden('missing-zero-then-nan').model,
    'NOT_EXPRESSIBLE: column Column_0: zero is missing in some nodes only',
  ],
  ['a byte too many', () => model.replace('is_linear=0', 'is_linear=0 '), 'SOURCE_INVALID: tree 0 has'],
  [
    'names that are no JSON',
    () => model.replace('categorical:null', 'categorical:[['),
    'SOURCE_INVALID: pandas_categorical is',
  ],
];

describe('a LightGBM file is refused', () => {
  it.each(CASES)('%s', (_, source, refusal) => {
    expect(refusalOf(source())).toContain(refusal);
  });

  it('wherever it is cut short before its parameters end', () => {
    const whole = model.indexOf('end of parameters') + 'end of parameters'.length;
    const through = new Set<string>();
    for (let bytes = 0; bytes < whole; bytes += 5) {
      const refusal = refusalOf(model.slice(0, bytes));
      if (!/^(SOURCE_INVALID|FORMAT_UNKNOWN)/.test(refusal)) through.add(`${bytes}: ${refusal}`);
    }
    expect([...through]).toEqual([]);
    expect(refusalOf(model.slice(0, whole))).toBe('imported');
  });
});

describe('a claim costs nothing', () => {
  const head = 'tree\nversion=v4\nnum_class=1\nmax_feature_idx=0\nfeature_names=a\nfeature_infos=none\n\n';
  const leaf = (i: number) => `Tree=${i}\nnum_leaves=1\nnum_cat=0\nleaf_value=1\n\n`;

  it('more lines than are read', () => {
    expect(refusalOf('tree' + '\n'.repeat(5_000_001))).toBe('SOURCE_TOO_LARGE: more than 5000000 lines');
  });

  it('more trees than are read', () => {
    const trees = Array.from({ length: 100_001 }, (_, i) => leaf(i)).join('');
    expect(refusalOf(head + trees)).toBe('SOURCE_TOO_LARGE: more than 100000 trees');
  });

  it('more nodes than are read', () => {
    const tree = `Tree=0\nnum_leaves=10000001\nleaf_value=${'0 '.repeat(10_000_001)}\n\nend of trees\nparameters:\nend of parameters`;
    expect(refusalOf(head + tree)).toBe('SOURCE_TOO_LARGE: more than 20000000 nodes');
  });

  it('more sets, or categories in them, than are read', () => {
    const tree = (fields: string) =>
      `Tree=0\nnum_leaves=2\nsplit_feature=0\nthreshold=0\ndecision_type=1\nleft_child=-1\nright_child=-2\nleaf_value=0 1\n${fields}` +
      '\n\nend of trees\nparameters:\nend of parameters';
    const sets = `num_cat=1000001`;
    expect(refusalOf(head + tree(sets))).toBe('SOURCE_TOO_LARGE: more than 1000000 sets of categories');
    const full = `num_cat=1\ncat_boundaries=0 700000\ncat_threshold=${'4294967295 '.repeat(700_000)}`;
    expect(refusalOf(head + tree(full))).toBe('SOURCE_TOO_LARGE: more than 20000000 categories in all sets');
  });

  it('a tree as deep as it has leaves is read like any other', () => {
    const splits = 200_000;
    const list = (of: (i: number) => number | string) => Array.from({ length: splits }, (_, i) => of(i)).join(' ');
    const tree = [
      'Tree=0',
      `num_leaves=${splits + 1}`,
      'num_cat=0',
      `split_feature=${list(() => 0)}`,
      `threshold=${list((i) => i)}`,
      `decision_type=${list(() => 2)}`,
      `left_child=${list((i) => ~i)}`,
      `right_child=${list((i) => (i + 1 < splits ? i + 1 : ~splits))}`,
      `leaf_value=0 ${list((i) => i)}`,
    ].join('\n');
    const { ensemble } = importLightgbm(
      Buffer.from(`${head}${tree}\n\nend of trees\nparameters:\nend of parameters`),
    ).model;
    expect(faultOf(ensemble)).toBeUndefined();
    expect(ensemble.mode).toHaveLength(2 * splits + 1);
  });
});

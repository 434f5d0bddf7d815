import { describe, expect, it } from 'vitest';
import { goldenModel } from '../../../../test/golden/xgboost/golden.js';
import { importXgboost } from './xgboost.js';

interface Document {
  learner: {
    attributes: Record<string, string>;
    feature_names: string[];
    gradient_booster: {
      name: string;
      model: Forest;
      gbtree: { model: Forest; name: string };
      weight_drop: number[];
    };
    learner_model_param: Record<string, string>;
    objective: { name: string };
  };
  version: number[];
}
interface Forest {
  trees: Tree[];
  tree_info: number[];
  iteration_indptr: number[];
  cats: { enc: { offsets?: number[]; values: number[] }[] };
  weights: number[];
}
type Tree = Record<string, number[]> & { id: number; tree_param: Record<string, string> };

/** A golden file, changed, and what becomes of it. */
function outcomeOf(name: string, change: (document: Document) => void, trees: 'best' | 'all' = 'best'): string {
  const document = JSON.parse(Buffer.from(goldenModel(name, 'json')!).toString()) as Document;
  change(document);
  return outcomeOfText(JSON.stringify(document), trees);
}

function outcomeOfText(text: string, trees: 'best' | 'all' = 'best'): string {
  try {
    importXgboost(Buffer.from(text), { trees });
    return 'imported';
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
}

const firstTree = ({ learner }: Document) => learner.gradient_booster.model.trees[0];

describe('what cannot be carried exactly', () => {
  it.each<[string, (document: Document) => void, string]>([
    [
      'another objective',
      ({ learner }) => (learner.objective.name = 'reg:expectileerror'),
      'OBJECTIVE_UNSUPPORTED: the last transform of "reg:expectileerror" is not known',
    ],
    [
      'an objective named like a property of all objects',
      ({ learner }) => (learner.objective.name = 'constructor'),
      'OBJECTIVE_UNSUPPORTED: the last transform of "constructor" is not known',
    ],
    [
      'a linear model',
      ({ learner }) => (learner.gradient_booster = { name: 'gblinear', model: { weights: [1, 2] } } as never),
      'NOT_EXPRESSIBLE: gblinear is a linear model, not trees: export it through training/export',
    ],
    [
      'another booster',
      ({ learner }) => (learner.gradient_booster.name = 'gbnew'),
      'NOT_EXPRESSIBLE: booster "gbnew" is not known',
    ],
    [
      'a base score whose margin is infinite',
      ({ learner }) => (learner.learner_model_param.base_score = '1E60'),
      'NOT_EXPRESSIBLE: the margin of base_score 1E60 is Infinity',
    ],
    [
      'no trees',
      ({ learner: { gradient_booster: g } }) =>
        Object.assign(g.model, { trees: [], tree_info: [], iteration_indptr: [0] }),
      'NOT_EXPRESSIBLE: the model has no trees: train it first',
    ],
  ])('%s', (_, change, outcome) => {
    expect(outcomeOf('squarederror', change)).toBe(outcome);
  });

  it('a leaf that is not finite, and a split at NaN', () => {
    const text = Buffer.from(goldenModel('squarederror', 'json')!).toString();
    const [, first] = /"split_conditions":\[([^,]+)/.exec(text)!;
    const leaf = /"split_conditions":\[[^\]]*,([^,\]]+)\]/.exec(text)![1];
    expect(outcomeOfText(text.replace(`"split_conditions":[${first}`, '"split_conditions":[NaN'))).toBe(
      'NOT_EXPRESSIBLE: tree 0: node 0 splits at NaN',
    );
    expect(outcomeOfText(text.replace(`,${leaf}]`, ',Infinity]'))).toBe('imported');
    expect(outcomeOfText(text.replace(new RegExp(`("split_conditions":\\[[^\\]]*,)${leaf}\\]`), '$1-Infinity]'))).toBe(
      'NOT_EXPRESSIBLE: tree 0 has a leaf of -Infinity: its training diverged',
    );
  });

  it('several quantiles of a release that may sort them', () => {
    expect(outcomeOf('quantileerror', (document) => (document.version = [3, 3, 0]))).toMatch(/^OBJECTIVE_UNSUPPORTED/);
    expect(outcomeOf('quantileerror', (document) => (document.version = [3, 2, 9]))).toBe('imported');
  });
});

describe('what contradicts itself', () => {
  it.each<[string, string, (document: Document) => void]>([
    ['a tree out of its place', 'tree 0 says that its id is 1', (d) => (firstTree(d).id = 1)],
    ['a tree without nodes', 'tree 0: it has no nodes', (d) => (firstTree(d).left_children = [])],
    [
      'a child beyond the nodes',
      'tree 0: left_children: 9999 is no integer',
      (d) => (firstTree(d).left_children[0] = 9999),
    ],
    ['a child that is its parent', 'tree 0: node 0 is reached twice', (d) => (firstTree(d).left_children[0] = 0)],
    ['one child for both answers', 'tree 0: node 1 is reached twice', (d) => (firstTree(d).right_children[0] = 1)],
    ['half a split', 'tree 0: node 0 has a left child and no right one', (d) => (firstTree(d).right_children[0] = -1)],
    ['a column beyond the last', 'tree 0 asks for a column beyond 6', (d) => (firstTree(d).split_indices[0] = 6)],
    [
      'a column that is half a number',
      'tree 0: split_indices: 0.5 is no integer',
      (d) => (firstTree(d).split_indices[0] = 0.5),
    ],
    ['too few thresholds', 'tree 0: 1 entries of split_conditions', (d) => (firstTree(d).split_conditions = [1])],
    ['too few directions', 'tree 0: 1 entries of default_left', (d) => (firstTree(d).default_left = [1])],
    ['a direction of 2', 'a flag is neither 0 nor 1', (d) => (firstTree(d).default_left[0] = 2)],
    [
      'a category split without a set',
      'tree 0: node 0 asks for a category and names none',
      (d) => (firstTree(d).split_type[0] = 1),
    ],
    [
      'leaves of two numbers',
      'tree 0: 0 weights',
      (d) => Object.assign(firstTree(d), { tree_param: { size_leaf_vector: '2' }, base_weights: [] }),
    ],
    ['leaves of a billion numbers', 'tree 0: ', (d) => (firstTree(d).tree_param.size_leaf_vector = '999999999')],
    [
      'a tree for a target that is not',
      'tree_info: 1 is no integer',
      (d) => (d.learner.gradient_booster.model.tree_info[0] = 1),
    ],
    [
      'too few targets of trees',
      '1 entries of tree_info, 12 trees',
      (d) => (d.learner.gradient_booster.model.tree_info = [0]),
    ],
    [
      'rounds that do not span the trees',
      'iteration_indptr does not span',
      (d) => (d.learner.gradient_booster.model.iteration_indptr = [0, 1]),
    ],
    [
      'factors of other trees',
      '1 entries of weight_drop, 12 trees',
      (d) => (d.learner.gradient_booster.weight_drop = [1]),
    ],
    ['dart without factors', 'dart without weight_drop', (d) => (d.learner.gradient_booster.name = 'dart')],
    [
      'a second forest',
      'the file has two forests',
      (d) => (d.learner.gradient_booster.gbtree = { name: 'gbtree', model: d.learner.gradient_booster.model }),
    ],
    ['too few names', '1 feature names, 6 features', (d) => (d.learner.feature_names = ['a'])],
    ['no features', 'num_feature is 0', (d) => (d.learner.learner_model_param.num_feature = '0')],
    [
      'a number of features in words',
      'num_feature is "six"',
      (d) => (d.learner.learner_model_param.num_feature = 'six'),
    ],
    [
      'more classes than trees',
      '1000000 margins of 12 trees',
      (d) => (d.learner.learner_model_param.num_class = '1000000'),
    ],
    [
      'classes and targets',
      '3 classes and 2 targets',
      (d) => Object.assign(d.learner.learner_model_param, { num_class: '3', num_target: '2' }),
    ],
    ['no objective', 'the file has no objective.name', (d) => Object.assign(d.learner, { objective: {} })],
    ['no base score', 'the file has no base_score', (d) => delete d.learner.learner_model_param.base_score],
    ['no trees at all', 'the file has no trees', (d) => Object.assign(d.learner.gradient_booster, { model: {} })],
    [
      'a best round beyond the last',
      'best_iteration is 12 of 12 rounds',
      (d) => (d.learner.attributes = { best_iteration: '12' }),
    ],
  ])('%s', (_, message, change) => {
    const outcome = outcomeOf('squarederror', change);
    expect(outcome.slice(0, `SOURCE_INVALID: ${message}`.length)).toBe(`SOURCE_INVALID: ${message}`);
  });

  const firstSplit = (document: Document) =>
    document.learner.gradient_booster.model.trees.find(({ categories_nodes: nodes }) => nodes.length > 0)!;
  it.each<[string, string, (document: Document) => void]>([
    ['a category below 0', 'categories: -1 is no integer', (d) => (firstSplit(d).categories[0] = -1)],
    [
      'a category that float32 does not hold',
      'categories: 16777216 is no',
      (d) => (firstSplit(d).categories[0] = 2 ** 24),
    ],
    [
      'a set beyond the categories',
      'categories_segments: 999 is no',
      (d) => (firstSplit(d).categories_segments[0] = 999),
    ],
    [
      'a set that ends beyond them',
      'the categories of node',
      (d) => (firstSplit(d).categories_segments[0] = firstSplit(d).categories.length),
    ],
    ['an empty set', 'categories_sizes: 0 is no', (d) => (firstSplit(d).categories_sizes[0] = 0)],
    [
      'a set too few',
      'categories_nodes, categories_segments and categories_sizes',
      (d) => firstSplit(d).categories_sizes.pop(),
    ],
    [
      'two sets of a node',
      'has two sets',
      (d) => (firstSplit(d).categories_nodes[1] = firstSplit(d).categories_nodes[0]),
    ],
    [
      'a column of categories and of numbers',
      'holds categories in one split',
      (d) => firstSplit(d).split_type.fill(0, 0, 3),
    ],
    [
      'names that overlap',
      'the offsets of category names',
      (d) => (d.learner.gradient_booster.model.cats.enc[1].offsets![1] = 60),
    ],
    [
      'names that end early',
      'the offsets of category names do not span',
      (d) => d.learner.gradient_booster.model.cats.enc[1].values.push(65),
    ],
    [
      'names of a column beyond the last',
      'categories of a column beyond the last',
      (d) => d.learner.gradient_booster.model.cats.enc.push({ values: [1] }),
    ],
  ])('%s', (_, message, change) => {
    const outcome = outcomeOf('categories', change);
    expect(outcome).toMatch(/^SOURCE_INVALID/);
    expect(outcome).toContain(message);
  });

  it('all trees can be had where the best round is beyond the last', () => {
    const change = ({ learner }: Document) => (learner.attributes = { best_iteration: '12' });
    expect(outcomeOf('squarederror', change, 'all')).toBe('imported');
  });
});

describe('what is no model', () => {
  it.each([
    [
      'other JSON',
      '{"a":1}',
      'FORMAT_UNKNOWN: neither an XGBoost JSON nor an XGBoost UBJSON model (save_model, not dump_model)',
    ],
    ['nothing', '', 'FORMAT_UNKNOWN: neither an XGBoost JSON nor an XGBoost UBJSON model (save_model, not dump_model)'],
    ['an empty learner', '{"learner":{}}', 'SOURCE_INVALID: the file has no objective.name'],
    ['more after the end', '{"learner":{}}}', 'SOURCE_INVALID: the end expected at byte 14'],
    ['learner is no object', '{"learner":[]}', "SOURCE_INVALID: '{' expected at byte 11"],
    ['a version of words', '{"learner":{},"version":["3"]}', 'SOURCE_INVALID: a number expected at byte 25'],
    [
      'too deep',
      `{"learner":${'{"a":'.repeat(100)}`,
      'SOURCE_TOO_LARGE: more than 64 objects and arrays inside one another',
    ],
    [
      'too deep, in fields that are read',
      `{"learner":{"gradient_booster":${'{"gbtree":'.repeat(100)}`,
      'SOURCE_TOO_LARGE: more than 64 objects and arrays inside one another',
    ],
  ])('%s', (_, text, outcome) => {
    expect(outcomeOfText(text)).toBe(outcome);
  });
});

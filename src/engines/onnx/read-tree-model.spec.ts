import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomTrees, type Forest } from '../../../bench/random-trees.js';
import { MODE, type Float, type TreeEnsemble } from '../trees/tree-ensemble.js';
import type { Link, Transform } from '../trees/link.js';
import { NO_RULES, type ColumnRules, type TreeModel } from '../trees/tree-model.js';
import { floats, int, ints, node, tensor, tensorInfo, text, texts, type AttributeDraft } from './onnx-node.js';
import { decodeModel, encodeModel, TYPE, type Draft, type OnnxModel, type OnnxNode } from './onnx-proto.js';
import { tensorOf } from './onnx-tensor.js';
import { readTreeModel } from './read-tree-model.js';
import { NOTE_KEY } from './tree-model/tree-model-note.js';
import { writeTreeModel } from './write-tree-model.js';

const PRODUCER = { version: '1.2.3' };
const SETS = [[0], [1, 2, 3], [0, 7, 31, 32, 33], [2 ** 24]].map((set) => Int32Array.from(set));

const transforms: fc.Arbitrary<Transform> = fc.oneof(
  fc.record({ kind: fc.constant('sigmoid' as const), scale: fc.double({ min: 0.1, max: 10, noNaN: true }) }),
  ...(['identity', 'softmax', 'exp', 'signed-square', 'softplus', 'argmax', 'step'] as const).map((kind) =>
    fc.constant({ kind }),
  ),
);
const links: fc.Arbitrary<Link> = fc.oneof(
  transforms,
  fc.record({ kind: fc.constant('average' as const), n: fc.integer({ min: 1, max: 999 }), then: transforms }),
);
const forests: fc.Arbitrary<Forest> = fc.record({
  float: fc.constantFrom<Float>('float32', 'float64'),
  features: fc.integer({ min: 1, max: 9 }),
  trees: fc.integer({ min: 1, max: 12 }),
  targets: fc.integer({ min: 1, max: 4 }),
  vectors: fc.constantFrom(0, 0.5, 1),
  modes: fc.constantFrom([MODE.LEQ], [MODE.LT], [MODE.LEQ, MODE.LT]),
  order: fc.constantFrom('depth' as const, 'breadth' as const),
  size: fc.record({ leaves: fc.integer({ min: 1, max: 40 }) }),
  sets: fc.constantFrom([], SETS),
});

/** Whatever columns it asks for categories, a rule makes whole. */
function rulesOf({ mode, feature, features }: TreeEnsemble, seed: number): ColumnRules {
  const columns = Array.from({ length: features }, (_, i) => i);
  const asked = new Set([...feature].filter((_, i) => mode[i] === MODE.MEMBER));
  const rule = seed % 2 === 0 ? 'truncate' : 'floor';
  return {
    flushTiny: seed % 3 === 0,
    zeroIsMissing: columns.filter((column) => (seed >> column) % 2 === 0),
    categories: asked.size > 0 ? { rule, columns: columns.filter((column) => asked.has(column)) } : null,
  };
}

const models: fc.Arbitrary<TreeModel> = fc
  .tuple(forests, links, fc.integer({ min: 0, max: 2 ** 30 }))
  .map(([forest, link, seed]) => {
    const ensemble = randomTrees(forest, seed);
    const featureNames = Array.from({ length: forest.features }, (_, i) => `Merkmal ${i} "µ"`);
    return { ensemble, link, featureNames, rules: rulesOf(ensemble, seed) };
  });

const read = (bytes: Uint8Array) => readTreeModel(decodeModel(bytes));
const modelIn = (bytes: Uint8Array): TreeModel => {
  const found = read(bytes);
  if ('reason' in found) throw new Error(found.reason);
  return found.model;
};

describe('what writeTreeModel wrote', () => {
  it('is read back as the same trees, laid out depth first; and that again as the same value', () => {
    fc.assert(
      fc.property(models, (model) => {
        const bytes = writeTreeModel(model, PRODUCER);
        const once = modelIn(bytes);
        expect(modelIn(writeTreeModel(once, PRODUCER))).toEqual(once);
        expect({ ...once, ensemble: unfolded(once.ensemble) }).toEqual({
          ...model,
          ensemble: unfolded(model.ensemble),
        });
      }),
      { numRuns: 300 },
    );
  });

  it('has the same bytes whenever it is written', () => {
    fc.assert(
      fc.property(models, (model) => {
        expect(writeTreeModel(model, PRODUCER)).toEqual(writeTreeModel(structuredClone(model), PRODUCER));
      }),
      { numRuns: 20 },
    );
  });

  it.each<[what: string, change: (model: OnnxModel) => void]>([
    [
      'other rules than the graph',
      (onnx) => (noteIn(onnx).value = noteIn(onnx).value.replace('"flushTiny":false', '"flushTiny":true')),
    ],
    ['another link than the graph', (onnx) => (noteIn(onnx).value = noteIn(onnx).value.replace('"exp"', '"identity"'))],
    ['another version', (onnx) => (noteIn(onnx).value = noteIn(onnx).value.replace('"format":1', '"format":3'))],
    ['no JSON', (onnx) => (noteIn(onnx).value = '{')],
    ['an operator more in the graph', (onnx) => onnx.graph!.node.push(onnx.graph!.node.at(-1)!)],
  ])('is not believed with %s', (_, change) => {
    const onnx = decodeModel(writeTreeModel(small(), PRODUCER));
    change(onnx);
    expect(readTreeModel(onnx)).toEqual({ reason: expect.stringContaining(NOTE_KEY) });
  });

  it.each<[what: string, model: TreeModel, fault: RegExp]>([
    ['a category of a column that no rule makes whole', withSet(), /node 0 asks column 0 for a category/],
    ['names of other columns', { ...small(), featureNames: ['a', 'b'] }, /2 names of 1 features/],
    [
      'a rule beyond its columns',
      { ...small(), rules: { ...NO_RULES, zeroIsMissing: [1] } },
      /a rule for column 1 of 1/,
    ],
    [
      'no tree',
      {
        ...small(),
        ensemble: randomTrees({ float: 'float32', features: 1, trees: 0, size: { leaves: 1 }, modes: [MODE.LEQ] }, 1),
      },
      /no tree/,
    ],
  ])('never has %s', (_, model, fault) => {
    expect(() => writeTreeModel(model, PRODUCER)).toThrow(fault);
  });

  it('is read as an earlier version wrote it, its sets plain', () => {
    const [mode, feature, missingYes] = [[MODE.MEMBER, 0, MODE.MEMBER, 0, 0], new Int32Array(5), new Uint8Array(5)];
    const ensemble: TreeEnsemble = {
      ...{ float: 'float32', features: 1, targets: 1, roots: Int32Array.of(0, 5), treeTarget: Int32Array.of(0) },
      ...{ mode: Uint8Array.from(mode), feature, threshold: Float64Array.of(0, 0, 1, 0, 0), missingYes },
      ...{ yes: Int32Array.of(1, -1, 3, -1, -1), no: Int32Array.of(2, -1, 4, -1, -1), sets: SETS.slice(0, 2) },
      ...{ leaf: Int32Array.of(-1, 0, -1, 1, 2), weights: Float64Array.of(5, 5, 7) },
    };
    const rules = { ...NO_RULES, categories: { rule: 'floor' as const, columns: [0] } };
    const model: TreeModel = { ...small(), ensemble, rules };
    const [plain, parted] = [writeTreeModel(model, PRODUCER, 'plain'), writeTreeModel(model, PRODUCER)];
    expect([plain, parted].map((bytes) => /"format":(\d)/.exec(noteIn(decodeModel(bytes)).value)![1])).toEqual([
      '1',
      '2',
    ]);
    expect(modelIn(plain)).toEqual(modelIn(parted));
  });

  it('asks what an empty set asks without one: the runtime refuses it', () => {
    const model = { ...withSet([]), rules: { ...NO_RULES, categories: { rule: 'floor' as const, columns: [0] } } };
    const { ensemble } = modelIn(writeTreeModel(model, PRODUCER));
    expect([ensemble.mode[0], ensemble.threshold[0]]).toEqual([MODE.LT, -Infinity]);
  });
});

describe("another tool's graph", () => {
  it('of a regressor: its base values are added last', () => {
    const { ensemble, link } = modelOf(regressor({ base_values: floats([0.5]) }));
    expect(Array.from(ensemble.treeTarget)).toEqual([0, 0]);
    expect(Array.from(ensemble.weights)).toEqual([2, 1, 0.5]);
    expect(link).toEqual({ kind: 'identity' });
  });

  it.each([
    ['BRANCH_LEQ', { mode: MODE.LEQ, yes: 2, missingYes: 1 }],
    ['BRANCH_LT', { mode: MODE.LT, yes: 2, missingYes: 1 }],
    ['BRANCH_GT', { mode: MODE.LEQ, yes: 1, missingYes: 0 }],
    ['BRANCH_GTE', { mode: MODE.LT, yes: 1, missingYes: 0 }],
    ['BRANCH_EQ', { mode: MODE.MEMBER, yes: 2, missingYes: 1 }],
    // NaN differs from every number, wherever missing values are sent.
    ['BRANCH_NEQ', { mode: MODE.MEMBER, yes: 1, missingYes: 0 }],
  ])('of %s nodes', (name, expected) => {
    const attributes = { nodes_modes: texts([name, 'LEAF', 'LEAF']), nodes_missing_value_tracks_true: ints([1, 0, 0]) };
    const { ensemble } = modelOf(regressor(attributes));
    const yes = ensemble.weights[ensemble.leaf[ensemble.yes[0]]];
    expect({ mode: ensemble.mode[0], yes, missingYes: ensemble.missingYes[0] }).toEqual(expected);
  });

  it('of an average: the link divides', () => {
    const { link } = modelOf(regressor({ aggregate_function: text('AVERAGE') }), [node('Sigmoid', ['y'], ['z'])]);
    expect(link).toEqual({ kind: 'average', n: 1, then: { kind: 'sigmoid', scale: 1 } });
  });

  it('of two classes and the weights of one: −x and x', () => {
    const { ensemble, link } = modelOf(classifier({ class_ids: ints([0, 0]) }));
    expect(Array.from(ensemble.weights)).toEqual([2, -2, -1, 1]);
    expect(link).toEqual({ kind: 'sigmoid', scale: 1 });
  });

  it('is read from input to output through casts, identities and a map of its probabilities', () => {
    const onnx = graphOf(
      [
        node('Cast', ['x'], ['single'], { to: int(TYPE.FLOAT) }),
        node('TreeEnsembleClassifier', ['single'], ['label', 'p'], classes(), 'ai.onnx.ml'),
        node('ZipMap', ['p'], ['z'], { classlabels_int64s: ints([0, 1]) }, 'ai.onnx.ml'),
      ],
      TYPE.DOUBLE,
    );
    expect(readTreeModel(onnx)).toMatchObject({ output: 'p', model: { ensemble: { float: 'float32', targets: 2 } } });
  });

  it.each<[what: string, nodes: Draft<OnnxNode>[], reason: string]>([
    ['a net', [node('Softmax', ['x'], ['z'])], 'it has 0 tree operators, not one'],
    ['two tree operators', [regressor(), { ...regressor(), output: ['z'] }], 'it has 2 tree operators, not one'],
    [
      'a scaler before its trees',
      [node('Abs', ['x'], ['s']), { ...regressor(), input: ['s'] }],
      'a Abs is before its trees',
    ],
    [
      'a cast to float64 before its trees',
      [node('Cast', ['x'], ['s'], { to: int(TYPE.DOUBLE) }), { ...regressor(), input: ['s'] }],
      'a Cast is before its trees',
    ],
    ['something else behind them', [regressor(), node('Abs', ['y'], ['z'])], 'a Abs follows its trees'],
    [
      'a softmax over the rows',
      [regressor(), node('Softmax', ['y'], ['z'], { axis: int(0) })],
      'its softmax is over the rows',
    ],
    [
      'float64 sums answered in float32',
      [regressor({ nodes_values: undefined, nodes_values_as_tensor: doubles([0, 0, 0]) }), done()],
      'nodes_values_as_tensor makes float64 sums of which it gives float32',
    ],
    [
      'the least of its trees',
      [regressor({ aggregate_function: text('MIN') }), done()],
      'its trees are not added up (MIN)',
    ],
    ['a probit', [regressor({ post_transform: text('PROBIT') }), done()], 'its post-transform is PROBIT'],
    [
      'a fraction asked for as a category',
      [regressor({ nodes_modes: texts(['BRANCH_EQ', 'LEAF', 'LEAF']), nodes_values: floats([0.5, 0, 0]) }), done()],
      'it asks whether a number is 0.5, which is no category',
    ],
    ['a column it does not have', [regressor({ nodes_featureids: ints([9, 0, 0]) }), done()], 'it asks column 9 of 1'],
    [
      'a leaf without weight',
      [
        regressor({
          target_ids: ints([0]),
          target_nodeids: ints([1]),
          target_treeids: ints([0]),
          target_weights: floats([1]),
        }),
        done(),
      ],
      'a leaf has no weight',
    ],
    [
      'two parents of a branch',
      [
        regressor({
          nodes_truenodeids: ints([1, 0, 0]),
          nodes_falsenodeids: ints([1, 2, 0]),
          nodes_modes: texts(['BRANCH_LT', 'BRANCH_LT', 'LEAF']),
          target_nodeids: ints([2, 2]),
        }),
        done(),
      ],
      'two branches share a child',
    ],
    [
      'lists of two lengths',
      [regressor({ nodes_values: floats([1]) }), done()],
      'nodes_values has 1 entries, expected 3',
    ],
    ['more targets than a batch holds', [regressor({ n_targets: int(1e9) }), done()], 'it has 1000000000 targets'],
    [
      'probabilities p and 1 − p',
      [
        node(
          'TreeEnsembleClassifier',
          ['x'],
          ['label', 'z'],
          classes({
            class_ids: ints([0, 0]),
            class_nodeids: ints([1, 2]),
            class_treeids: ints([0, 0]),
            class_weights: floats([0.1, 0.2]),
          }),
          'ai.onnx.ml',
        ),
      ],
      'its two probabilities are p and 1 − p',
    ],
  ])('with %s is left to the runtime', (_, nodes, reason) => {
    expect(readTreeModel(graphOf(nodes))).toEqual({ reason });
  });

  it('is the shipped gbt: 3 margins, then a softmax', () => {
    const { ensemble, link } = modelIn(readFileSync('models/gbt/1.0.0/model.onnx'));
    expect({ ...link, ...ensemble }).toMatchObject({ kind: 'softmax', float: 'float32', features: 82, targets: 3 });
  });
});

function small(): TreeModel {
  const ensemble = randomTrees({ float: 'float32', features: 1, trees: 2, size: { leaves: 4 }, modes: [MODE.LEQ] }, 5);
  return { ensemble, rules: NO_RULES, link: { kind: 'exp' }, featureNames: ['a'] };
}

function withSet(set = [1]): TreeModel {
  const model = small();
  const { mode, threshold } = model.ensemble;
  mode[0] = MODE.MEMBER;
  threshold[0] = 0;
  return { ...model, ensemble: { ...model.ensemble, sets: [Int32Array.from(set)] } };
}

const noteIn = ({ metadata_props }: OnnxModel) => metadata_props.find(({ key }) => key === NOTE_KEY)!;

/** An ensemble as nested values: whatever the order of its nodes, the same for the same trees. */
function unfolded(ensemble: TreeEnsemble): unknown {
  const { roots, treeTarget, mode, feature, threshold, yes, no, missingYes, leaf, weights, sets } = ensemble;
  const nodeAt = (at: number, width: number): unknown =>
    mode[at] === MODE.LEAF
      ? weights.slice(leaf[at], leaf[at] + width)
      : {
          ...{ mode: mode[at], feature: feature[at], missingYes: missingYes[at] },
          asked: mode[at] === MODE.MEMBER ? sets[threshold[at]] : threshold[at],
          ...{ yes: nodeAt(yes[at], width), no: nodeAt(no[at], width) },
        };
  const trees = Array.from(treeTarget, (target, tree) => nodeAt(roots[tree], target < 0 ? ensemble.targets : 1));
  return { float: ensemble.float, features: ensemble.features, targets: ensemble.targets, treeTarget, trees };
}

function modelOf(trees: Draft<OnnxNode>, after: Draft<OnnxNode>[] = [done(trees.output!.at(-1)!)]): TreeModel {
  const found = readTreeModel(graphOf([trees, ...after]));
  if ('reason' in found) throw new Error(found.reason);
  return found.model;
}

function graphOf(nodes: Draft<OnnxNode>[], type: number = TYPE.FLOAT): OnnxModel {
  const [input, output] = [[tensorInfo('x', type, ['rows', 1])], [tensorInfo('z', TYPE.FLOAT, ['rows', 'columns'])]];
  return decodeModel(encodeModel({ graph: { node: nodes, input, output } }));
}

const done = (from = 'y') => node('Identity', [from], ['z']);
const doubles = (values: number[]) => tensor(tensorOf('', [values.length], Float64Array.from(values)));

type Attributes = Record<string, AttributeDraft | undefined>;

/** One branch, x ≤ 1: leaf 1 where it is not so, leaf 2 where it is. */
const branch = {
  nodes_treeids: ints([0, 0, 0]),
  nodes_nodeids: ints([0, 1, 2]),
  nodes_featureids: ints([0, 0, 0]),
  nodes_modes: texts(['BRANCH_LEQ', 'LEAF', 'LEAF']),
  nodes_values: floats([1, 0, 0]),
  nodes_truenodeids: ints([2, 0, 0]),
  nodes_falsenodeids: ints([1, 0, 0]),
};

const given = (attributes: Attributes): Record<string, AttributeDraft> =>
  Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined)) as Record<
    string,
    AttributeDraft
  >;

function regressor(attributes: Attributes = {}): Draft<OnnxNode> {
  const weights = {
    ...{ n_targets: int(1), target_ids: ints([0, 0]), target_nodeids: ints([1, 2]), target_treeids: ints([0, 0]) },
    target_weights: floats([1, 2]),
  };
  return node('TreeEnsembleRegressor', ['x'], ['y'], given({ ...branch, ...weights, ...attributes }), 'ai.onnx.ml');
}

function classes(attributes: Attributes = {}): Record<string, AttributeDraft> {
  return given({
    ...{ ...branch, classlabels_int64s: ints([0, 1]), post_transform: text('LOGISTIC') },
    ...{ class_ids: ints([1, 0, 1, 0]), class_nodeids: ints([1, 1, 2, 2]), class_treeids: ints([0, 0, 0, 0]) },
    class_weights: floats([1, 3, 2, 4]),
    ...attributes,
  });
}

function classifier(attributes: Attributes): Draft<OnnxNode> {
  const one = { class_nodeids: ints([1, 2]), class_treeids: ints([0, 0]), class_weights: floats([1, -2]) };
  return node('TreeEnsembleClassifier', ['x'], ['label', 'y'], classes({ ...one, ...attributes }), 'ai.onnx.ml');
}

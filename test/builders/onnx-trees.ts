import { floats, ints, tensorInfo, texts } from '../../src/engines/onnx/onnx-node.js';
import {
  decodeModel,
  encodeModel,
  type Draft,
  type OnnxModel,
  type OnnxNode,
} from '../../src/engines/onnx/onnx-proto.js';
import { MODE, type TreeEnsemble } from '../../src/engines/trees/tree-ensemble.js';

// Trees as other tools write them.

export function some<T>(length: number, of: (i: number) => T): T[] {
  return Array.from({ length }, (_, i) => of(i));
}

export function graphOf(
  nodes: Draft<OnnxNode>[],
  { features, targets }: TreeEnsemble,
  type: number,
  ml: number,
): OnnxModel {
  const graph = {
    ...{ name: 'trees', node: nodes, input: [tensorInfo('x', type, ['rows', features])] },
    output: [tensorInfo('y', type, ['rows', targets])],
  };
  const opset_import = [
    { domain: '', version: 17 },
    { domain: 'ai.onnx.ml', version: ml },
  ];
  return decodeModel(encodeModel({ ir_version: 8, opset_import, graph }));
}

const MODES = ['BRANCH_LEQ', 'BRANCH_LT', 'BRANCH_GTE', 'BRANCH_GT', 'BRANCH_EQ', 'BRANCH_NEQ'];

/** The trees of an ensemble with comparisons of all kinds. */
export function nodesV3({ roots, mode, feature, threshold, yes, no }: TreeEnsemble, random: () => number) {
  const nodes = some(mode.length, (i) => i);
  const tree = nodes.map((at) => roots.findLastIndex((root) => root <= at));
  const id = (at: number): number => (at < 0 ? 0 : at - roots[tree[at]!]!);
  const asked = nodes.map((at) => (mode[at] === MODE.LEAF ? 'LEAF' : MODES[Math.floor(random() * MODES.length)]!));
  const missing = nodes.map((at) => (asked[at] !== 'LEAF' && random() < 0.5 ? 1 : 0));
  const value = (at: number) =>
    asked[at]!.endsWith('EQ') && asked[at]!.length < 11 ? Math.floor(random() * 3) : threshold[at]!;
  return {
    ...{ nodes_treeids: ints(tree), nodes_nodeids: ints(nodes.map(id)), nodes_featureids: ints(feature) },
    ...{ nodes_modes: texts(asked), nodes_values: floats(nodes.map((at) => Math.fround(value(at)))) },
    ...{
      nodes_truenodeids: ints(nodes.map((at) => id(yes[at]!))),
      nodes_falsenodeids: ints(nodes.map((at) => id(no[at]!))),
    },
    ...(random() < 0.7 && { nodes_missing_value_tracks_true: ints(missing) }),
  };
}

export const weighsAll = ({ targets, treeTarget }: TreeEnsemble): boolean =>
  treeTarget.includes(-1) || new Set(treeTarget).size === targets;

export function weightsV3(
  { roots, mode, leaf, weights, treeTarget, targets }: TreeEnsemble,
  prefix: 'target' | 'class',
) {
  const lists: Record<'ids' | 'nodeids' | 'treeids' | 'weights', number[]> = {
    ids: [],
    nodeids: [],
    treeids: [],
    weights: [],
  };
  mode.forEach((asked, at) => {
    if (asked !== MODE.LEAF) return;
    const tree = roots.findLastIndex((root) => root <= at);
    const vector = treeTarget[tree]! < 0;
    for (let t = 0; t < (vector ? targets : 1); t += 1) {
      lists.ids.push(vector ? t : treeTarget[tree]!);
      lists.nodeids.push(at - roots[tree]!);
      lists.treeids.push(tree);
      lists.weights.push(Math.fround(weights[leaf[at]! + t]!));
    }
  });
  return {
    [`${prefix}_ids`]: ints(lists.ids),
    [`${prefix}_nodeids`]: ints(lists.nodeids),
    [`${prefix}_treeids`]: ints(lists.treeids),
    [`${prefix}_weights`]: floats(lists.weights),
  };
}

import type { TreeEnsemble } from '../trees/tree-ensemble.js';
import { askedBy } from './asked-branch.js';
import { EnsembleDraft } from './ensemble-draft.js';
import { NoTreeModel } from './no-tree-model.js';
import { NAMED_MODE } from './onnx-mode.js';
import { Attributes } from './onnx-node.js';
import type { OnnxNode } from './onnx-proto.js';

const ENDINGS: Readonly<Record<string, 'identity' | 'softmax' | 'sigmoid'>> = {
  NONE: 'identity',
  SOFTMAX: 'softmax',
  LOGISTIC: 'sigmoid',
};
const AS_TENSORS = [
  'nodes_values_as_tensor',
  'target_weights_as_tensor',
  'class_weights_as_tensor',
  'base_values_as_tensor',
];

interface Lists {
  readonly trees: readonly number[];
  readonly ids: readonly number[];
  readonly features: readonly number[];
  readonly modes: readonly string[];
  readonly values: readonly number[];
  readonly yes: readonly number[];
  readonly no: readonly number[];
  readonly missingYes: readonly number[];
}

/** Weights of a leaf, by target. */
type Leaves = ReadonlyMap<string, ReadonlyMap<number, number>>;

/**
 * TreeEnsembleRegressor and TreeEnsembleClassifier (ai.onnx.ml 1 to 3) in float32: lists of nodes, each naming its tree and
 * its children. Base values are added after the trees, as the runtime does.
 * @throws NoTreeModel for double attributes (summed in double, answered in float), averages, a binary classifier of one
 *   weight, and lists that contradict one another
 */
export function ensembleOfLists(
  node: OnnxNode,
  features: number,
  double: boolean,
): { ensemble: TreeEnsemble; transform: 'identity' | 'softmax' | 'sigmoid' } {
  const attributes = new Attributes(node);
  if (double || AS_TENSORS.some((name) => attributes.has(name)))
    throw new NoTreeModel(`its ${node.op_type} computes in double and answers in float`);
  if (attributes.text('aggregate_function', 'SUM') !== 'SUM') throw new NoTreeModel(`its ${node.op_type} does not sum`);
  const transform = ENDINGS[attributes.text('post_transform', 'NONE')];
  if (!transform) throw new NoTreeModel(`its ${node.op_type} ends in ${attributes.text('post_transform', '')}`);
  const targets = targetsOf(node, attributes);
  const kind = node.op_type === 'TreeEnsembleClassifier' ? 'class' : 'target';
  const leaves = leavesOf(attributes, kind, targets);
  const draft = new EnsembleDraft('float32', features, targets);
  const lists = listsOf(attributes);
  let from = 0;
  for (let to = 1; to <= lists.trees.length; to += 1) {
    if (to < lists.trees.length && lists.trees[to] === lists.trees[from]) continue;
    readTree(draft, lists, from, to, leaves, features, targets);
    from = to;
  }
  const base = attributes.floats('base_values');
  if (base.length !== 0 && base.length !== targets)
    throw new NoTreeModel(`it has ${base.length} base values for ${targets} targets`);
  base.forEach((value, target) => {
    draft.tree(target);
    draft.leaf([value]);
  });
  return { ensemble: draft.done(), transform };
}

function targetsOf({ op_type }: OnnxNode, attributes: Attributes): number {
  if (op_type === 'TreeEnsembleRegressor') return inRange(attributes.int('n_targets', 1));
  const labels = attributes.ints('classlabels_int64s').length || attributes.texts('classlabels_strings').length;
  const weighted = new Set(attributes.ints('class_ids')).size;
  if (labels < 2 || (labels === 2 && weighted < 2))
    throw new NoTreeModel('its TreeEnsembleClassifier weighs one class of two');
  return inRange(labels);
}

function inRange(targets: number): number {
  if (targets >= 1 && targets <= 4096) return targets;
  throw new NoTreeModel(`it has ${targets} targets`);
}

function leavesOf(attributes: Attributes, kind: 'class' | 'target', targets: number): Leaves {
  const trees = attributes.ints(`${kind}_treeids`);
  const [nodes, ids] = [attributes.ints(`${kind}_nodeids`), attributes.ints(`${kind}_ids`)];
  const weights = attributes.floats(`${kind}_weights`);
  if ([nodes, ids, weights].some((list) => list.length !== trees.length))
    throw new NoTreeModel('its lists of leaves differ');
  const leaves = new Map<string, Map<number, number>>();
  trees.forEach((tree, i) => {
    const key = `${tree}/${nodes[i]}`;
    const leaf = leaves.get(key) ?? new Map<number, number>();
    const target = ids[i]!;
    if (leaf.has(target) || !(target >= 0 && target < targets))
      throw new NoTreeModel(`leaf ${key} has target ${target} twice or too far`);
    leaves.set(key, leaf.set(target, weights[i]!));
  });
  return leaves;
}

function listsOf(attributes: Attributes): Lists {
  const trees = attributes.ints('nodes_treeids');
  const same = <T>(name: string, list: readonly T[]): readonly T[] => {
    if (list.length === trees.length) return list;
    throw new NoTreeModel(`its ${name} are ${list.length}, not ${trees.length}`);
  };
  const missing = attributes.ints('nodes_missing_value_tracks_true');
  return {
    trees,
    ids: same('nodes_nodeids', attributes.ints('nodes_nodeids')),
    features: same('nodes_featureids', attributes.ints('nodes_featureids')),
    modes: same('nodes_modes', attributes.texts('nodes_modes')),
    values: same('nodes_values', attributes.floats('nodes_values')),
    yes: same('nodes_truenodeids', attributes.ints('nodes_truenodeids')),
    no: same('nodes_falsenodeids', attributes.ints('nodes_falsenodeids')),
    missingYes: missing.length === 0 ? trees.map(() => 0) : same('nodes_missing_value_tracks_true', missing),
  };
}

/** The nodes `from` .. `to` of the lists are one tree; its root is the one that is nobody's child. */
function readTree(
  draft: EnsembleDraft,
  lists: Lists,
  from: number,
  to: number,
  leaves: Leaves,
  features: number,
  targets: number,
): void {
  const tree = lists.trees[from]!;
  const places = new Map<number, number>();
  const children = new Set<number>();
  for (let i = from; i < to; i += 1) {
    if (places.has(lists.ids[i]!)) throw new NoTreeModel(`tree ${tree} has node ${lists.ids[i]} twice`);
    places.set(lists.ids[i]!, i);
    if (lists.modes[i] !== 'LEAF') children.add(lists.yes[i]!).add(lists.no[i]!);
  }
  const roots = [...places.keys()].filter((id) => !children.has(id));
  if (roots.length !== 1) throw new NoTreeModel(`tree ${tree} has ${roots.length} roots`);
  const weights = [...places.keys()].flatMap((id) => [...(leaves.get(`${tree}/${id}`)?.keys() ?? [])]);
  const single =
    new Set(weights).size === 1 &&
    weights.length === [...places.values()].filter((i) => lists.modes[i] === 'LEAF').length;
  const target = single ? weights[0]! : -1;
  draft.tree(target);

  const joins = new Map<number, { yes: number; no: number }>();
  const waiting: { id: number; parent: number; side: 'yes' | 'no' }[] = [];
  const visited = new Set<number>();
  const visit = (id: number): number => {
    const i = places.get(id);
    if (i === undefined || visited.has(id))
      throw new NoTreeModel(`node ${id} of tree ${tree} is absent, shared or goes round`);
    visited.add(id);
    if (lists.modes[i] === 'LEAF') {
      const leaf = leaves.get(`${tree}/${id}`);
      const all = target >= 0 ? [leaf!.get(target)!] : Array.from({ length: targets }, (_, t) => leaf?.get(t) ?? 0);
      return draft.leaf(all);
    }
    const feature = lists.features[i]!;
    if (!(feature >= 0 && feature < features))
      throw new NoTreeModel(`a branch asks for column ${feature} of ${features}`);
    const mode = NAMED_MODE[lists.modes[i]!] ?? -1;
    const { branch, turned } = askedBy(draft, mode, feature, lists.values[i]!, lists.missingYes[i] === 1);
    joins.set(branch, { yes: -1, no: -1 });
    waiting.push({ id: lists.no[i]!, parent: branch, side: turned ? 'yes' : 'no' });
    waiting.push({ id: lists.yes[i]!, parent: branch, side: turned ? 'no' : 'yes' });
    return branch;
  };
  visit(roots[0]!);
  for (let next = waiting.pop(); next; next = waiting.pop()) joins.get(next.parent)![next.side] = visit(next.id);
  joins.forEach((pair, branch) => draft.join(branch, pair.yes, pair.no));
}

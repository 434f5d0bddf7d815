import { MODE, type TreeEnsemble } from '../../../engines/trees/tree-ensemble.js';
import { ImportRefused } from '../import-refused.js';
import { CategorySets } from './category-sets.js';
import { MISSING, type ColumnsAsked } from './columns-asked.js';
import { decimals, integer, integers, thresholds } from './numbers.js';
import type { TreeText } from './model-text.js';

/** Of all trees together. */
export const MAX_NODES = 20_000_000;

const CATEGORICAL = 1;
const DEFAULT_LEFT = 2;

/** Lists of one tree of two leaves or more; an entry a split. */
interface Splits {
  readonly leaves: number;
  readonly feature: Int32Array;
  readonly threshold: Float64Array;
  readonly decision: Int32Array;
  /** ≥ 0: a split; below: leaf ~child. */
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** The tree's sets are `sets[firstSet]` … `sets[firstSet + setCount − 1]`. */
  readonly firstSet: number;
  readonly setCount: number;
}

/**
 * Trees as LightGBM adds them up: tree i belongs to margin i % targets, and its leaf values are final (shrinkage, the
 * average the boosting began with and DART's weights are in them).
 * @throws ImportRefused SOURCE_INVALID where a list is not as long as announced, or nodes do not form a tree;
 *   NOT_EXPRESSIBLE at linear leaves; SOURCE_TOO_LARGE above MAX_NODES
 */
export function ensembleOf(
  trees: readonly TreeText[],
  targets: number,
  columns: ColumnsAsked,
  features: number,
): TreeEnsemble {
  const leaves = trees.map((tree, i) => leavesOf(tree, `tree ${i}`));
  const ensemble = empty(leaves, features, targets);
  const sets = new CategorySets();
  let firstWeight = 0;
  trees.forEach((tree, i) => {
    const where = `tree ${i}`;
    ensemble.treeTarget[i] = i % targets;
    ensemble.weights.set(decimals(tree.leaf_value!, leaves[i], `${where}: leaf_value`), firstWeight);
    const splits = splitsOf(tree, leaves[i], features, sets, where);
    plant(ensemble, ensemble.roots[i], splits, firstWeight, columns, where);
    firstWeight += leaves[i];
  });
  return { ...ensemble, sets: sets.sets };
}

/** @returns leaves of a tree: as announced, and no more than its line of leaf values has room for */
function leavesOf(tree: TreeText, where: string): number {
  if (tree.is_linear !== undefined && tree.is_linear !== '0') {
    throw new ImportRefused('NOT_EXPRESSIBLE', `${where} has linear leaves: train with linear_tree=false`);
  }
  const room = ((tree.leaf_value?.length ?? 0) + 1) / 2;
  return integer(tree.num_leaves ?? '', `${where}: num_leaves, with as many leaf values`, 1, Math.floor(room));
}

function empty(leaves: readonly number[], features: number, targets: number): TreeEnsemble {
  const roots = new Int32Array(leaves.length + 1);
  let nodes = 0;
  leaves.forEach((count, i) => {
    nodes += 2 * count - 1;
    if (nodes > MAX_NODES) throw new ImportRefused('SOURCE_TOO_LARGE', `more than ${MAX_NODES} nodes`);
    roots[i + 1] = nodes;
  });
  return {
    float: 'float64',
    features,
    targets,
    roots,
    treeTarget: new Int32Array(leaves.length),
    mode: new Uint8Array(nodes),
    feature: new Int32Array(nodes),
    threshold: new Float64Array(nodes),
    yes: new Int32Array(nodes).fill(-1),
    no: new Int32Array(nodes).fill(-1),
    missingYes: new Uint8Array(nodes),
    leaf: new Int32Array(nodes).fill(-1),
    // A tree of L leaves has 2 L − 1 nodes.
    weights: new Float64Array((nodes + leaves.length) / 2),
    sets: [],
  };
}

/** @returns undefined of a tree with one leaf: its lists are empty or absent */
function splitsOf(
  tree: TreeText,
  leaves: number,
  features: number,
  sets: CategorySets,
  where: string,
): Splits | undefined {
  if (leaves === 1) return undefined;
  const count = leaves - 1;
  const list = (field: 'split_feature' | 'decision_type' | 'left_child' | 'right_child', min: number, max: number) =>
    integers(tree[field] ?? '', count, `${where}: ${field}`, min, max);
  const firstSet = sets.sets.length;
  return {
    leaves,
    feature: list('split_feature', 0, features - 1),
    threshold: thresholds(tree.threshold ?? '', count, `${where}: threshold`),
    decision: list('decision_type', 0, (MISSING.NAN << 2) | DEFAULT_LEFT | CATEGORICAL),
    left: list('left_child', -leaves, count - 1),
    right: list('right_child', -leaves, count - 1),
    firstSet,
    setCount: sets.add(tree, where),
  };
}

/**
 * Writes a tree's nodes from `root` on, each parent before its left child and that side before the right.
 * @throws ImportRefused SOURCE_INVALID where two paths meet or a node is on none
 */
function plant(
  ensemble: TreeEnsemble,
  root: number,
  splits: Splits | undefined,
  firstWeight: number,
  columns: ColumnsAsked,
  where: string,
): void {
  const { yes, no, leaf } = ensemble;
  if (!splits) {
    leaf[root] = firstWeight;
    return;
  }
  const { leaves, left, right } = splits;
  const seen = new Uint8Array(2 * leaves);
  // Right children to come, and the nodes that wait for them.
  const codes = new Int32Array(leaves);
  const parents = new Int32Array(leaves);
  let waiting = 0;
  let at = root;
  for (let code = 0; ; at += 1) {
    if (seen[code + leaves]) throw tangled(where);
    seen[code + leaves] = 1;
    if (code >= 0) {
      branch(ensemble, at, splits, code, columns, where);
      yes[at] = at + 1;
      codes[waiting] = right[code];
      parents[waiting] = at;
      waiting += 1;
      code = left[code];
    } else {
      leaf[at] = firstWeight + ~code;
      if (waiting === 0) break;
      waiting -= 1;
      no[parents[waiting]] = at + 1;
      code = codes[waiting];
    }
  }
  if (at !== root + 2 * leaves - 2) throw tangled(where);
}

function branch(
  { mode, feature, threshold, missingYes }: TreeEnsemble,
  at: number,
  splits: Splits,
  split: number,
  columns: ColumnsAsked,
  where: string,
): void {
  const decision = splits.decision[split];
  const column = splits.feature[split];
  const asked = splits.threshold[split];
  feature[at] = column;
  if (decision & CATEGORICAL) {
    if (!Number.isInteger(asked) || asked < 0 || asked >= splits.setCount) {
      throw new ImportRefused('SOURCE_INVALID', `${where}: split ${split} asks for set ${asked} of ${splits.setCount}`);
    }
    columns.category(column);
    mode[at] = MODE.MEMBER;
    threshold[at] = splits.firstSet + asked;
  } else {
    mode[at] = MODE.LEQ;
    threshold[at] = asked;
    missingYes[at] = columns.number(column, asked, decision >> 2, (decision & DEFAULT_LEFT) !== 0) ? 1 : 0;
  }
}

function tangled(where: string): ImportRefused {
  return new ImportRefused('SOURCE_INVALID', `${where}: its children do not form a tree`);
}

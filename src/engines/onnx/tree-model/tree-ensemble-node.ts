import { MODE, type TreeEnsemble } from '../../trees/tree-ensemble.js';
import { int, ints, node, tensor } from '../onnx-node.js';
import type { Draft, OnnxNode } from '../onnx-proto.js';
import { tensorOf, type TensorValues } from '../onnx-tensor.js';
import { askableSet, NEVER } from './set-form.js';
import { V5_MODE } from './v5-mode.js';

const WRITTEN: Readonly<Record<number, number>> = {
  [MODE.LEQ]: V5_MODE.LEQ,
  [MODE.LT]: V5_MODE.LT,
  [MODE.MEMBER]: V5_MODE.MEMBER,
};
const SUM = 1;
const NO_TRANSFORM = 0;

/**
 * A TreeEnsemble node (ai.onnx.ml version 5) without post-transform. It knows leaves of one target only: a tree whose
 * leaves carry a weight for each target is written once a target, one after the other, which adds up in the same order.
 * @param floats makes an array of the model's type
 * @param parted nodes whose set has NEVER in it too
 */
export function treeEnsembleNode(
  ensemble: TreeEnsemble,
  [input, output]: readonly [string, string],
  floats: (values: readonly number[]) => TensorValues,
  parted: ReadonlySet<number>,
): Draft<OnnxNode> {
  const rows = new Rows(ensemble, parted);
  ensemble.treeTarget.forEach((target, tree) => {
    if (target >= 0) rows.tree(tree, target, 0);
    else for (let t = 0; t < ensemble.targets; t += 1) rows.tree(tree, t, t);
  });
  const numbers = (name: string, values: readonly number[]) => tensor(tensorOf(name, [values.length], floats(values)));
  const attributes = {
    aggregate_function: int(SUM),
    leaf_targetids: ints(rows.leafTarget),
    leaf_weights: numbers('leaf_weights', rows.leafWeight),
    ...(rows.members.length > 0 && { membership_values: numbers('membership_values', rows.members) }),
    n_targets: int(ensemble.targets),
    nodes_falseleafs: ints(rows.noIsLeaf),
    nodes_falsenodeids: ints(rows.no),
    nodes_featureids: ints(rows.feature),
    nodes_missing_value_tracks_true: ints(rows.missingYes),
    nodes_modes: tensor(tensorOf('nodes_modes', [rows.mode.length], Uint8Array.from(rows.mode))),
    nodes_splits: numbers('nodes_splits', rows.split),
    nodes_trueleafs: ints(rows.yesIsLeaf),
    nodes_truenodeids: ints(rows.yes),
    post_transform: int(NO_TRANSFORM),
    tree_roots: ints(rows.roots),
  };
  return node('TreeEnsemble', [input], [output], attributes, 'ai.onnx.ml');
}

/** Branches and leaves of all trees, each in a row of its own, as TreeEnsemble holds them. */
class Rows {
  readonly roots: number[] = [];
  readonly mode: number[] = [];
  readonly feature: number[] = [];
  readonly split: number[] = [];
  readonly yes: number[] = [];
  readonly no: number[] = [];
  readonly yesIsLeaf: number[] = [];
  readonly noIsLeaf: number[] = [];
  readonly missingYes: number[] = [];
  readonly members: number[] = [];
  readonly leafTarget: number[] = [];
  readonly leafWeight: number[] = [];
  /** Where a node of the tree being written stands among the branches, or among the leaves. */
  readonly #place: Int32Array;

  constructor(
    private readonly ensemble: TreeEnsemble,
    private readonly parted: ReadonlySet<number>,
  ) {
    this.#place = new Int32Array(ensemble.mode.length);
  }

  /** @param column of a leaf's weights: 0 in a tree with one target */
  tree(tree: number, target: number, column: number): void {
    const { roots, mode, leaf, weights } = this.ensemble;
    const nodes = depthFirst(this.ensemble, roots[tree]);
    let branches = this.mode.length;
    this.roots.push(branches);
    for (const at of nodes) {
      if (mode[at] !== MODE.LEAF) this.#place[at] = branches++;
      else {
        this.leafTarget.push(target);
        this.#place[at] = this.leafWeight.push(weights[leaf[at] + column]) - 1;
      }
    }
    if (nodes.length === 1) this.#singleLeaf(this.#place[nodes[0]!]);
    else for (const at of nodes) if (mode[at] !== MODE.LEAF) this.#branch(at);
  }

  /** No root is a leaf: it is a branch whose two answers are one leaf. */
  #singleLeaf(leaf: number): void {
    this.#row({ mode: V5_MODE.LEQ, feature: 0, split: 0, missingYes: 0 }, [leaf, 1], [leaf, 1]);
  }

  #branch(at: number): void {
    const { mode, feature, threshold, yes, no, missingYes } = this.ensemble;
    const members = mode[at] === MODE.MEMBER ? askableSet(this.ensemble, at) : undefined;
    const asked = { feature: feature[at], missingYes: missingYes[at] };
    const children = [this.#child(yes[at]), this.#child(no[at])] as const;
    // ONNX Runtime refuses an empty set. Nothing is below −∞: the same answer.
    if (members?.length === 0) return this.#row({ ...asked, mode: V5_MODE.LT, split: -Infinity }, ...children);
    this.#row({ ...asked, mode: WRITTEN[mode[at]]!, split: members ? 0 : threshold[at] }, ...children);
    if (!members) return;
    if (this.parted.has(at)) this.members.push(NEVER);
    for (const category of members) this.members.push(category);
    this.members.push(NaN);
  }

  #child(at: number): readonly [place: number, isLeaf: number] {
    return [this.#place[at], this.ensemble.mode[at] === MODE.LEAF ? 1 : 0];
  }

  #row(
    branch: { mode: number; feature: number; split: number; missingYes: number },
    [yes, yesIsLeaf]: readonly [number, number],
    [no, noIsLeaf]: readonly [number, number],
  ): void {
    this.mode.push(branch.mode);
    this.feature.push(branch.feature);
    this.split.push(branch.split);
    this.missingYes.push(branch.missingYes);
    this.yes.push(yes);
    this.yesIsLeaf.push(yesIsLeaf);
    this.no.push(no);
    this.noIsLeaf.push(noIsLeaf);
  }
}

/** A tree's nodes, a branch before what is below it, `yes` before `no`: one order for all ways to lay a tree out. */
function depthFirst({ mode, yes, no }: TreeEnsemble, root: number): number[] {
  const nodes: number[] = [];
  const pending = [root];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    nodes.push(at);
    if (mode[at] !== MODE.LEAF) pending.push(no[at], yes[at]);
  }
  return nodes;
}

import type { TreeEnsemble } from '../trees/tree-ensemble.js';
import { EnsembleDraft } from './ensemble-draft.js';
import { Attributes } from './onnx-node.js';
import { TYPE, type OnnxNode } from './onnx-proto.js';
import { tensorValues } from './onnx-tensor.js';
import { NoTreeModel } from './no-tree-model.js';
import { askedBy, type Asked } from './asked-branch.js';
import { NO_CATEGORY, ONNX_MODE } from './onnx-mode.js';

/** The attributes of ai.onnx.ml TreeEnsemble 5, lengths checked against one another. */
interface Listed {
  readonly roots: readonly number[];
  readonly modes: ArrayLike<number>;
  readonly features: readonly number[];
  readonly splits: ArrayLike<number>;
  readonly yes: readonly number[];
  readonly yesLeaf: readonly number[];
  readonly no: readonly number[];
  readonly noLeaf: readonly number[];
  readonly missingYes: readonly number[];
  readonly leafTargets: readonly number[];
  readonly leafWeights: ArrayLike<number>;
  /** By branch. */
  readonly sets: ReadonlyMap<number, readonly number[]>;
}

/**
 * @param wide trees that were written once a target, by their number among the trees that come back
 * @throws NoTreeModel where the lists contradict one another, or use what has no place in an ensemble of ours
 */
export function ensembleOfNode(node: OnnxNode, features: number, wide: ReadonlySet<number>): TreeEnsemble {
  const attributes = new Attributes(node);
  const targets = attributes.int('n_targets', 1);
  if (targets < 1 || targets > 4096) throw new NoTreeModel(`its TreeEnsemble has ${targets} targets`);
  if (attributes.int('aggregate_function', 1) !== 1) throw new NoTreeModel('its TreeEnsemble does not sum');
  const listed = listsOf(attributes);
  const weights = attributes.tensor('leaf_weights')!;
  const draft = new EnsembleDraft(weights.data_type === TYPE.DOUBLE ? 'float64' : 'float32', features, targets);
  for (let written = 0, tree = 0; written < listed.roots.length; tree += 1) {
    const copies = wide.has(tree) ? targets : 1;
    readTree(draft, listed, written, copies, features, targets);
    written += copies;
  }
  return draft.done();
}

/** Reads one tree and, of a wide one, the weights of the copies that follow it: their branches are the same. */
function readTree(
  draft: EnsembleDraft,
  listed: Listed,
  first: number,
  copies: number,
  features: number,
  targets: number,
): void {
  const { roots, yes, yesLeaf, no, noLeaf, leafTargets, leafWeights } = listed;
  if (first + copies > roots.length) throw new NoTreeModel('a tree with a weight for each target is cut off');
  const root = roots[first]!;
  const onlyLeaf = isLeaf(yesLeaf, root) && isLeaf(noLeaf, root) && yes[root] === no[root];
  const target = copies > 1 ? -1 : targetOf(listed, root);
  draft.tree(target);
  const leafStep = copies > 1 ? leavesOf(listed, root) : 0;
  const leaf = (number: number): number => {
    const places = Array.from({ length: copies }, (_, copy) => number + copy * leafStep);
    if (places.some((at) => !(at >= 0 && at < leafWeights.length))) throw new NoTreeModel(`it has no leaf ${number}`);
    if (copies === 1 && leafTargets[number] !== target) throw new NoTreeModel('a tree of it adds to several targets');
    if (copies > 1 && places.some((at, copy) => leafTargets[at] !== copy))
      throw new NoTreeModel('copies of a tree differ');
    return draft.leaf(places.map((at) => leafWeights[at]!));
  };
  if (onlyLeaf) return void leaf(yes[root]!);
  if (target >= targets) throw new NoTreeModel(`a leaf adds to target ${target} of ${targets}`);
  // Depth first, without recursion: a chain of branches may be long. Parents come before their children.
  const waiting: { at: number; parent: number; side: 'yes' | 'no'; leaf: boolean }[] = [];
  const children = new Map<number, { yes: number; no: number }>();
  const visited = new Set<number>();
  const visit = (at: number): number => {
    if (visited.has(at)) throw new NoTreeModel('branches of it are shared or go round');
    visited.add(at);
    const { branch, turned } = readBranch(draft, listed, at, features);
    children.set(branch, { yes: -1, no: -1 });
    waiting.push({ at: no[at]!, parent: branch, side: turned ? 'yes' : 'no', leaf: isLeaf(noLeaf, at) });
    waiting.push({ at: yes[at]!, parent: branch, side: turned ? 'no' : 'yes', leaf: isLeaf(yesLeaf, at) });
    return branch;
  };
  visit(root);
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    children.get(next.parent)![next.side] = next.leaf ? leaf(next.at) : visit(next.at);
  }
  children.forEach((pair, branch) => draft.join(branch, pair.yes, pair.no));
}

function readBranch(draft: EnsembleDraft, listed: Listed, at: number, features: number): Asked {
  const { modes, features: asked, splits, missingYes, sets } = listed;
  if (!(at >= 0 && at < modes.length)) throw new NoTreeModel(`it has no branch ${at}`);
  const feature = asked[at]!;
  if (!(feature >= 0 && feature < features))
    throw new NoTreeModel(`a branch asks for column ${feature} of ${features}`);
  return askedBy(draft, modes[at]!, feature, splits[at]!, missingYes[at] === 1, sets.get(at));
}

function targetOf({ yes, yesLeaf, leafTargets, modes }: Listed, root: number): number {
  let at = root;
  for (let steps = 0; !isLeaf(yesLeaf, at); steps += 1) {
    at = yes[at]!;
    if (steps > modes.length || !(at >= 0 && at < modes.length)) throw new NoTreeModel('branches of it go round');
  }
  const target = leafTargets[yes[at]!];
  if (target === undefined || target < 0) throw new NoTreeModel(`it has no leaf ${yes[at]}`);
  return target;
}

/** Leaves under a root, each counted once; a wide tree's copies lie one after another. */
function leavesOf({ yes, yesLeaf, no, noLeaf, modes }: Listed, root: number): number {
  const [branches, leaves, visited] = [[root], new Set<number>(), new Set<number>()];
  for (let at = branches.pop(); at !== undefined; at = branches.pop()) {
    if (visited.has(at) || !(at >= 0 && at < modes.length))
      throw new NoTreeModel('branches of it are shared or go round');
    visited.add(at);
    if (isLeaf(yesLeaf, at)) leaves.add(yes[at]!);
    else branches.push(yes[at]!);
    if (isLeaf(noLeaf, at)) leaves.add(no[at]!);
    else branches.push(no[at]!);
  }
  return leaves.size;
}

const isLeaf = (flags: readonly number[], at: number): boolean => flags[at] === 1;

function listsOf(attributes: Attributes): Listed {
  const numbers = (name: string): ArrayLike<number> => {
    const found = attributes.tensor(name);
    if (!found) throw new NoTreeModel(`its TreeEnsemble has no ${name}`);
    return tensorValues(found).values as ArrayLike<number>;
  };
  const modes = numbers('nodes_modes');
  const count = modes.length;
  const ints = (name: string, length = count): readonly number[] => {
    const found = attributes.ints(name);
    if (found.length !== length) throw new NoTreeModel(`its ${name} are ${found.length}, not ${length}`);
    return found;
  };
  const splits = numbers('nodes_splits');
  const leafWeights = numbers('leaf_weights');
  if (splits.length !== count) throw new NoTreeModel(`its nodes_splits are ${splits.length}, not ${count}`);
  const missing = attributes.ints('nodes_missing_value_tracks_true');
  return {
    ...{ roots: attributes.ints('tree_roots'), modes, splits, leafWeights, features: ints('nodes_featureids') },
    ...{ yes: ints('nodes_truenodeids'), yesLeaf: ints('nodes_trueleafs') },
    ...{ no: ints('nodes_falsenodeids'), noLeaf: ints('nodes_falseleafs') },
    missingYes: missing.length === 0 ? Array<number>(count).fill(0) : ints('nodes_missing_value_tracks_true'),
    leafTargets: ints('leaf_targetids', leafWeights.length),
    sets: setsOf(attributes, modes),
  };
}

/** @returns the set of each MEMBER branch: lists that end with NaN, in the branches' order */
function setsOf(attributes: Attributes, modes: ArrayLike<number>): ReadonlyMap<number, readonly number[]> {
  const sets = new Map<number, readonly number[]>();
  const found = attributes.tensor('membership_values');
  const members = found ? (tensorValues(found).values as ArrayLike<number>) : [];
  let at = 0;
  for (let branch = 0; branch < modes.length; branch += 1) {
    if (modes[branch] !== ONNX_MODE.MEMBER) continue;
    const set: number[] = [];
    for (; at < members.length && !Number.isNaN(members[at]); at += 1) set.push(members[at]!);
    at += 1;
    const categories = set.filter((one) => one !== NO_CATEGORY);
    if (set.length === 0 || categories.some((one) => !(Number.isInteger(one) && one >= 0 && one < 2 ** 31)))
      throw new NoTreeModel('its membership_values are no lists of categories');
    sets.set(branch, categories);
  }
  return sets;
}

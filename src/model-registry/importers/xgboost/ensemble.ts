import { MODE, type TreeEnsemble } from '../../../engines/trees/tree-ensemble.js';
import type { ColumnRules } from '../../../engines/trees/tree-model.js';
import { ImportRefused } from '../import-refused.js';
import { invalid } from './limits.js';
import type { SourceTree } from './source-tree.js';

export interface Forest {
  readonly features: number;
  /** [targets] what each margin begins with. */
  readonly baseMargins: readonly number[];
  readonly trees: readonly SourceTree[];
  /** [trees] the target of a tree whose leaves hold one number. */
  readonly targetOf: Int32Array;
  /** [trees] what a tree's leaves are multiplied with; undefined: 1 for all. */
  readonly factors: Float32Array | undefined;
}

/**
 * One ensemble of all trees. The base score comes first, as trees of one leaf, for XGBoost adds to it in float32; a leaf times
 * its tree's factor is rounded before it is added, so it can be rounded here.
 */
export function ensembleOf({ features, baseMargins, trees, targetOf, factors }: Forest): TreeEnsemble {
  const targets = baseMargins.length;
  const bases = baseTrees(baseMargins, trees);
  const all = [...bases, ...trees];
  const roots = startsOf(all, ({ mode }) => mode.length);
  const firstWeights = startsOf(all, ({ weights }) => weights.length);
  const firstSets = startsOf(all, ({ sets }) => sets.length);
  const ensemble = emptyEnsemble(features, targets, roots, firstWeights.at(-1)!);
  all.forEach((tree, t) => {
    const place = { node: roots[t], weight: firstWeights[t], set: firstSets[t] };
    copyNodes(tree, ensemble, place);
    copyWeights(tree, ensemble, place.weight, factors?.[t - bases.length] ?? 1, t - bases.length);
    ensemble.treeTarget[t] = t < bases.length ? t : targetOf[t - bases.length];
    if (tree.width > 1) ensemble.treeTarget[t] = -1;
  });
  return { ...ensemble, sets: all.flatMap(({ sets }) => sets) };
}

/** One tree with a number a target where the model's trees are so too, else a tree for each target. */
function baseTrees(baseMargins: readonly number[], trees: readonly SourceTree[]): SourceTree[] {
  const leaf = (weights: readonly number[]): SourceTree => ({
    mode: Uint8Array.of(MODE.LEAF),
    feature: new Int32Array(1),
    threshold: new Float64Array(1),
    yes: Int32Array.of(-1),
    no: Int32Array.of(-1),
    missingYes: new Uint8Array(1),
    width: weights.length,
    weights: Float32Array.from(weights),
    sets: [],
  });
  return trees.some(({ width }) => width > 1) ? [leaf(baseMargins)] : baseMargins.map((margin) => leaf([margin]));
}

/** @returns where each tree's part begins, and where the last one's ends */
function startsOf(trees: readonly SourceTree[], sizeOf: (tree: SourceTree) => number): Int32Array {
  const starts = new Int32Array(trees.length + 1);
  trees.forEach((tree, t) => (starts[t + 1] = starts[t] + sizeOf(tree)));
  return starts;
}

function emptyEnsemble(features: number, targets: number, roots: Int32Array, weights: number) {
  const nodes = roots.at(-1)!;
  return {
    float: 'float32' as const,
    features,
    targets,
    roots,
    treeTarget: new Int32Array(roots.length - 1),
    mode: new Uint8Array(nodes),
    feature: new Int32Array(nodes),
    threshold: new Float64Array(nodes),
    yes: new Int32Array(nodes),
    no: new Int32Array(nodes),
    missingYes: new Uint8Array(nodes),
    leaf: new Int32Array(nodes).fill(-1),
    weights: new Float64Array(weights),
  };
}

type Place = Readonly<{ node: number; weight: number; set: number }>;

function copyNodes(tree: SourceTree, into: Omit<TreeEnsemble, 'sets'>, { node: first, weight, set }: Place): void {
  into.mode.set(tree.mode, first);
  into.feature.set(tree.feature, first);
  into.missingYes.set(tree.missingYes, first);
  let nextWeight = weight;
  tree.mode.forEach((mode, i) => {
    const isLeaf = mode === MODE.LEAF;
    into.yes[first + i] = isLeaf ? -1 : first + tree.yes[i];
    into.no[first + i] = isLeaf ? -1 : first + tree.no[i];
    into.threshold[first + i] = tree.threshold[i] + (mode === MODE.MEMBER ? set : 0);
    if (!isLeaf) return;
    into.leaf[first + i] = nextWeight;
    nextWeight += tree.width;
  });
}

function copyWeights(tree: SourceTree, into: { weights: Float64Array }, at: number, factor: number, t: number): void {
  tree.weights.forEach((weight, i) => {
    const product = Math.fround(weight * factor);
    if (!Number.isFinite(product))
      throw new ImportRefused('NOT_EXPRESSIBLE', `tree ${t} has a leaf of ${product}: its training diverged`);
    into.weights[at + i] = product;
  });
}

/** Columns that splits ask for a category hold category numbers. */
export function rulesOf({ mode, feature }: TreeEnsemble): ColumnRules {
  const categorical = new Set<number>();
  const numerical = new Set<number>();
  mode.forEach((asked, node) => {
    if (asked === MODE.MEMBER) categorical.add(feature[node]);
    else if (asked !== MODE.LEAF) numerical.add(feature[node]);
  });
  const columns = [...categorical].sort((a, b) => a - b);
  const both = columns.find((column) => numerical.has(column));
  if (both !== undefined) throw invalid(`column ${both} holds categories in one split and numbers in another`);
  return {
    flushTiny: false,
    zeroIsMissing: [],
    categories: columns.length === 0 ? null : { rule: 'floor', columns },
  };
}

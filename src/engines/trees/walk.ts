import { MODE, type TreeEnsemble } from './tree-ensemble.js';

/**
 * The definition of what an ensemble computes, node by node: every faster engine is held against it.
 * @param row `features` numbers that the model's column rules have seen
 * @param margins filled with `targets` numbers
 */
export function walk(ensemble: TreeEnsemble, row: ArrayLike<number>, margins: Float64Array): void {
  const { float, targets, roots, treeTarget, leaf, weights } = ensemble;
  const round = float === 'float32' ? Math.fround : (x: number) => x;
  margins.fill(0, 0, targets);
  for (let tree = 0; tree < treeTarget.length; tree += 1) {
    const first = leaf[leafOf(ensemble, roots[tree], row)];
    const only = treeTarget[tree];
    if (only >= 0) margins[only] = round(margins[only] + weights[first]);
    else for (let t = 0; t < targets; t += 1) margins[t] = round(margins[t] + weights[first + t]);
  }
}

/** @returns the leaf's node index that the row reaches from a root */
export function leafOf(ensemble: TreeEnsemble, root: number, row: ArrayLike<number>): number {
  const { mode, feature, yes, no, missingYes } = ensemble;
  let node = root;
  while (mode[node] !== MODE.LEAF) {
    const x = row[feature[node]]!;
    const goesYes = Number.isNaN(x) ? missingYes[node] === 1 : asks(ensemble, node, x);
    node = goesYes ? yes[node] : no[node];
  }
  return node;
}

function asks({ mode, threshold, sets }: TreeEnsemble, node: number, x: number): boolean {
  switch (mode[node]) {
    case MODE.LEQ:
      return x <= threshold[node];
    case MODE.LT:
      return x < threshold[node];
    default:
      return sets[threshold[node]]!.includes(x);
  }
}

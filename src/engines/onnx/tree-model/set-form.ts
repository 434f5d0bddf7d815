import { MODE, type TreeEnsemble } from '../../trees/tree-ensemble.js';

/**
 * How sets of categories are written. `parted`: where ONNX Runtime would join a set with the set above it, it has one
 * number more, which is no category.
 *
 * ONNX Runtime (1.30) keeps a small set as the bits of a word, and joins two of them on one column, one asked where the other
 * said no, that lead to equal trees. It then leaves the second one's missing values where the first one's go, and, of several
 * targets, gives the weights of the leaves that nothing leads to any more to the first tree, where that is a leaf: each row
 * has them in its sum. A set with a number below 0 has no bits and is not joined.
 */
export type SetForm = 'plain' | 'parted';

/** The rules make of whatever a category column holds a category, −1 or NaN. */
export const NEVER = -2;

/** The categories that ONNX Runtime has bits for are below. */
const BITS = 31;

/** @returns nodes whose set ONNX Runtime may join with the one above; more than it does, as trees are not compared deep down */
export function joinedSets(ensemble: TreeEnsemble): ReadonlySet<number> {
  const { treeTarget, targets, roots, feature, yes, no } = ensemble;
  const joined = new Set<number>();
  treeTarget.forEach((target, tree) => {
    const width = target < 0 ? targets : 1;
    for (let at = roots[tree]; at < roots[tree + 1]; at += 1) {
      const below = no[at];
      if (!isSmall(ensemble, at) || !isSmall(ensemble, below) || feature[at] !== feature[below]) continue;
      if (areAlike(ensemble, yes[at], yes[below], width)) joined.add(below);
    }
  });
  return joined;
}

/** @returns a node's categories that a column of the model's type can hold: rounded to float32, another would be a third one */
export function askableSet({ float, sets, threshold }: TreeEnsemble, at: number): Int32Array {
  const set = sets[threshold[at]]!;
  return float === 'float64' ? set : set.filter((category) => Math.fround(category) === category);
}

function isSmall(ensemble: TreeEnsemble, at: number): boolean {
  return ensemble.mode[at] === MODE.MEMBER && askableSet(ensemble, at).every((category) => category < BITS);
}

/** @param width weights of a leaf: each is in a tree of its own */
function areAlike({ mode, feature, leaf, weights }: TreeEnsemble, a: number, b: number, width: number): boolean {
  if (mode[a] !== MODE.LEAF || mode[b] !== MODE.LEAF) return mode[a] === mode[b] && feature[a] === feature[b];
  for (let i = 0; i < width; i += 1) if (weights[leaf[a] + i] === weights[leaf[b] + i]) return true;
  return false;
}

import { MODE, type TreeEnsemble } from './tree-ensemble.js';

/** Where things stand in the trees of an ensemble. The leaves of a tree are numbered from left to right, yes being left. */
export interface TreeShapes {
  readonly branches: number;
  /** [nodes] number of the leftmost leaf below; of a leaf: its own. */
  readonly leftmost: Int32Array;
  /** [nodes] a numbering of the tree's nodes in which the two children of a branch follow one another, yes first. */
  readonly place: Int32Array;
  /** [trees] leaves; branches above the leaf nearest to the root, and above the farthest. */
  readonly leaves: Int32Array;
  readonly nearest: Int32Array;
  readonly farthest: Int32Array;
}

export function treeShapes({ mode, yes, no, roots, treeTarget }: TreeEnsemble): TreeShapes {
  const nodes = mode.length;
  const below = new Int32Array(nodes);
  for (let node = nodes - 1; node >= 0; node -= 1) {
    below[node] = mode[node] === MODE.LEAF ? 1 : below[yes[node]] + below[no[node]];
  }
  const [leftmost, place, depth] = [new Int32Array(nodes), new Int32Array(nodes), new Int32Array(nodes)];
  const trees = treeTarget.length;
  const [leaves, nearest, farthest] = [new Int32Array(trees), new Int32Array(trees), new Int32Array(trees)];
  for (let tree = 0; tree < trees; tree += 1) {
    leaves[tree] = below[roots[tree]];
    nearest[tree] = leaves[tree];
    let next = 1;
    for (let node = roots[tree]; node < roots[tree + 1]; node += 1) {
      if (mode[node] === MODE.LEAF) {
        nearest[tree] = Math.min(nearest[tree], depth[node]);
        farthest[tree] = Math.max(farthest[tree], depth[node]);
        continue;
      }
      const [left, right] = [yes[node], no[node]];
      leftmost[left] = leftmost[node];
      leftmost[right] = leftmost[node] + below[left];
      depth[left] = depth[right] = depth[node] + 1;
      place[left] = next;
      place[right] = next + 1;
      next += 2;
    }
  }
  return {
    branches: nodes - leaves.reduce((sum, count) => sum + count, 0),
    leftmost,
    place,
    leaves,
    nearest,
    farthest,
  };
}

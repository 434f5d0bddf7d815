import { MODE, type TreeEnsemble } from '../../engines/trees/tree-ensemble.js';
import type { TreeModel } from '../../engines/trees/tree-model.js';
import { neighbour } from './ulp.js';
import { pick, xorshift } from './xorshift.js';

export interface RowsToTry {
  /** [count × width], row after row: golden ones first, then random ones, then those on thresholds. */
  readonly values: Float64Array;
  readonly width: number;
  readonly golden: number;
  readonly random: number;
  readonly thresholds: number;
}

export interface RowSource {
  readonly width: number;
  /** [golden × width] real rows, the ground that the others are grown from. */
  readonly golden: Float64Array;
  /** Present: its splits are probed, and its missing values. */
  readonly trees: TreeModel | undefined;
  readonly random: number;
  readonly thresholds: number;
  readonly seed: number;
}

/**
 * Rows on which two ways of running a model are most likely to part. A random row lies between two golden ones, and
 * somewhat beyond; one column in twenty of a tree model is missing. A threshold row is a golden one with one column exactly
 * at a split, or one unit in the last place to either side of it. Same source, same rows.
 */
export function rowsToTry({ width, golden, trees, random, thresholds, seed }: RowSource): RowsToTry {
  const next = xorshift(seed);
  const goldenRows = golden.length / width;
  const splits = trees ? splitsOf(trees.ensemble) : [];
  const probed = splits.length === 0 ? 0 : thresholds;
  const values = new Float64Array((goldenRows + random + probed) * width);
  values.set(golden);
  let at = golden.length;
  for (let row = 0; row < random; row += 1) {
    const [a, b, share] = [pick(next, goldenRows), pick(next, goldenRows), next() * 1.5 - 0.25];
    for (let column = 0; column < width; column += 1) {
      const from = golden[a * width + column]!;
      const blended = from + share * (golden[b * width + column]! - from);
      values[at++] = trees && next() < 0.05 ? NaN : blended;
    }
  }
  for (let row = 0; row < probed; row += 1, at += width) {
    const from = pick(next, goldenRows) * width;
    values.set(golden.subarray(from, from + width), at);
    const { feature, threshold } = splits[pick(next, splits.length)]!;
    const side = (row % 3) - 1;
    values[at + feature] = side === 0 ? threshold : neighbour(threshold, side as 1 | -1, trees!.ensemble.float);
  }
  return { values, width, golden: goldenRows, random, thresholds: probed };
}

function splitsOf({ mode, feature, threshold }: TreeEnsemble): { feature: number; threshold: number }[] {
  const splits: { feature: number; threshold: number }[] = [];
  mode.forEach((asked, node) => {
    if (asked === MODE.LEQ || asked === MODE.LT) splits.push({ feature: feature[node]!, threshold: threshold[node]! });
  });
  return splits;
}

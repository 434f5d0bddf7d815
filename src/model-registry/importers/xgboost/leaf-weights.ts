import type { Numbers } from './document-reader.js';
import { invalid } from './limits.js';
import { float32s } from './numbers.js';

/** Of a tree whose leaves hold several numbers. */
export interface LeafVectors {
  /** Numbers in a leaf. */
  readonly width: number;
  /** Since 3.2: of the leaves alone, which say by their right child which is theirs. Empty in older files. */
  readonly leafWeights: Numbers;
  /** Before 3.2: of every node. */
  readonly baseWeights: Numbers;
  readonly right: Int32Array;
}

/** @returns the leaves' numbers one leaf after another */
export function vectorWeights(
  { width, leafWeights, baseWeights, right }: LeafVectors,
  leaves: Int32Array,
): Float32Array {
  const ofLeaves = leafWeights.length > 0;
  const all = float32s(ofLeaves ? leafWeights : baseWeights);
  const placeOf = (leaf: number) => width * (ofLeaves ? right[leaf] : leaf);
  // Before anything is allocated for them.
  if (leaves.length * width > all.length)
    throw invalid(`${all.length} weights, ${leaves.length} leaves with ${width} each`);
  const weights = new Float32Array(leaves.length * width);
  leaves.forEach((leaf, i) => {
    const at = placeOf(leaf);
    if (at < 0 || at + width > all.length) throw invalid(`no weights for leaf ${leaf}`);
    weights.set(all.subarray(at, at + width), i * width);
  });
  return weights;
}

/** The arithmetic of a model: features, thresholds, leaves and sums are all of this type. */
export type Float = 'float32' | 'float64';

/** What a node asks. `x > t` and `x >= t` are LEQ and LT with the children exchanged; `x == t` is a MEMBER of one. */
export const MODE = { LEAF: 0, LEQ: 1, LT: 2, MEMBER: 3 } as const;

/**
 * Trees as struct of arrays: what every importer makes, what the ONNX writer writes and reads back, what the kernel runs.
 *
 * A row's margins are, per target, the sum of its leaves' weights, added in tree order to 0 in the ensemble's arithmetic:
 * a base score is a first tree with one leaf. A NaN goes where its node's `missingYes` says, whatever the node asks.
 */
export interface TreeEnsemble {
  readonly float: Float;
  /** Columns of a row. */
  readonly features: number;
  /** Margins of a row. */
  readonly targets: number;
  /** [trees + 1] first node of each tree, its root; the last entry is the number of nodes. */
  readonly roots: Int32Array;
  /** [trees] the target that a tree adds to; −1: its leaves carry a weight for each target. */
  readonly treeTarget: Int32Array;

  /** [nodes] a MODE. */
  readonly mode: Uint8Array;
  /** [nodes] column asked; 0 in a leaf. */
  readonly feature: Int32Array;
  /** [nodes] LEQ, LT: the threshold, exact in `float`; MEMBER: index into `sets`; leaf: 0. */
  readonly threshold: Float64Array;
  /** [nodes] node index of the child where the answer is yes, and where it is no; −1 in a leaf. Children follow parents. */
  readonly yes: Int32Array;
  readonly no: Int32Array;
  /** [nodes] 1: NaN goes to `yes`. */
  readonly missingYes: Uint8Array;
  /** [nodes] where a leaf's weights begin in `weights`; −1 in a branch. */
  readonly leaf: Int32Array;
  /** One number a leaf of a tree with one target, `targets` numbers a leaf of a tree with all; exact in `float`. */
  readonly weights: Float64Array;
  /** Categories ≥ 0, ascending, each once. */
  readonly sets: readonly Int32Array[];
}

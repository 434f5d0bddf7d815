import type { TreeEnsemble } from './tree-ensemble.js';
import type { Link } from './link.js';

/**
 * How a row's raw numbers become what the trees ask about. In this order: a float32 model rounds each number to float32;
 * `flushTiny`; `zeroIsMissing`; categories.
 */
export interface ColumnRules {
  /** |x| ≤ 1e-35 (as float32: 1.0000000180025095e-35) becomes +0: LightGBM does so before any decision. */
  readonly flushTiny: boolean;
  /** Columns in which a zero, after the flush, is NaN (LightGBM's missing type Zero). */
  readonly zeroIsMissing: readonly number[];
  /**
   * Columns that hold category numbers.
   * `truncate` (LightGBM): towards zero; NaN, x ≤ −1, x ≥ 2^31 and ±∞ become −1, which no set contains.
   * `floor` (XGBoost): towards −∞; negative, ≥ 2^24 become −1, which no set contains; NaN stays missing.
   */
  readonly categories: { readonly rule: 'truncate' | 'floor'; readonly columns: readonly number[] } | null;
}

/** A whole tree model: rows in, margins and predictions out. */
export interface TreeModel {
  readonly ensemble: TreeEnsemble;
  readonly rules: ColumnRules;
  readonly link: Link;
  /** [features] as the source names them. */
  readonly featureNames: readonly string[];
}

export const NO_RULES: ColumnRules = { flushTiny: false, zeroIsMissing: [], categories: null };

import type { TreeModel } from '../../engines/trees/tree-model.js';

/** A source file read whole. */
export interface Imported {
  readonly format: 'lightgbm-text' | 'xgboost-json' | 'xgboost-ubjson';
  /** What the file says of the library that wrote it, `xgboost 3.2.0`; empty where it says nothing. */
  readonly writtenBy: string;
  /** As the library names it, `multiclass`, `reg:squarederror`. */
  readonly objective: string;
  readonly model: TreeModel;
  /** Column → the names of its categories, in the order of their numbers; only where the file carries them. */
  readonly categoryNames: ReadonlyMap<number, readonly (string | number)[]>;
  /** What the user should know: `27 of 50 rounds kept: best_iteration`. */
  readonly notes: readonly string[];
}

export interface ImportOptions {
  /** Trees to keep where the file names a best iteration: up to it (what the scikit-learn wrappers predict with), or all. */
  readonly trees: 'best' | 'all';
}

import { MODE } from '../../engines/trees/tree-ensemble.js';
import type { TreeModel } from '../../engines/trees/tree-model.js';
import { pick, xorshift } from './xorshift.js';

export interface Ground {
  readonly rows: number;
  /** 1, or candles a row. */
  readonly window: number;
  /** What training saw of each column; std 0: not known. */
  readonly features: readonly { readonly mean: number; readonly std: number }[];
  readonly trees: TreeModel | undefined;
  readonly seed: number;
}

/**
 * Rows for a model that came without any. A column of trees lies about its own splits, so that every branch is walked; any
 * other column is drawn as training saw it, or from 0 ± 1 where that is not known. Same ground, same rows.
 * @returns [rows × window × features]
 */
export function groundRows({ rows, window, features, trees, seed }: Ground): Float64Array {
  const next = xorshift(seed);
  const splits = trees ? splitsByColumn(trees) : undefined;
  const values = new Float64Array(rows * window * features.length);
  for (let i = 0; i < values.length; i += 1) {
    const column = i % features.length;
    const known = splits?.get(column);
    const { mean, std } = features[column]!;
    if (known) values[i] = besides(known[pick(next, known.length)]!, next());
    else values[i] = Math.fround(std > 0 ? mean + std * normal(next) : normal(next));
  }
  return values;
}

/** Thresholds of a numeric column, category numbers of another. */
function splitsByColumn({ ensemble: { mode, feature, threshold, sets } }: TreeModel): Map<number, number[]> {
  const found = new Map<number, number[]>();
  mode.forEach((asked, node) => {
    if (asked === MODE.LEAF) return;
    const values = asked === MODE.MEMBER ? [...sets[threshold[node]!]!] : [threshold[node]!];
    const known = found.get(feature[node]!);
    if (known) known.push(...values);
    else found.set(feature[node]!, values);
  });
  return found;
}

/** The split itself one time in four; whole numbers stay whole, so that categories stay categories. */
function besides(split: number, share: number): number {
  if (share < 0.25) return split;
  const moved = split + (share - 0.625) * Math.max(Math.abs(split), 1e-3);
  return Number.isInteger(split) ? Math.max(0, Math.round(moved)) : Math.fround(moved);
}

/** Box and Muller 1958. */
function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

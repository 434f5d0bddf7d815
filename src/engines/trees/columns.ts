import type { Float } from './tree-ensemble.js';
import type { ColumnRules } from './tree-model.js';

/** LightGBM's kZeroThreshold, 1e-35f. */
export const TINY = Math.fround(1e-35);

/** Applies the column rules to one row in place; see ColumnRules for their order. */
export function applyRules(
  { flushTiny, zeroIsMissing, categories }: ColumnRules,
  float: Float,
  row: Float32Array | Float64Array,
): void {
  if (float === 'float32') for (let i = 0; i < row.length; i += 1) row[i] = Math.fround(row[i]);
  if (flushTiny) for (let i = 0; i < row.length; i += 1) if (Math.abs(row[i]) <= TINY) row[i] = 0;
  for (const column of zeroIsMissing) if (row[column] === 0) row[column] = NaN;
  if (!categories) return;
  const read = categories.rule === 'truncate' ? truncated : floored;
  for (const column of categories.columns) row[column] = read(row[column]);
}

const NONE = -1;

function truncated(x: number): number {
  return x > -1 && x < 2 ** 31 ? Math.trunc(x) + 0 : NONE;
}

function floored(x: number): number {
  if (Number.isNaN(x)) return NaN;
  return x >= 0 && x < 2 ** 24 ? Math.floor(x) : NONE;
}

import { transformFloat32 } from './link-float32.js';
import { transformFloat64 } from './link-float64.js';
import type { Link } from './link-kinds.js';
import type { Float } from './tree-ensemble.js';

export type { Link, Transform } from './link-kinds.js';

/** @returns how many numbers a row's prediction has */
export function linkOutputs(link: Link, targets: number): number {
  const { kind } = link.kind === 'average' ? link.then : link;
  return kind === 'argmax' ? 1 : targets;
}

/**
 * Turns margins into predictions, in the model's arithmetic; allocates nothing a row.
 * @param margins at least rows × targets numbers, row after row
 * @param out filled with rows × linkOutputs(link, targets) numbers, row after row; may be `margins` itself
 */
export function applyLink(
  link: Link,
  float: Float,
  margins: Float64Array | Float32Array,
  rows: number,
  targets: number,
  out: Float64Array | Float32Array,
): void {
  const { n, then } = link.kind === 'average' ? link : { n: 1, then: link };
  const transform = float === 'float32' ? transformFloat32 : transformFloat64;
  transform(then, n, margins, rows, targets, out);
}

import type { Float } from '../../engines/trees/tree-ensemble.js';

const double = new Float64Array(1);
const long = new BigInt64Array(double.buffer);
const single = new Float32Array(1);
const int = new Int32Array(single.buffer);

/**
 * @returns how many numbers of the type lie between a and b, counting one end: 0 for the same bits (or two NaN), 1 for
 *   neighbours and for +0 and −0; Infinity where only one is a NaN
 */
export function ulpsBetween(a: number, b: number, float: Float): number {
  if (Object.is(a, b)) return 0;
  if (Number.isNaN(a) || Number.isNaN(b)) return Infinity;
  const steps = float === 'float32' ? Math.abs(place32(a) - place32(b)) : Number(abs(place64(a) - place64(b)));
  return Math.max(1, steps);
}

/** @returns the next number of the type above (by = 1) or below (by = −1) a finite number */
export function neighbour(x: number, by: 1 | -1, float: Float): number {
  if (x === 0) return by * (float === 'float32' ? 2 ** -149 : Number.MIN_VALUE);
  const outwards = x > 0 === by > 0 ? 1 : -1;
  if (float === 'float32') {
    single[0] = x;
    int[0] += outwards;
    return single[0];
  }
  double[0] = x;
  long[0] = long[0]! + BigInt(outwards);
  return double[0];
}

/** Numbers in order become integers in order. */
function place32(x: number): number {
  single[0] = x;
  return int[0]! < 0 ? -(int[0]! & 0x7fffffff) : int[0]!;
}

function place64(x: number): bigint {
  double[0] = x;
  return long[0]! < 0n ? -(long[0]! & 0x7fffffffffffffffn) : long[0]!;
}

const abs = (x: bigint): bigint => (x < 0n ? -x : x);

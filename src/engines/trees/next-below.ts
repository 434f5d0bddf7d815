import type { Float } from './tree-ensemble.js';

const float64 = new Float64Array(1);
const bits64 = new BigInt64Array(float64.buffer);
const float32 = new Float32Array(1);
const bits32 = new Int32Array(float32.buffer);

/** @returns the largest number of the type below x, exact in the type; NaN where there is none (x is −∞ or NaN) */
export function nextBelow(x: number, float: Float): number {
  if (x === -Infinity || Number.isNaN(x)) return NaN;
  if (float === 'float32') {
    if (x === 0) return -(2 ** -149);
    float32[0] = x;
    bits32[0] += x > 0 ? -1 : 1;
    return float32[0];
  }
  if (x === 0) return -Number.MIN_VALUE;
  float64[0] = x;
  bits64[0] += x > 0 ? -1n : 1n;
  return float64[0];
}

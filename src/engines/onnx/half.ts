/**
 * IEEE 754 binary16 as bits: 1 sign, 5 exponent, 10 fraction. Rounding is to nearest, ties to even; NaN stays NaN with the
 * head of its payload. Arrays are read and written as words, without a number in between: an engine may turn any NaN that
 * becomes a number into the one NaN.
 */
const INFINITY = 0x7c00;
const SIGN = 0x8000;

/** The largest finite half. */
export const LARGEST_HALF = 65504;

const cell = new Float32Array(1);
const word = new Uint32Array(cell.buffer);

/** @param x rounded to float32 first */
export function halfOf(x: number): number {
  cell[0] = x;
  return narrowed(word[0]);
}

export function numberOf(half: number): number {
  word[0] = widened(half);
  return cell[0];
}

/** @param into as long as `values`; may be a view of a larger buffer */
export function toHalves(values: Float32Array, into: Uint16Array): Uint16Array {
  const words = wordsOf(values);
  for (let i = 0; i < words.length; i += 1) into[i] = narrowed(words[i]);
  return into;
}

/** @param into as long as `halves`; may be a view of a larger buffer */
export function fromHalves(halves: Uint16Array, into: Float32Array): Float32Array {
  const words = wordsOf(into);
  for (let i = 0; i < halves.length; i += 1) words[i] = widened(halves[i]);
  return into;
}

/** What became of an array's values that half precision cannot hold. */
export interface Losses {
  /** Finite values that would have become infinite: now ±65504. */
  readonly clamped: number;
  /** Values other than zero that became zero; their sign is kept. */
  readonly flushed: number;
}

/** As `toHalves`, but no finite value becomes infinite. */
export function toFiniteHalves(values: Float32Array, into: Uint16Array): Losses {
  const words = wordsOf(values);
  let clamped = 0;
  let flushed = 0;
  for (let i = 0; i < words.length; i += 1) {
    const half = narrowed(words[i]);
    const magnitude = half & ~SIGN;
    const overflows = magnitude === INFINITY && (words[i] & 0x7fffffff) !== 0x7f800000;
    if (overflows) clamped += 1;
    else if (magnitude === 0 && (words[i] & 0x7fffffff) !== 0) flushed += 1;
    into[i] = overflows ? half - 1 : half;
  }
  return { clamped, flushed };
}

function wordsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

/** float32 bits → half bits. */
function narrowed(bits: number): number {
  const sign = (bits >>> 16) & SIGN;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | INFINITY | ((magnitude >>> 13) & 0x3ff || 1);
  if (magnitude >= 0x47800000) return sign | INFINITY; // ≥ 2^16
  if (magnitude < 0x33000000) return sign; // < 2^-25, half of the smallest half
  // 2^-14 and more: normal. The exponent's bias is 112 less; what rounding carries out of the fraction goes into it.
  if (magnitude >= 0x38800000) return sign | rounded(magnitude - 0x38000000, 13);
  return sign | rounded((magnitude & 0x7fffff) | 0x800000, 126 - (magnitude >>> 23));
}

/** @returns value / 2^shift to nearest, ties to even */
function rounded(value: number, shift: number): number {
  return (value + (1 << (shift - 1)) - 1 + ((value >>> shift) & 1)) >>> shift;
}

/** half bits → float32 bits, exact. */
function widened(half: number): number {
  const sign = (half & SIGN) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return (sign | 0x7f800000 | (fraction << 13)) >>> 0;
  if (exponent > 0) return (sign | ((exponent + 112) << 23) | (fraction << 13)) >>> 0;
  if (fraction === 0) return sign >>> 0;
  const top = 31 - Math.clz32(fraction); // fraction × 2^-24 has its first bit at 2^(top − 24)
  return (sign | ((top + 103) << 23) | ((fraction << (23 - top)) & 0x7fffff)) >>> 0;
}

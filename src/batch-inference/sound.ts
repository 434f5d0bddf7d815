/** Softmax and vote shares of float32 add up to 1 within this. */
const SUM_TOLERANCE = 1e-3;

/** Whether they are probabilities that add up to 1. Written so that a NaN fails every comparison. */
export function adding(values: Float32Array, from: number, length: number): boolean {
  let sum = 0;
  for (let i = from; i < from + length; i += 1) {
    if (!(values[i]! >= 0)) return false;
    sum += values[i]!;
  }
  return Math.abs(sum - 1) <= SUM_TOLERANCE;
}

/** 0 × a finite number is 0, 0 × NaN or ±∞ is NaN: one pass without a branch, in two sums that do not wait for each other. */
export function finite(values: Float32Array, from: number, length: number): boolean {
  let even = 0;
  let odd = 0;
  const end = from + length - 1;
  let i = from;
  for (; i < end; i += 2) {
    even += values[i]! * 0;
    odd += values[i + 1]! * 0;
  }
  if (i === end) even += values[i]! * 0;
  return even + odd === 0;
}

import type { Numbers } from './document-reader.js';
import { invalid } from './limits.js';

/** @returns the numbers as integers from low to high */
export function integers(numbers: Numbers, what: string, low: number, high: number): Int32Array {
  for (const x of numbers)
    if (!Number.isInteger(x) || x < low || x > high)
      throw invalid(`${what}: ${x} is no integer from ${low} to ${high}`);
  return numbers instanceof Int32Array ? numbers : Int32Array.from(numbers);
}

export function float32s(numbers: Numbers): Float32Array {
  return numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);
}

/** Parameters are texts: `"7"`. */
export function countOf(text: string, what: string): number {
  if (!/^\d{1,9}$/.test(text)) throw invalid(`${what} is ${JSON.stringify(text.slice(0, 40))}, not a number of things`);
  return Number(text);
}

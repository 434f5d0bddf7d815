/** Marsaglia 2003, 32 bits: enough to spread rows, the same on every machine. @returns numbers in [0, 1) */
export function xorshift(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** @returns a whole number in 0 .. count − 1 */
export const pick = (next: () => number, count: number): number => Math.floor(next() * count);

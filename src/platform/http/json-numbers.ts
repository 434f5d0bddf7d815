import type { Turns } from '../turns.js';

/** Numbers written in one turn of the main loop. */
const A_TURN = 1024;

/**
 * Writes numbers as the inside of a JSON array, in turns; each as the shortest decimals that are it.
 * @throws NotFinite where JSON has no word for one of them
 */
export function* writeNumbers(values: ArrayLike<number>): Turns<string> {
  const pieces: string[] = [];
  for (let from = 0; from < values.length; from += A_TURN) {
    if (from > 0) yield;
    const to = Math.min(values.length, from + A_TURN);
    const piece: string[] = [];
    for (let i = from; i < to; i += 1) {
      const value = values[i]!;
      if (!Number.isFinite(value)) throw new NotFinite(i);
      piece.push(Object.is(value, -0) ? '-0' : String(value));
    }
    pieces.push(piece.join(','));
  }
  return pieces.join(',');
}

export class NotFinite extends Error {
  constructor(readonly index: number) {
    super(`value ${index} is not finite`);
  }
}

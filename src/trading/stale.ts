import type { Order } from '../domain/order.js';
import type { Pair } from '../domain/pair.js';

/** A market order that found no candle for this long, exchange time, was decided in another market. */
export const MAX_ENTRY_WAIT_MS = 15 * 60_000;

/**
 * Entries to cancel because they waited too long: accepted without a fill, or intended and never sent. Closes wait for
 * ever, they only make risk smaller; `submitted` is unresolved, and time proves nothing about it.
 * @param heard whether the symbol's missed candles were matched since the start (or it can get none any more)
 */
export function staleEntries(working: readonly Order[], now: number, heard: (symbol: Pair) => boolean): Order[] {
  return working.filter(
    ({ purpose, state, createdAt, symbol }) =>
      purpose === 'entry' &&
      (state === 'accepted' || state === 'partially_filled' || state === 'intended') &&
      now - createdAt > MAX_ENTRY_WAIT_MS &&
      heard(symbol),
  );
}

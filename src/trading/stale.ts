import type { Order } from '../domain/order.js';
import type { Pair } from '../domain/pair.js';

/** A market order that found no candle for this long, exchange time, was decided in another market. */
export const MAX_ENTRY_WAIT_MS = 15 * 60_000;

/** @param at exchange time, UTC ms @returns whether the order is an entry that waited too long: no candle fills it any more */
export function isStale({ purpose, createdAt }: Pick<Order, 'purpose' | 'createdAt'>, at: number): boolean {
  return purpose === 'entry' && at - createdAt > MAX_ENTRY_WAIT_MS;
}

/**
 * Entries to cancel because they waited too long: accepted without a fill, or intended and never sent. Closes wait for
 * ever, they only make risk smaller; `submitted` is unresolved, and time proves nothing about it.
 * @param heard whether the symbol's missed candles were matched since the start (or it can get none any more)
 */
export function staleEntries(working: readonly Order[], now: number, heard: (symbol: Pair) => boolean): Order[] {
  return working.filter(
    (order) =>
      (order.state === 'accepted' || order.state === 'partially_filled' || order.state === 'intended') &&
      isStale(order, now) &&
      heard(order.symbol),
  );
}

import type { Order, Purpose } from '../domain/order.js';

/**
 * Client order ids survive a crash because they are computed. Exchanges allow 36 characters of [A-Za-z0-9_-]: 96 bits of
 * the signal's id leave room for every suffix.
 */
const SIGNAL_DIGITS = 24;

type Exit = Exclude<Purpose, 'entry'>;
const SUFFIX: Readonly<Record<Exit, string>> = { stop_loss: '-sl', take_profit: '-tp', manual_close: '-close' };

/** @returns the id of the one order that a signal may open; also the id of the position it opens */
export function entryId(signalId: string): string {
  return `ap-${signalId.slice(0, SIGNAL_DIGITS)}`;
}

/** @returns the id of the order that closes a position for this purpose */
export function exitId(positionId: string, purpose: Exit): string {
  return positionId + SUFFIX[purpose];
}

/** @returns the id of the position that an order opens or closes */
export function positionIdOf({ id, purpose }: Pick<Order, 'id' | 'purpose'>): string {
  return purpose === 'entry' ? id : id.slice(0, -SUFFIX[purpose].length);
}

/** @returns the id of an order's nth fill, counted from 1 */
export function fillId(orderId: string, n: number): string {
  return `${orderId}/${n}`;
}

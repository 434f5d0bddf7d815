import type { Fill } from '../domain/fill.js';
import type { Quantity } from '../domain/money.js';
import type { Order, OrderState } from '../domain/order.js';

/** What moves an order. `part` and `fill` are fills: one that leaves something open, and the one that completes it. */
export const MOVES = ['submit', 'accept', 'reject', 'cancel', 'part', 'fill'] as const;
export type Move = (typeof MOVES)[number];

/** Every legal move of an order's life. What is absent cannot happen. */
export const NEXT = {
  intended: { submit: 'submitted', cancel: 'cancelled' },
  submitted: { accept: 'accepted', reject: 'rejected', cancel: 'cancelled', part: 'partially_filled', fill: 'filled' },
  accepted: { cancel: 'cancelled', part: 'partially_filled', fill: 'filled' },
  partially_filled: { cancel: 'cancelled', part: 'partially_filled', fill: 'filled' },
  cancelled: { part: 'cancelled', fill: 'filled' }, // a fill may overtake our cancel
  filled: {},
  rejected: {},
} as const satisfies Record<OrderState, Partial<Record<Move, OrderState>>>;

/** An order with every fill it had: what a duplicate fill is recognised by. */
export interface OrderHistory {
  readonly order: Order;
  readonly fills: readonly Fill[];
}

/** A move that the table does not have, a fill beyond the quantity, or one of another order: a bug or a corrupt report. */
export class ImpossibleMove extends Error {}

/** States in which an order can still be filled or must still be resolved. */
export const WORKING: readonly OrderState[] = ['intended', 'submitted', 'accepted', 'partially_filled'];

export function isWorking(order: Pick<Order, 'state'>): boolean {
  return WORKING.includes(order.state);
}

/** @returns the state after the move, or undefined where it cannot happen */
export function stateAfter(state: OrderState, move: Move): OrderState | undefined {
  return (NEXT[state] as Partial<Record<Move, OrderState>>)[move];
}

/**
 * Moves an order by anything but a fill.
 * @param reason why it was rejected or cancelled, kept with it
 * @throws ImpossibleMove
 */
export function advance(
  order: Order,
  move: Exclude<Move, 'part' | 'fill'>,
  reason: string | null = order.reason,
): Order {
  const state = stateAfter(order.state, move);
  if (!state) throw new ImpossibleMove(`order ${order.id} is ${order.state}: cannot ${move}`);
  return { ...order, state, reason };
}

/**
 * Books a fill. One that is on record already (same id) changes nothing: the very same history comes back.
 * @throws ImpossibleMove when the order cannot be filled in its state, or beyond its quantity
 */
export function withFill(history: OrderHistory, fill: Fill): OrderHistory {
  const { order, fills } = history;
  if (fills.some(({ id }) => id === fill.id)) return history;
  if (fill.orderId !== order.id || fill.side !== order.side || fill.symbol !== order.symbol) {
    throw new ImpossibleMove(`fill ${fill.id} does not belong to order ${order.id}`);
  }
  const filled = (order.filled + fill.quantity) as Quantity;
  if (fill.quantity <= 0n || filled > order.quantity) {
    throw new ImpossibleMove(`fill ${fill.id} would bring order ${order.id} beyond its quantity`);
  }
  const move = filled === order.quantity ? 'fill' : 'part';
  const state = stateAfter(order.state, move);
  if (!state) throw new ImpossibleMove(`order ${order.id} is ${order.state}: cannot ${move}`);
  return { order: { ...order, state, filled }, fills: [...fills, fill] };
}

import type { Price, Quantity } from './money.js';
import type { Pair } from './pair.js';

export type Side = 'buy' | 'sell';
/** entry opens a position; the others close one. */
export type Purpose = 'entry' | 'stop_loss' | 'take_profit' | 'manual_close';
export type OrderState =
  | 'intended' // the row is committed, nothing has left
  | 'submitted' // the request may have left; until proven, unresolved
  | 'accepted'
  | 'partially_filled'
  | 'filled'
  | 'cancelled'
  | 'rejected';

export interface Order {
  /** Client order id, computed from the signal (entry) or from the position and purpose (exits). */
  readonly id: string;
  readonly signalId: string | null;
  readonly symbol: Pair;
  readonly side: Side;
  readonly purpose: Purpose;
  readonly quantity: Quantity;
  readonly stopLoss: Price | null;
  readonly takeProfit: Price | null;
  readonly state: OrderState;
  readonly filled: Quantity;
  /** Exchange time, UTC ms. */
  readonly createdAt: number;
  readonly reason: string | null;
}

import type { Fill } from '../domain/fill.js';
import type { Order } from '../domain/order.js';
import type { Position } from '../domain/position.js';

/** One order moved: what observers are told, once it is saved. */
export interface OrderUpdate {
  /** As it stands after the move. */
  readonly order: Order;
  /** The fills of this move alone; empty when only the state moved. */
  readonly fills: readonly Fill[];
  /** The position it belongs to, as it stands after the move; null before the first fill. */
  readonly position: Position | null;
}

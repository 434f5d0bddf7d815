import type { Money, Price, Quantity } from './money.js';
import type { Side } from './order.js';
import type { Pair } from './pair.js';

export interface Fill {
  /** Computed: `<order id>/<n>`; a replayed fill adds nothing. */
  readonly id: string;
  readonly orderId: string;
  readonly symbol: Pair;
  readonly side: Side;
  readonly price: Price;
  readonly quantity: Quantity;
  readonly fee: Money;
  /** Exchange time, UTC ms. */
  readonly filledAt: number;
}

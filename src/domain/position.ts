import type { Money, Price, Quantity } from './money.js';
import type { Purpose } from './order.js';
import type { Pair } from './pair.js';
import type { Direction } from './signal.js';

/** What the fills of one entry order and of the orders that close it add up to. */
export interface Position {
  /** The id of the entry order that opened it. */
  readonly id: string;
  readonly symbol: Pair;
  readonly direction: Direction;
  /** Still open, base; 0 once closed. Always positive: the direction says which way. */
  readonly quantity: Quantity;
  /** Average price of the entry's fills; `cost` is the exact figure. */
  readonly entryPrice: Price;
  /** Quote paid (long) or received (short) for what is still open, before fees. */
  readonly cost: Money;
  readonly stopLoss: Price | null;
  readonly takeProfit: Price | null;
  /** Profit of what was closed so far, before fees. */
  readonly realised: Money;
  /** Fees of all its fills. */
  readonly fees: Money;
  /** Exchange time of the first fill, UTC ms. */
  readonly openedAt: number;
  /** Exchange time of the fill that closed the last of it, UTC ms. */
  readonly closedAt: number | null;
  readonly closedBy: Purpose | null;
}

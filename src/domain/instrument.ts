import type { Money, Price, Quantity } from './money.js';
import type { Pair } from './pair.js';

/** What an exchange lets one trade of a pair, from its exchangeInfo. */
export interface Instrument {
  readonly symbol: Pair;
  readonly tickSize: Price;
  readonly stepSize: Quantity;
  readonly minQuantity: Quantity;
  readonly minNotional: Money;
}

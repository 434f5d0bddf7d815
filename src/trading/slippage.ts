import type { Instrument } from '../domain/instrument.js';
import { ONE, roundTo, scale, type Price, type Ratio } from '../domain/money.js';
import type { Side } from '../domain/order.js';
import type { Costs } from './limits.js';

/** @returns what a market order gets: the price, against us by the slippage, then onto the tick grid, again against us; never below one tick */
export function slipped(
  price: Price,
  side: Side,
  { tickSize }: Pick<Instrument, 'tickSize'>,
  { slippage }: Pick<Costs, 'slippage'>,
): Price {
  const rounding = side === 'buy' ? 'ceil' : 'floor';
  const moved = scale(price, (side === 'buy' ? ONE + slippage : ONE - slippage) as Ratio, rounding);
  const onGrid = roundTo(moved, tickSize, rounding);
  return onGrid > 0n ? onGrid : ((tickSize > 0n ? tickSize : 1n) as Price);
}

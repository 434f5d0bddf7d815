import type { Instrument } from '../domain/instrument.js';
import { absolute, scale, type Price } from '../domain/money.js';
import type { Direction } from '../domain/signal.js';
import type { Costs } from './limits.js';
import { slipped } from './slippage.js';

type Grid = Pick<Instrument, 'tickSize'>;

/**
 * @param price what the entry is expected to fill at, before slippage
 * @returns what a unit takes of free cash on its way in, in quote: its price (a short's collateral), the slippage, the fee
 */
export function cashOfUnit(direction: Direction, price: Price, grid: Grid, costs: Costs): Price {
  const entry = slipped(price, direction === 'long' ? 'buy' : 'sell', grid, costs);
  return (price + absolute((entry - price) as Price) + scale(entry, costs.feeRate, 'ceil')) as Price;
}

/** @returns what a unit loses from an entry at the price to an exit at the stop, in quote: slippage and fee of both ways included */
export function lossOfUnit(direction: Direction, price: Price, stop: Price, grid: Grid, costs: Costs): Price {
  const long = direction === 'long';
  const entry = slipped(price, long ? 'buy' : 'sell', grid, costs);
  const exit = slipped(stop, long ? 'sell' : 'buy', grid, costs);
  const fees = scale(entry, costs.feeRate, 'ceil') + scale(exit, costs.feeRate, 'ceil');
  return (absolute((entry - exit) as Price) + fees) as Price;
}

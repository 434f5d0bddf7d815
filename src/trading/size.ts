import type { Instrument } from '../domain/instrument.js';
import {
  absolute,
  floorTo,
  format,
  fromNumber,
  least,
  notional,
  quantityFor,
  scale,
  type Money,
  type Price,
  type Quantity,
  type Ratio,
} from '../domain/money.js';
import type { Direction } from '../domain/signal.js';
import type { Costs, Limits } from './limits.js';
import { refusal, type Refusal } from './refusals.js';
import { cashOfUnit, lossOfUnit } from './unit-cost.js';

export interface SizeRequest {
  readonly direction: Direction;
  /** What the entry is expected to fill at: the newest 1m close. */
  readonly price: Price;
  /** The signal's estimates, quote per base. */
  readonly stopLoss: number;
  readonly takeProfit: number | undefined;
  readonly equity: Money;
  /** Equity that no position and no entry on its way has bound. */
  readonly freeCash: Money;
  readonly instrument: Instrument;
  readonly limits: Limits;
  readonly costs: Costs;
}

export interface Sized {
  readonly quantity: Quantity;
  readonly stopLoss: Price;
  readonly takeProfit: Price | null;
}

export type Sizing = { readonly sized: Sized } | { readonly refused: Refusal };

/**
 * How much to trade: what loses `riskPerTrade` of equity from price to stop with slippage and fee of both ways, but no more
 * than `maxPositionShare` of equity and than free cash pays for with slippage and fee; rounded down to the step. Shorts are
 * collateralised in full, so free cash caps both ways. Nothing is traded whose target, reached, does not pay for the trade.
 */
export function size(request: SizeRequest): Sizing {
  const { instrument, price, equity, freeCash, limits, costs } = request;
  const levels = levelsOf(request);
  if ('refused' in levels) return levels;
  const unpaid = unpaidBy(levels.takeProfit, price, costs);
  if (unpaid) return { refused: unpaid };
  if (freeCash <= 0n) return { refused: refusal('NO_FREE_CASH', { free_cash: format(freeCash) }) };
  const loss = lossOfUnit(request.direction, price, levels.stopLoss, instrument, costs);
  const wanted = least(
    quantityFor(scale(equity, limits.riskPerTrade, 'floor'), loss, 'floor'),
    quantityFor(scale(equity, limits.maxPositionShare, 'floor'), price, 'floor'),
    quantityFor(freeCash, cashOfUnit(request.direction, price, instrument, costs), 'floor'),
  );
  const quantity = floorTo(wanted, instrument.stepSize);
  if (quantity <= 0n || quantity < instrument.minQuantity) {
    return {
      refused: refusal('QUANTITY_BELOW_MIN', { quantity: format(quantity), min: format(instrument.minQuantity) }),
    };
  }
  const value = notional(price, quantity, 'floor');
  if (value < instrument.minNotional) {
    return { refused: refusal('NOTIONAL_BELOW_MIN', { notional: format(value), min: format(instrument.minNotional) }) };
  }
  return { sized: { quantity, ...levels } };
}

/** @returns what a unit costs to get in and out again, in quote, the last digit against us: fee and slippage, twice each */
export function roundTripCost(price: Price, { feeRate, slippage }: Costs): Price {
  return scale(price, (2n * (feeRate + slippage)) as Ratio, 'ceil');
}

/** @returns why the target, reached, would not pay for the trade; undefined where it would, or there is none */
function unpaidBy(target: Price | null, price: Price, costs: Costs): Refusal | undefined {
  if (target === null) return undefined;
  const reward = absolute((target - price) as Price);
  const cost = roundTripCost(price, costs);
  return reward < cost ? refusal('REWARD_BELOW_COST', { reward: format(reward), cost: format(cost) }) : undefined;
}

/**
 * Stop and target on the tick grid, each rounded towards the entry: the loss at the stop is never more than was sized
 * for, and a target that was reached is never missed by rounding. Neither moves by a whole tick.
 */
function levelsOf({
  direction,
  price,
  stopLoss,
  takeProfit,
  instrument,
}: SizeRequest): Omit<Sized, 'quantity'> | { refused: Refusal } {
  const long = direction === 'long';
  if (!(stopLoss > 0) || !Number.isFinite(stopLoss))
    return { refused: refusal('LEVEL_NOT_POSITIVE', { stop_loss: stopLoss }) };
  const stop = fromNumber<Price>(stopLoss, long ? 'ceil' : 'floor', instrument.tickSize);
  if (stop <= 0n) return { refused: refusal('LEVEL_NOT_POSITIVE', { stop_loss: stopLoss }) };
  if (long ? stop >= price : stop <= price) {
    return { refused: refusal('STOP_WRONG_SIDE', { price: format(price), stop_loss: format(stop) }) };
  }
  if (takeProfit === undefined) return { stopLoss: stop, takeProfit: null };
  if (!(takeProfit > 0) || !Number.isFinite(takeProfit))
    return { refused: refusal('LEVEL_NOT_POSITIVE', { take_profit: takeProfit }) };
  const target = fromNumber<Price>(takeProfit, long ? 'floor' : 'ceil', instrument.tickSize);
  if (long ? target <= price : target >= price) {
    return { refused: refusal('TAKE_PROFIT_WRONG_SIDE', { price: format(price), take_profit: format(target) }) };
  }
  return { stopLoss: stop, takeProfit: target };
}

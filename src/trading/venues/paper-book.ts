import { closeTime, type Candle } from '../../domain/candle.js';
import type { Fill } from '../../domain/fill.js';
import type { Instrument } from '../../domain/instrument.js';
import { fromNumber, scale, type Money, type Price, type Quantity } from '../../domain/money.js';
import type { Order, Side } from '../../domain/order.js';
import type { Position } from '../../domain/position.js';
import type { Costs } from '../limits.js';
import { exitId, fillId } from '../order-id.js';
import { book, quoteOf } from '../portfolio.js';
import { slipped } from '../slippage.js';
import { isStale } from '../stale.js';

/** What one symbol has at the venue: orders that rest (oldest first), and the open position with its levels. */
export interface Resting {
  readonly orders: readonly Order[];
  readonly position: Position | undefined;
}

/** A fill, and the order it fills as it was before: one that rested, or an exit the venue made itself. */
export interface Execution {
  readonly order: Order;
  readonly fill: Fill;
}

/**
 * What a paper venue does with one closed 1m candle. Market orders decided by its open fill at its open, with slippage
 * against us; an entry that found no candle for too long fills no more. Then the levels of the position are held against high and low, the stop first: within a candle the order
 * of prices is not known, so the worse is taken. An open beyond the stop fills at the open, also worse; a target fills
 * at its own price even if the open was better. The stop slips like any market order, the target (a limit) does not.
 *
 * Pure and repeatable: a candle from before the order or the position changes nothing, and one that was matched already
 * answers nothing new, because what it made is no longer resting.
 */
export function match(
  { orders, position }: Resting,
  candle: Candle,
  instrument: Instrument,
  costs: Costs,
): readonly Execution[] {
  const executions: Execution[] = [];
  const open = fromNumber<Price>(candle.open, 'nearest');
  let held = position && candle.openTime > position.openedAt ? position : undefined;
  for (const order of orders) {
    if (candle.openTime < order.createdAt || isStale(order, candle.openTime)) continue;
    if (order.purpose !== 'entry' && !held) continue; // what it was to close is closed
    const price = slipped(open, order.side, instrument, costs);
    const fill = fillOf(order, price, candle.openTime, costs);
    executions.push({ order, fill });
    held = book(order.purpose === 'entry' ? undefined : held, order, fill);
    if (held.closedAt !== null) held = undefined;
  }
  const exit = held && exitOf(held, open, candle, instrument, costs);
  return exit ? [...executions, exit] : executions;
}

function exitOf(
  position: Position,
  open: Price,
  candle: Candle,
  instrument: Instrument,
  costs: Costs,
): Execution | undefined {
  const long = position.direction === 'long';
  const side: Side = long ? 'sell' : 'buy';
  const { stopLoss, takeProfit } = position;
  const high = fromNumber<Price>(candle.high, 'nearest');
  const low = fromNumber<Price>(candle.low, 'nearest');
  const beyond = (price: Price, level: Price) => (long ? price <= level : price >= level);
  const lastInstant = closeTime(candle) - 1;
  if (stopLoss !== null && beyond(long ? low : high, stopLoss)) {
    const gapped = beyond(open, stopLoss);
    const order = exitOrder(position, 'stop_loss', side, gapped ? candle.openTime : lastInstant);
    const price = slipped(gapped ? open : stopLoss, side, instrument, costs);
    return { order, fill: fillOf(order, price, order.createdAt, costs) };
  }
  if (takeProfit !== null && (long ? high >= takeProfit : low <= takeProfit)) {
    const order = exitOrder(position, 'take_profit', side, lastInstant);
    return { order, fill: fillOf(order, takeProfit, order.createdAt, costs) };
  }
  return undefined;
}

/** Fills what is left of an order in one go. */
function fillOf(order: Order, price: Price, filledAt: number, { feeRate }: Costs): Fill {
  const quantity = (order.quantity - order.filled) as Quantity;
  const id = fillId(order.id, order.filled === 0n ? 1 : 2);
  const { id: orderId, symbol, side } = order;
  const fee = scale(quoteOf({ price, quantity, side }), feeRate, 'ceil');
  return { id, orderId, symbol, side, price, quantity, fee: fee as Money, filledAt };
}

/**
 * The venue's own order to close a position. When it happened within the candle is not known: a level is stamped with
 * the candle's last millisecond, a gap with its open.
 */
function exitOrder(position: Position, purpose: 'stop_loss' | 'take_profit', side: Side, createdAt: number): Order {
  return {
    id: exitId(position.id, purpose),
    signalId: null,
    symbol: position.symbol,
    side,
    purpose,
    quantity: position.quantity,
    stopLoss: null,
    takeProfit: null,
    state: 'accepted',
    filled: 0n as Quantity,
    createdAt,
    reason: null,
  };
}

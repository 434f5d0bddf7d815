import type { Fill } from '../domain/fill.js';
import { format, parseExact, type Exact } from '../domain/money.js';
import type { Order, OrderState, Purpose, Side } from '../domain/order.js';
import type { Pair } from '../domain/pair.js';
import type { Position } from '../domain/position.js';
import type { Direction } from '../domain/signal.js';
import { positionIdOf } from './order-id.js';

/** A row of `orders` as the driver returns it: numeric as text, timestamptz as Date. */
export interface OrderRow {
  readonly id: string;
  readonly signal_id: string | null;
  readonly symbol: Pair;
  readonly side: Side;
  readonly purpose: Purpose;
  readonly position_id: string;
  readonly quantity: string;
  readonly stop_loss: string | null;
  readonly take_profit: string | null;
  readonly state: OrderState;
  readonly filled: string;
  readonly created_at: Date;
  readonly reason: string | null;
}

export interface FillRow {
  readonly id: string;
  readonly order_id: string;
  readonly symbol: Pair;
  readonly side: Side;
  readonly price: string;
  readonly quantity: string;
  readonly fee: string;
  readonly filled_at: Date;
}

export interface PositionRow {
  readonly id: string;
  readonly symbol: Pair;
  readonly direction: Direction;
  readonly quantity: string;
  readonly entry_price: string;
  readonly cost: string;
  readonly stop_loss: string | null;
  readonly take_profit: string | null;
  readonly realised: string;
  readonly fees: string;
  readonly opened_at: Date;
  readonly closed_at: Date | null;
  readonly closed_by: Purpose | null;
}

export interface EquityRow {
  readonly at: Date;
  readonly equity: string;
  readonly cash: string;
  readonly unrealised: string;
  readonly peak: string;
  readonly drawdown: string;
}

export const ORDER_COLUMNS =
  'id, signal_id, symbol, side, purpose, position_id, quantity, stop_loss, take_profit, state, filled, created_at, reason';
export const FILL_COLUMNS = 'id, order_id, symbol, side, price, quantity, fee, filled_at';
export const POSITION_COLUMNS =
  'id, symbol, direction, quantity, entry_price, cost, stop_loss, take_profit, realised, fees, opened_at, closed_at, closed_by';

const exactOrNull = <T extends Exact>(text: string | null): T | null => (text === null ? null : parseExact<T>(text));
const textOrNull = (value: bigint | null): string | null => (value === null ? null : format(value));
const secondsOrNull = (time: number | null): number | null => (time === null ? null : time / 1000);

export function orderOf(row: OrderRow): Order {
  return {
    id: row.id,
    signalId: row.signal_id,
    symbol: row.symbol,
    side: row.side,
    purpose: row.purpose,
    quantity: parseExact(row.quantity),
    stopLoss: exactOrNull(row.stop_loss),
    takeProfit: exactOrNull(row.take_profit),
    state: row.state,
    filled: parseExact(row.filled),
    createdAt: row.created_at.getTime(),
    reason: row.reason,
  };
}

export function fillOf(row: FillRow): Fill {
  return {
    id: row.id,
    orderId: row.order_id,
    symbol: row.symbol,
    side: row.side,
    price: parseExact(row.price),
    quantity: parseExact(row.quantity),
    fee: parseExact(row.fee),
    filledAt: row.filled_at.getTime(),
  };
}

export function positionOf(row: PositionRow): Position {
  return {
    id: row.id,
    symbol: row.symbol,
    direction: row.direction,
    quantity: parseExact(row.quantity),
    entryPrice: parseExact(row.entry_price),
    cost: parseExact(row.cost),
    stopLoss: exactOrNull(row.stop_loss),
    takeProfit: exactOrNull(row.take_profit),
    realised: parseExact(row.realised),
    fees: parseExact(row.fees),
    openedAt: row.opened_at.getTime(),
    closedAt: row.closed_at?.getTime() ?? null,
    closedBy: row.closed_by,
  };
}

/** Inserts orders given as the columns of `orderArrays`; who uses it says which rows, and what of those on record. */
export const INSERT_ORDER_ROWS = `
insert into orders (id, signal_id, symbol, side, purpose, position_id, quantity, stop_loss, take_profit, state, filled,
                    created_at, reason)
select id, signal_id, symbol, side, purpose, position_id, quantity, stop_loss, take_profit, state, filled,
       to_timestamp(created_s), reason
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::numeric[], $8::numeric[],
              $9::numeric[], $10::text[], $11::numeric[], $12::float8[], $13::text[])
    as t (id, signal_id, symbol, side, purpose, position_id, quantity, stop_loss, take_profit, state, filled,
          created_s, reason)`;

/** Twelve columns of `orders`, then the creation time in seconds: arrays for `unnest`, one element an order. */
export function orderArrays(orders: readonly Order[]): unknown[][] {
  return [
    orders.map(({ id }) => id),
    orders.map(({ signalId }) => signalId),
    orders.map(({ symbol }) => symbol),
    orders.map(({ side }) => side),
    orders.map(({ purpose }) => purpose),
    orders.map(positionIdOf),
    orders.map(({ quantity }) => format(quantity)),
    orders.map(({ stopLoss }) => textOrNull(stopLoss)),
    orders.map(({ takeProfit }) => textOrNull(takeProfit)),
    orders.map(({ state }) => state),
    orders.map(({ filled }) => format(filled)),
    orders.map(({ createdAt }) => createdAt / 1000),
    orders.map(({ reason }) => reason),
  ];
}

export function fillArrays(fills: readonly Fill[]): unknown[][] {
  return [
    fills.map(({ id }) => id),
    fills.map(({ orderId }) => orderId),
    fills.map(({ symbol }) => symbol),
    fills.map(({ side }) => side),
    fills.map(({ price }) => format(price)),
    fills.map(({ quantity }) => format(quantity)),
    fills.map(({ fee }) => format(fee)),
    fills.map(({ filledAt }) => filledAt / 1000),
  ];
}

export function positionArrays(positions: readonly Position[]): unknown[][] {
  return [
    positions.map(({ id }) => id),
    positions.map(({ symbol }) => symbol),
    positions.map(({ direction }) => direction),
    positions.map(({ quantity }) => format(quantity)),
    positions.map(({ entryPrice }) => format(entryPrice)),
    positions.map(({ cost }) => format(cost)),
    positions.map(({ stopLoss }) => textOrNull(stopLoss)),
    positions.map(({ takeProfit }) => textOrNull(takeProfit)),
    positions.map(({ realised }) => format(realised)),
    positions.map(({ fees }) => format(fees)),
    positions.map(({ openedAt }) => openedAt / 1000),
    positions.map(({ closedAt }) => secondsOrNull(closedAt)),
    positions.map(({ closedBy }) => closedBy),
  ];
}

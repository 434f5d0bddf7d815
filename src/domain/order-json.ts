import type { Fill } from './fill.js';
import { format } from './money.js';
import type { Order } from './order.js';
import type { Position } from './position.js';

/** Orders, fills and positions as REST and the websocket tell them: exact numbers as decimal text, times ISO 8601. */
export function orderJson(order: Order) {
  return {
    id: order.id,
    signal_id: order.signalId,
    symbol: order.symbol,
    side: order.side,
    purpose: order.purpose,
    state: order.state,
    quantity: format(order.quantity),
    filled: format(order.filled),
    stop_loss: textOrNull(order.stopLoss),
    take_profit: textOrNull(order.takeProfit),
    created_at: iso(order.createdAt),
    reason: order.reason,
  };
}

export function fillJson(fill: Fill) {
  return {
    id: fill.id,
    order_id: fill.orderId,
    symbol: fill.symbol,
    side: fill.side,
    price: format(fill.price),
    quantity: format(fill.quantity),
    fee: format(fill.fee),
    filled_at: iso(fill.filledAt),
  };
}

/** `realised` is before fees; `profit`, known once it is closed, after them. */
export function positionJson(position: Position) {
  return {
    id: position.id,
    symbol: position.symbol,
    direction: position.direction,
    state: position.closedAt === null ? 'open' : 'closed',
    quantity: format(position.quantity),
    entry_price: format(position.entryPrice),
    cost: format(position.cost),
    stop_loss: textOrNull(position.stopLoss),
    take_profit: textOrNull(position.takeProfit),
    realised: format(position.realised),
    fees: format(position.fees),
    profit: position.closedAt === null ? null : format(position.realised - position.fees),
    opened_at: iso(position.openedAt),
    closed_at: position.closedAt === null ? null : iso(position.closedAt),
    closed_by: position.closedBy,
  };
}

function textOrNull(value: bigint | null): string | null {
  return value === null ? null : format(value);
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

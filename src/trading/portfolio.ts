import type { Fill } from '../domain/fill.js';
import { divide, notional, ONE, ZERO, type Money, type Price, type Quantity } from '../domain/money.js';
import type { Order } from '../domain/order.js';
import type { Pair } from '../domain/pair.js';
import type { Position } from '../domain/position.js';
import { positionIdOf } from './order-id.js';

/** What of an order a fill's meaning depends on. */
export type FillOrder = Pick<Order, 'id' | 'purpose' | 'stopLoss' | 'takeProfit'>;

/** A fill that no position can take: an exit without one, or more than is open. Corrupt data is worse than none. */
export class ImpossibleFill extends Error {}

/** Quote that a fill exchanges before its fee; the last digit goes against us. */
export function quoteOf({ price, quantity, side }: Pick<Fill, 'price' | 'quantity' | 'side'>): Money {
  return notional(price, quantity, side === 'buy' ? 'ceil' : 'floor');
}

/** @returns what the fill adds to cash (a buy takes), fee included */
export function cashFlow(fill: Fill): Money {
  const quote = quoteOf(fill);
  return ((fill.side === 'buy' ? -quote : quote) - fill.fee) as Money;
}

/**
 * Books one fill on the position it opens, grows or closes.
 * @param position the symbol's open position, if any
 * @throws ImpossibleFill
 */
export function book(position: Position | undefined, order: FillOrder, fill: Fill): Position {
  return order.purpose === 'entry' ? enter(position, order, fill) : exit(position, order, fill);
}

function enter(position: Position | undefined, order: FillOrder, fill: Fill): Position {
  if (position && position.id !== order.id)
    throw new ImpossibleFill(`${fill.id}: ${fill.symbol} has position ${position.id}`);
  const quantity = ((position?.quantity ?? 0n) + fill.quantity) as Quantity;
  const cost = ((position?.cost ?? 0n) + quoteOf(fill)) as Money;
  return {
    id: order.id,
    symbol: fill.symbol,
    direction: fill.side === 'buy' ? 'long' : 'short',
    quantity,
    entryPrice: position ? (divide(cost * ONE, quantity, 'nearest') as Price) : fill.price,
    cost,
    stopLoss: order.stopLoss,
    takeProfit: order.takeProfit,
    realised: position?.realised ?? ZERO,
    fees: ((position?.fees ?? 0n) + fill.fee) as Money,
    openedAt: position?.openedAt ?? fill.filledAt,
    closedAt: null,
    closedBy: null,
  };
}

function exit(position: Position | undefined, order: FillOrder, fill: Fill): Position {
  if (!position || position.id !== positionIdOf(order) || fill.quantity > position.quantity) {
    throw new ImpossibleFill(`${fill.id}: no open position of that size to close`);
  }
  if ((position.direction === 'long') !== (fill.side === 'sell'))
    throw new ImpossibleFill(`${fill.id}: would grow the position`);
  const quantity = (position.quantity - fill.quantity) as Quantity;
  const cost = quantity === 0n ? position.cost : divide(position.cost * fill.quantity, position.quantity, 'floor');
  const quote = quoteOf(fill);
  return {
    ...position,
    quantity,
    cost: (position.cost - cost) as Money,
    realised: (position.realised + (position.direction === 'long' ? quote - cost : cost - quote)) as Money,
    fees: (position.fees + fill.fee) as Money,
    closedAt: quantity === 0n ? fill.filledAt : null,
    closedBy: quantity === 0n ? order.purpose : null,
  };
}

/** What a position is worth at a price: an asset (long, rounded down) or a debt (short, rounded up). */
export function valueAt({ direction, quantity }: Pick<Position, 'direction' | 'quantity'>, price: Price): Money {
  return notional(price, quantity, direction === 'long' ? 'floor' : 'ceil');
}

/** @returns profit, positive, or loss, negative, of what is still open, before fees */
export function unrealisedAt(position: Position, price: Price): Money {
  const value = valueAt(position, price);
  return (position.direction === 'long' ? value - position.cost : position.cost - value) as Money;
}

export interface Valuation {
  readonly cash: Money;
  readonly unrealised: Money;
  /** cash + longs − shorts. Also deposits + realised + unrealised − fees. */
  readonly equity: Money;
  /** Longs + shorts, both at their price. */
  readonly exposure: Money;
}

/** Cash and open positions as the fold of deposits and fills. A fill is booked once, however often it comes. */
export class Portfolio {
  #cash: Money;
  readonly #open = new Map<Pair, Position>();
  readonly #booked = new Set<string>();

  constructor(deposits: Money) {
    this.#cash = deposits;
  }

  get cash(): Money {
    return this.#cash;
  }

  get open(): ReadonlyMap<Pair, Position> {
    return this.#open;
  }

  /**
   * @returns the position after the fill (closed: quantity 0), or undefined when the fill was booked before
   * @throws ImpossibleFill, nothing changed
   */
  fill(order: FillOrder, fill: Fill): Position | undefined {
    if (this.#booked.has(fill.id)) return undefined;
    const position = book(this.#open.get(fill.symbol), order, fill);
    this.#booked.add(fill.id);
    this.#cash = (this.#cash + cashFlow(fill)) as Money;
    if (position.closedAt === null) this.#open.set(fill.symbol, position);
    else this.#open.delete(fill.symbol);
    return position;
  }

  /** @returns undefined when an open position has no price: equity is then not known */
  valuation(priceOf: (symbol: Pair) => Price | undefined): Valuation | undefined {
    let [unrealised, net, exposure] = [0n, 0n, 0n];
    for (const position of this.#open.values()) {
      const price = priceOf(position.symbol);
      if (price === undefined) return undefined;
      const value = valueAt(position, price);
      unrealised += unrealisedAt(position, price);
      net += position.direction === 'long' ? value : -value;
      exposure += value;
    }
    return {
      cash: this.#cash,
      unrealised: unrealised as Money,
      equity: (this.#cash + net) as Money,
      exposure: exposure as Money,
    };
  }
}

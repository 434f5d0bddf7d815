import { notional, type Money, type Quantity } from '../domain/money.js';
import type { Order, Side } from '../domain/order.js';
import type { Pair } from '../domain/pair.js';
import type { Signal } from '../domain/signal.js';
import { openTimeAt } from '../domain/timeframe.js';
import type { Costs, Limits } from './limits.js';
import type { Market } from './market.js';
import { entryId, exitId, positionIdOf } from './order-id.js';
import { advance, isWorking, withFill, type OrderHistory } from './order-states.js';
import type { OrderUpdate } from './order-update.js';
import { book, type Portfolio, type Valuation } from './portfolio.js';
import type { Refusal } from './refusals.js';
import { assess, breachesDailyLoss } from './risk.js';
import { size } from './size.js';
import { cashOfUnit } from './unit-cost.js';
import type { Execution, Resting } from './venues/paper-book.js';

/** A move not yet saved: the order with all its fills after it, and what observers will be told. */
export interface Change extends OrderUpdate {
  readonly history: OrderHistory;
}

export interface Refused {
  readonly signal: Signal;
  readonly refusal: Refusal;
}

export interface Plan {
  readonly orders: readonly { readonly order: Order; readonly signal: Signal }[];
  readonly refused: readonly Refused[];
}

export interface StalePrice {
  readonly symbol: Pair;
  /** Exchange time of its last price, UTC ms; null where it has none. */
  readonly pricedAt: number | null;
}

/** Equity when a UTC day of exchange time began. */
export interface DayStart {
  readonly day: number;
  readonly equity: Money;
}

/**
 * All that trading has, in memory: working orders, cash and positions, held against the market. Asking changes nothing; `commit`
 * books what was saved. Rebuilt from rows at every start.
 */
export class Ledger {
  readonly #working = new Map<Pair, Map<string, OrderHistory>>();
  dayStart: DayStart | undefined;
  halted = false;

  constructor(
    readonly portfolio: Portfolio,
    readonly market: Market,
    readonly limits: Limits,
    readonly costs: Costs,
  ) {}

  /** @returns whether a candle of the symbol can change anything */
  concerns(symbol: Pair): boolean {
    return this.#working.has(symbol) || this.portfolio.open.has(symbol);
  }

  held(): Pair[] {
    return [...new Set([...this.#working.keys(), ...this.portfolio.open.keys()])];
  }

  working(): Order[] {
    return [...this.#working.values()].flatMap((orders) => [...orders.values()].map(({ order }) => order));
  }

  workingOf(symbol: Pair): Order[] {
    return [...(this.#working.get(symbol)?.values() ?? [])].map(({ order }) => order);
  }

  resting(symbol: Pair): Resting {
    const orders = this.workingOf(symbol)
      .filter(({ state }) => state === 'accepted' || state === 'partially_filled')
      .sort((a, b) => a.createdAt - b.createdAt);
    return { orders, position: this.portfolio.open.get(symbol) };
  }

  /** @returns the earliest open time (UTC ms) of a candle that can change anything of the symbol; Infinity where none can */
  since(symbol: Pair): number {
    const opened = this.portfolio.open.get(symbol)?.openedAt ?? Infinity;
    return Math.min(opened, ...this.workingOf(symbol).map(({ createdAt }) => createdAt));
  }

  valuation(): Valuation | undefined {
    return this.portfolio.valuation((symbol) => this.market.mark(symbol)?.price);
  }

  /**
   * @param staleMs ms of exchange time
   * @returns open positions whose price is older than that beside what was heard of the market, or which never had one: what
   *   they are worth is a guess, and no candle reaches their stop
   */
  stalePrices(staleMs: number): StalePrice[] {
    const since = (this.market.heard ?? -Infinity) - staleMs;
    return [...this.portfolio.open.keys()]
      .map((symbol) => ({ symbol, pricedAt: this.market.mark(symbol)?.at ?? null }))
      .filter(({ pricedAt }) => pricedAt === null || pricedAt < since);
  }

  /** @returns loss of the UTC day at or beyond the limit; false while equity is not known (risk refuses then anyway) */
  lostTooMuch(): boolean {
    const equity = this.valuation()?.equity;
    if (equity === undefined || !this.dayStart) return false;
    return breachesDailyLoss(equity, this.dayStart.equity, this.limits.maxDailyLoss);
  }

  /**
   * Turns signals, in their order, into entry orders or refusals. What an earlier signal of the call will bind is bound
   * for the later ones. A signal whose order is working or open is a replay and is passed over.
   * @param now exchange time, UTC ms
   */
  plan(signals: readonly Signal[], now: number): Plan {
    const orders: { order: Order; signal: Signal }[] = [];
    const refused: Refused[] = [];
    const valuation = this.valuation();
    for (const signal of signals) {
      if (this.#isOpen(entryId(signal.id))) continue;
      const entries = [...this.#entries(), ...orders.map(({ order }) => order)];
      const decided = this.#decide(signal, now, valuation, entries);
      if ('refused' in decided) refused.push({ signal, refusal: decided.refused });
      else orders.push({ order: decided.order, signal });
    }
    return { orders, refused };
  }

  #decide(
    signal: Signal,
    now: number,
    valuation: Valuation | undefined,
    entries: readonly Order[],
  ): { order: Order } | { refused: Refusal } {
    const { symbol, direction } = signal;
    const instrument = this.market.instrument(symbol);
    const mark = this.market.mark(symbol);
    const bound = this.#bound(entries);
    const equity = bound === undefined ? undefined : valuation?.equity;
    const busy = this.portfolio.open.has(symbol) || entries.some((order) => order.symbol === symbol);
    const open = this.portfolio.open.size + entries.length;
    const { limits, costs, halted } = this;
    const refused = assess(signal, {
      now,
      halted,
      instrument,
      mark,
      busy,
      open,
      equity,
      dayStart: this.dayStart?.equity,
      limits,
    });
    if (refused) return { refused };
    const sizing = size({
      direction,
      price: mark!.price,
      stopLoss: signal.stopLoss,
      takeProfit: signal.takeProfits[0],
      equity: equity!,
      freeCash: (equity! - valuation!.exposure - bound!) as Money,
      instrument: instrument!,
      limits,
      costs,
    });
    if ('refused' in sizing) return sizing;
    // The first candle that may fill it opens at or after both the decision and all that was known when it was made.
    const createdAt = Math.max(signal.decidedAt, openTimeAt('1m', now), mark!.at);
    const side = direction === 'long' ? 'buy' : 'sell';
    return {
      order: {
        ...intent(entryId(signal.id), symbol, side, createdAt),
        ...sizing.sized,
        signalId: signal.id,
        purpose: 'entry',
      },
    };
  }

  /** @returns the order that closes the symbol's position, one that is on its way already, or undefined without a position */
  planClose(symbol: Pair, now: number): Order | undefined {
    const position = this.portfolio.open.get(symbol);
    if (!position) return undefined;
    const onItsWay = this.workingOf(symbol).find(({ purpose }) => purpose === 'manual_close');
    if (onItsWay) return onItsWay;
    const side = position.direction === 'long' ? 'sell' : 'buy';
    const id = exitId(position.id, 'manual_close');
    return { ...intent(id, symbol, side, Math.ceil(now)), quantity: position.quantity, purpose: 'manual_close' };
  }

  /**
   * What executions of one symbol make of its orders and position; changes nothing here. Fills on record are passed
   * over. When the position closes, exits still working have nothing to close and are cancelled.
   * @throws ImpossibleMove, ImpossibleFill
   */
  settle(symbol: Pair, executions: readonly Execution[]): Change[] {
    const changes: Change[] = [];
    let position = this.portfolio.open.get(symbol);
    for (const { order, fill } of executions) {
      const before = this.#working.get(symbol)?.get(order.id) ?? { order, fills: [] };
      const history = withFill(before, fill);
      if (history === before) continue;
      position = book(position?.closedAt === null ? position : undefined, history.order, fill);
      changes.push({ history, order: history.order, fills: [fill], position });
    }
    if (position && position.closedAt !== null) {
      const moved = new Set(changes.map(({ order }) => order.id));
      for (const order of this.workingOf(symbol).filter(({ id, purpose }) => purpose !== 'entry' && !moved.has(id))) {
        changes.push({ ...this.moved(advance(order, 'cancel', 'POSITION_CLOSED')), position });
      }
    }
    return changes;
  }

  /** @returns the change that leaves an order in this state, no fill added */
  moved(order: Order): Change {
    const fills = this.#working.get(order.symbol)?.get(order.id)?.fills ?? [];
    const open = this.portfolio.open.get(order.symbol);
    const position = open?.id === positionIdOf(order) ? open : null;
    return { history: { order, fills }, order, fills: [], position };
  }

  /** Books what was saved. */
  commit({ history, order, fills }: Pick<Change, 'history' | 'order' | 'fills'>): void {
    const ofSymbol = this.#working.get(order.symbol) ?? new Map<string, OrderHistory>();
    if (isWorking(order)) ofSymbol.set(order.id, history);
    else ofSymbol.delete(order.id);
    if (ofSymbol.size > 0) this.#working.set(order.symbol, ofSymbol);
    else this.#working.delete(order.symbol);
    for (const fill of fills) this.portfolio.fill(order, fill);
  }

  #entries(): Order[] {
    return this.working().filter(({ purpose }) => purpose === 'entry');
  }

  #isOpen(id: string): boolean {
    return (
      this.working().some((order) => order.id === id) ||
      [...this.portfolio.open.values()].some((position) => position.id === id)
    );
  }

  /** @returns quote that entries on their way will take, costs included; undefined when one has no price, or no market any more */
  #bound(entries: readonly Order[]): Money | undefined {
    let bound = 0n;
    for (const { symbol, side, quantity, filled } of entries) {
      const mark = this.market.mark(symbol);
      const instrument = this.market.instrument(symbol);
      if (!mark || !instrument) return undefined;
      const unit = cashOfUnit(side === 'buy' ? 'long' : 'short', mark.price, instrument, this.costs);
      bound += notional(unit, (quantity - filled) as Quantity, 'ceil');
    }
    return bound as Money;
  }
}

function intent(id: string, symbol: Pair, side: Side, createdAt: number): Omit<Order, 'quantity' | 'purpose'> {
  return {
    id,
    signalId: null,
    symbol,
    side,
    stopLoss: null,
    takeProfit: null,
    state: 'intended',
    filled: 0n as Quantity,
    createdAt,
    reason: null,
  };
}

import { Injectable, Logger } from '@nestjs/common';
import type { Candle } from '../domain/candle.js';
import type { Order } from '../domain/order.js';
import type { Pair } from '../domain/pair.js';
import type { Signal } from '../domain/signal.js';
import { Outlet } from '../platform/outlet.js';
import { IntentRepository } from './intent.repository.js';
import { LedgerRepository } from './ledger.repository.js';
import type { Change, Ledger } from './ledger.js';
import { positionIdOf } from './order-id.js';
import { advance } from './order-states.js';
import type { OrderUpdate } from './order-update.js';
import { staleEntries } from './stale.js';
import { refusesTheRow, Unmatchable } from './unmatched.js';
import { Venue, type Submission } from './venues/venue.port.js';

/**
 * Moves orders between the ledger, the records and the venue. Intended is on record before submitted, submitted before
 * the venue is called, its answer after. Callers hold the trading queue: nothing here runs twice at once.
 */
@Injectable()
export class OrderDesk {
  readonly updates = new Outlet<OrderUpdate>('trading.updates');
  readonly #logger = new Logger('OrderDesk');

  constructor(
    readonly venue: Venue,
    private readonly intents: IntentRepository,
    private readonly records: LedgerRepository,
  ) {}

  /** Saves, books, tells; in that order. */
  async save(ledger: Ledger, changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return;
    await this.records.save(changes);
    for (const change of changes) ledger.commit(change);
    for (const { order, fills, position } of changes) await this.updates.emit({ order, fills, position });
  }

  /**
   * What a closed 1m candle does to its symbol's orders and position.
   * @returns false, doing nothing, where the exchange does not list the symbol
   * @throws Unmatchable where the symbol's own records are the reason; else whatever the database fails with
   */
  async match(ledger: Ledger, candle: Candle): Promise<boolean> {
    const { symbol } = candle;
    const instrument = ledger.market.instrument(symbol);
    if (!instrument) return false;
    let changes: readonly Change[];
    try {
      changes = ledger.settle(symbol, this.venue.match(ledger.resting(symbol), candle, instrument));
    } catch (error) {
      throw new Unmatchable(symbol, error);
    }
    await this.save(ledger, changes).catch((error: unknown) => {
      throw refusesTheRow(error) ? new Unmatchable(symbol, error) : error;
    });
    return true;
  }

  /** Commits the orders with their signals, then sends them. Those on record already are not sent again. */
  async place(
    ledger: Ledger,
    intents: readonly { readonly order: Order; readonly signal: Signal | null }[],
  ): Promise<void> {
    const fresh = await this.intents.intend(intents);
    const orders = intents.map(({ order }) => order).filter(({ id }) => fresh.has(id));
    for (const order of orders) ledger.commit(ledger.moved(order));
    await this.send(ledger, orders);
  }

  /** @param orders state `intended`, on record */
  async send(ledger: Ledger, orders: readonly Order[]): Promise<void> {
    const submitted = orders.map((order) => advance(order, 'submit'));
    await this.save(
      ledger,
      submitted.map((order) => ledger.moved(order)),
    );
    const answered: Change[] = [];
    for (const order of submitted) {
      const next = this.#after(order, await this.venue.submit(order, ledger.market.instrument(order.symbol)));
      if (next) answered.push(ledger.moved(next));
    }
    await this.save(ledger, answered);
  }

  /**
   * Takes up orders that a process before left open. An entry that was intended but never sent is cancelled: nothing
   * left, and its price is gone (NEVER_SENT). A close that was never sent is sent: a person asked for it, and it can only
   * make risk smaller. What was sent and not answered is asked of the venue.
   */
  async takeUp(ledger: Ledger): Promise<void> {
    const intended = ledger.working().filter(({ state }) => state === 'intended');
    const closes = intended.filter(
      (order) => order.purpose !== 'entry' && ledger.portfolio.open.get(order.symbol)?.id === positionIdOf(order),
    );
    const dropped = intended.filter((order) => !closes.includes(order));
    await this.save(
      ledger,
      dropped.map((order) => ledger.moved(advance(order, 'cancel', 'NEVER_SENT'))),
    );
    await this.resolve(ledger);
    await this.send(ledger, closes);
  }

  /** Asks the venue for every order whose answer was not seen. */
  async resolve(ledger: Ledger): Promise<void> {
    for (const order of ledger.working().filter(({ state }) => state === 'submitted')) {
      const next = this.#after(order, await this.venue.find(order));
      if (next) await this.save(ledger, [ledger.moved(next)]);
    }
  }

  /** @param now exchange time, UTC ms */
  async cancelStale(ledger: Ledger, now: number): Promise<void> {
    const { market } = ledger;
    const heard = (symbol: Pair) => market.mark(symbol) !== undefined || market.instrument(symbol) === undefined;
    for (const order of staleEntries(ledger.working(), now, heard)) await this.#cancel(ledger, order, 'STALE_ORDER');
  }

  /** Entries that still rest will open nothing; one whose answer is not known yet stays unresolved. */
  async cancelEntries(ledger: Ledger, reason: string): Promise<void> {
    const entries = ledger.working().filter(({ purpose, state }) => purpose === 'entry' && state !== 'submitted');
    for (const order of entries) await this.#cancel(ledger, order, reason);
  }

  async #cancel(ledger: Ledger, order: Order, reason: string): Promise<void> {
    if (order.state !== 'intended' && !(await this.venue.cancel(order))) return;
    await this.save(ledger, [ledger.moved(advance(order, 'cancel', reason))]);
  }

  /** @returns the order after the venue's answer, or undefined while that proves nothing */
  #after(order: Order, answer: Submission | { readonly outcome: 'absent' }): Order | undefined {
    if (answer.outcome === 'accepted') return advance(order, 'accept');
    if (answer.outcome === 'rejected') return advance(order, 'reject', answer.code);
    if (answer.outcome === 'absent') return advance(order, 'cancel', 'NOT_AT_VENUE');
    this.#logger.warn(`order ${order.id} is unresolved: ${answer.why}`);
    return undefined;
  }
}

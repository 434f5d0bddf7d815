import { Injectable, Logger } from '@nestjs/common';
import { closeTime, type Candle, type CandleColumns } from '../domain/candle.js';
import type { Instrument } from '../domain/instrument.js';
import { format, fromNumber, type Money } from '../domain/money.js';
import type { Order } from '../domain/order.js';
import type { Pair } from '../domain/pair.js';
import type { Signal } from '../domain/signal.js';
import { durationOf, openTimeAt } from '../domain/timeframe.js';
import { Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import type { Outlet } from '../platform/outlet.js';
import { candlesFrom } from './candles.js';
import { equityPoint, type EquityPoint } from './equity-point.js';
import type { Halt } from './halt.js';
import { IntentRepository } from './intent.repository.js';
import { LedgerRepository } from './ledger.repository.js';
import { Ledger } from './ledger.js';
import { costsOf, limitsOf } from './limits.js';
import { Market } from './market.js';
import { OrderDesk } from './order-desk.service.js';
import type { OrderUpdate } from './order-update.js';
import { differing, foldFills } from './recovery.js';
import type { RefusalCode } from './refusals.js';
import { Serial } from './serial.js';
import { TradingStateRepository } from './trading-state.repository.js';
import { statusOf, type TradingStatus } from './trading-status.js';
import { Unmatchable, Unmatched } from './unmatched.js';

export type { OrderUpdate } from './order-update.js';

/**
 * From signals to orders, from candles to fills, from fills to positions. States: new → (recover) trading → (stop)
 * stopped. All work goes through one queue; each move is saved first and booked in memory after. When work fails, what
 * is on record is not known any more: the ledger is rebuilt from the records before the next work, and candles that were
 * not matched are matched again.
 */
@Injectable()
export class TradingService {
  readonly updates: Outlet<OrderUpdate>;
  readonly #logger = new Logger('Trading');
  readonly #serial = new Serial();
  readonly #market = new Market();
  readonly #refusals = new Map<RefusalCode, number>();
  readonly #unmatched = new Unmatched();
  #ledger: Ledger | undefined;
  #inDoubt = false;
  #stopped = false;
  #deposits = 0n as Money;
  #halt: Halt | undefined;
  #peak: Money | undefined;
  #point: EquityPoint | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly clock: Clock,
    private readonly desk: OrderDesk,
    private readonly intents: IntentRepository,
    private readonly records: LedgerRepository,
    private readonly state: TradingStateRepository,
  ) {
    this.updates = desk.updates;
  }

  /** True between recover and stop. */
  get ready(): boolean {
    return this.#ledger !== undefined && !this.#stopped;
  }

  /** Takes the exchange's rules: tick and lot sizes, minima. */
  list(instruments: readonly Instrument[]): void {
    this.#market.list(instruments);
  }

  /**
   * Start and crash recovery in one: deposits and fills fold into cash and positions, open orders are taken up (see
   * `OrderDesk.takeUp`), halt and day start are read back.
   */
  recover(): Promise<void> {
    return this.#serial.run(async () => {
      this.#ledger = await this.#rebuild();
    });
  }

  /**
   * Acts on signals: risk, size, order. Orders and their signals are committed together before the venue is called; why
   * a signal came to nothing is recorded under its id. The same signals again add nothing.
   */
  async execute(signals: readonly Signal[]): Promise<void> {
    if (signals.length === 0) return;
    await this.#work(async (ledger) => {
      await this.#watchDay(ledger);
      const plan = ledger.plan(signals, this.clock.now());
      await this.desk.place(ledger, plan.orders);
      for (const { refusal } of plan.refused)
        this.#refusals.set(refusal.code, (this.#refusals.get(refusal.code) ?? 0) + 1);
      await this.intents.refuse(plan.refused, Math.round(this.clock.now()));
    });
  }

  /** Takes closed candles; of the 1m ones, those of symbols with an order or a position are matched. Others cost no SQL. */
  async mark(candles: readonly Candle[]): Promise<void> {
    const minutes = candles.filter(({ timeframe }) => timeframe === '1m');
    const busy = !this.#serial.idle || this.#inDoubt || this.#unmatched.count > 0;
    if (minutes.length === 0) return;
    if (!busy && this.#ledger && !minutes.some((candle) => this.#matters(this.#ledger!, candle))) {
      for (const candle of minutes) this.#remember(candle);
      return;
    }
    await this.#match(minutes);
  }

  /** Takes the history of a series after a (re)start or a gap: what was missed is matched in time order, once. */
  async catchUp(columns: CandleColumns): Promise<void> {
    const { symbol, timeframe, openTime, close } = columns;
    const last = openTime.length - 1;
    if (last < 0) return;
    const ledger = this.#ledger;
    const busy = !this.#serial.idle || this.#inDoubt;
    if (timeframe === '1m' && ledger && (busy || ledger.concerns(symbol))) {
      await this.#match(candlesFrom(columns, busy ? 0 : ledger.since(symbol)));
    }
    this.#market.remember(symbol, close[last]!, openTime[last]! + durationOf(timeframe));
  }

  /** One turn of the trading loop: day boundary, daily loss, unresolved and stale orders, equity snapshot. */
  async tick(): Promise<void> {
    if (!this.ready) return;
    if (this.#unmatched.count > 0) await this.#match([]); // what failed before comes before any judgement on what waits
    if (this.#market.heard === undefined) return;
    await this.#work(async (ledger) => {
      const now = this.clock.now();
      await this.#watchDay(ledger);
      await this.desk.resolve(ledger);
      await this.desk.cancelStale(ledger, now);
      const valuation = ledger.valuation();
      if (!valuation) return;
      const point = equityPoint(valuation, this.#peak, Math.round(now));
      await this.state.snapshotOnce(point);
      this.#peak = point.peak;
      this.#point = point;
    });
  }

  /**
   * No new positions from here on, and entries that still rest are cancelled. Stops, targets and closes go on. It holds
   * from the call on, and is on record once the promise resolves; where that fails, the next work records it.
   */
  halt(reason: string): Promise<void> {
    this.#hold('PERSON', reason);
    return this.#work((ledger) => this.#haltNow(ledger, 'PERSON', reason));
  }

  /** A person's act: nothing in this process calls it. Where the day's loss is still beyond its limit, it halts again. */
  resume(): Promise<void> {
    return this.#work(async (ledger) => {
      await this.state.resume();
      this.#halt = undefined;
      ledger.halted = false;
    });
  }

  /** @returns the order that closes the symbol's position at its next candle; undefined where no position is open */
  closePosition(symbol: Pair): Promise<Order | undefined> {
    return this.#work(async (ledger) => {
      const order = ledger.planClose(symbol, this.clock.now());
      if (order?.state === 'intended') await this.desk.place(ledger, [{ order, signal: null }]);
      return ledger.workingOf(symbol).find(({ id }) => id === order?.id) ?? order;
    });
  }

  /** @returns symbols of which a candle can change something (an order works, or a position is open), and from which open time on (UTC ms) */
  openSince(): ReadonlyMap<Pair, number> {
    const ledger = this.#ledger;
    return new Map(ledger?.held().map((symbol) => [symbol, ledger.since(symbol)]));
  }

  /** @returns whether the exchange lists the symbol, or something of it is open here */
  knows(symbol: Pair): boolean {
    return this.#market.instrument(symbol) !== undefined || (this.#ledger?.concerns(symbol) ?? false);
  }

  /** Resolves when what was begun is saved and told; nothing is taken on after it. */
  async stop(): Promise<void> {
    await this.#serial.run(async () => {
      this.#stopped = true;
    });
    await this.updates.idle();
  }

  status(): TradingStatus {
    return statusOf({
      venue: this.desk.venue.name,
      ready: this.ready,
      ledger: this.#ledger,
      halt: this.#halt,
      deposits: this.#deposits,
      configured: this.#configured(),
      point: this.#point,
      instruments: this.#market.instruments,
      staleMs: this.settings.config.FEED_STALE_MS,
      unmatched: this.#unmatched,
      refusals: this.#refusals,
    });
  }

  #configured(): Money {
    return fromNumber<Money>(this.settings.config.PAPER_BALANCE, 'nearest');
  }

  /** Runs one piece of work on the ledger, rebuilt first when the work before it failed. */
  #work<T>(work: (ledger: Ledger) => Promise<T>): Promise<T> {
    return this.#serial.run(async () => {
      if (!this.#ledger || this.#stopped)
        throw new Error(`trading is ${this.#stopped ? 'stopped' : 'not recovered yet'}`);
      if (this.#inDoubt) this.#ledger = await this.#rebuild();
      this.#inDoubt = true;
      const result = await work(this.#ledger);
      this.#inDoubt = false;
      return result;
    });
  }

  async #rebuild(): Promise<Ledger> {
    const { config } = this.settings;
    this.#deposits = await this.state.depositOnce(this.#configured());
    const { portfolio, positions } = foldFills(this.#deposits, await this.records.fills());
    const wrong = differing(positions, await this.records.positions());
    if (wrong.length > 0)
      this.#logger.warn(`${wrong.length} position row(s) differed from their fills and were rewritten`);
    await this.records.savePositions(wrong);
    const ledger = new Ledger(portfolio, this.#market, limitsOf(config), costsOf(config));
    for (const history of await this.records.working()) ledger.commit({ history, order: history.order, fills: [] });
    const { halt, dayStart, peak } = await this.state.load();
    ledger.dayStart = dayStart;
    if (!halt && this.#halt) await this.state.haltOnce(this.#halt); // one that could not be saved still holds
    this.#halt ??= halt;
    ledger.halted = this.#halt !== undefined;
    this.#peak = peak;
    await this.desk.takeUp(ledger);
    if (ledger.halted) await this.desk.cancelEntries(ledger, 'HALTED');
    this.#inDoubt = false;
    return ledger;
  }

  #remember(candle: Candle): void {
    if (!this.#ledger?.concerns(candle.symbol)) this.#unmatched.release(candle.symbol);
    this.#market.remember(candle.symbol, candle.close, closeTime(candle));
  }

  #matters(ledger: Ledger, { symbol, openTime }: Candle): boolean {
    return ledger.concerns(symbol) || openTimeAt('1d', openTime) !== ledger.dayStart?.day;
  }

  /** They are queued first: a failure loses none. A symbol that fails for its own reason is tried again, then parked. */
  async #match(candles: readonly Candle[]): Promise<void> {
    this.#unmatched.push(candles);
    for (;;) {
      try {
        return await this.#work((ledger) => this.#matchQueued(ledger));
      } catch (error) {
        if (!(error instanceof Unmatchable)) throw error;
        if (this.#unmatched.failed(error)) this.#logger.error(`parked, its candles are not matched: ${error.message}`);
      }
    }
  }

  /** In time order, each saved before the next. */
  async #matchQueued(ledger: Ledger): Promise<void> {
    let moved = false;
    for (let candle = this.#unmatched.next(); candle; candle = this.#unmatched.next()) {
      await this.#startDay(ledger, candle.openTime);
      if (ledger.concerns(candle.symbol) && !this.#unmatched.isParked(candle.symbol))
        moved = (await this.desk.match(ledger, candle)) || moved;
      this.#remember(candle);
      this.#unmatched.done();
    }
    if (moved) await this.#checkLoss(ledger);
  }

  async #watchDay(ledger: Ledger): Promise<void> {
    if (this.#market.heard !== undefined) await this.#startDay(ledger, this.#market.heard);
    await this.#checkLoss(ledger);
  }

  /**
   * The first moment of a new UTC day at which equity is known sets what the day's loss is measured from.
   * @param now the market's own time, from its candles: a day that a clock began too early would never end
   */
  async #startDay(ledger: Ledger, now: number): Promise<void> {
    const day = openTimeAt('1d', now);
    if (ledger.dayStart && day <= ledger.dayStart.day) return;
    const equity = ledger.valuation()?.equity;
    ledger.dayStart = undefined; // until it is known, risk refuses
    if (equity === undefined) return;
    await this.state.startDay({ day, equity });
    ledger.dayStart = { day, equity };
  }

  async #checkLoss(ledger: Ledger): Promise<void> {
    if (this.#halt || !ledger.lostTooMuch()) return;
    const [equity, start] = [ledger.valuation()!.equity, ledger.dayStart!.equity];
    await this.#haltNow(ledger, 'DAILY_LOSS', `equity ${format(equity)}, the day began with ${format(start)}`);
  }

  async #haltNow(ledger: Ledger, code: Halt['code'], reason: string): Promise<void> {
    const halt = this.#hold(code, reason);
    if (await this.state.haltOnce(halt)) this.#logger.warn(`trading is halted (${code}): ${reason}`);
    await this.desk.cancelEntries(ledger, 'HALTED');
  }

  /** In memory, before anything is saved: a database that fails must not let trading go on. The first reason stays. */
  #hold(code: Halt['code'], reason: string): Halt {
    this.#halt ??= { code, reason, at: Math.round(this.clock.now()) };
    if (this.#ledger) this.#ledger.halted = true;
    return this.#halt;
  }
}

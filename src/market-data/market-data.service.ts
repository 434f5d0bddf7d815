import { setImmediate as turn } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { Candle, CandleColumns } from '../domain/candle.js';
import type { Instrument } from '../domain/instrument.js';
import type { Interval } from '../domain/interval.js';
import type { Pair } from '../domain/pair.js';
import { durationOf, type Timeframe } from '../domain/timeframe.js';
import { Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { Outlet } from '../platform/outlet.js';
import { StartError } from '../platform/start-error.js';
import { Backfill } from './backfill.service.js';
import { ClockJob } from './clock.job.js';
import { Completion } from './completion.js';
import { FeedFailed } from './feeds/exchange-rest.feed.js';
import { MarketFeed, type FeedHandlers } from './feeds/market.feed.js';
import { Intake, type Step } from './intake.js';
import { IntervalJob } from './interval.job.js';
import { noCounters, type MarketDataCounters, type MarketDataStatus, type SeriesStatus } from './market-data-status.js';
import { PathQueue } from './path-queue.js';
import { CandleBook, type SeriesState } from './series/candle-book.js';
import { CandleRepository } from './storage/candle.repository.js';
import { CandleWriter } from './storage/candle-writer.service.js';
import { resolveUniverse, type Universe } from './universe.js';

const MINUTE = durationOf('1m');
/** How far ahead of our idea of the exchange's clock a stamp may lie: two minutes, or two seconds of wall time. */
const AHEAD_MS = 120_000;
const AHEAD_WALL_MS = 2_000;

/** Symbols of which something is open, each with the open time (UTC ms) from which on its minutes matter. Asked again at every hole. */
export type OpenSince = () => ReadonlyMap<Pair, number>;

/**
 * From the exchange to closed intervals. The stream's handler only notes what came and never waits for the path; once a
 * turn of the event loop the notes become candles, history and intervals, which one queue hands on in order.
 */
@Injectable()
export class MarketDataService {
  readonly instruments = new Outlet<readonly Instrument[]>('market-data.instruments');
  /** Candles of a symbol of which something is open, from before its series: told before the history, kept by nobody. */
  readonly past = new Outlet<CandleColumns>('market-data.past');
  /** A whole series, told anew: forget what was known of it. */
  readonly history = new Outlet<CandleColumns>('market-data.history');
  /** Every closed candle, 1m and longer, in time order, before the interval that contains it. */
  readonly candles = new Outlet<readonly Candle[]>('market-data.candles');
  readonly intervals = new Outlet<Interval>('market-data.intervals');

  readonly #logger = new Logger(MarketDataService.name);
  readonly #timeframes: readonly Timeframe[];
  readonly #aheadMs: number;
  readonly #counters: MarketDataCounters = noCounters();
  readonly #queue = new PathQueue((timeframe) => this.#missed(timeframe));
  #intake: Intake;
  #backfill: Backfill;
  #draining = false;
  #connected = false;
  #everConnected = false;
  #disconnectedBecause: string | null = null;
  #lastMessageAt: number | null = null;
  #phase: 'idle' | 'starting' | 'running' | 'stopped' = 'idle';
  #pathError: unknown;

  constructor(
    private readonly settings: Settings,
    private readonly clock: Clock,
    private readonly feed: MarketFeed,
    private readonly records: CandleRepository,
    private readonly writer: CandleWriter,
    private readonly intervalJob: IntervalJob,
    private readonly clockJob: ClockJob,
  ) {
    this.#timeframes = settings.config.TIMEFRAMES;
    this.#aheadMs = Math.max(AHEAD_MS, AHEAD_WALL_MS * settings.exchange.speed);
    this.#intake = this.#newIntake([], []);
    this.#backfill = this.#newBackfill(this.#intake, () => new Map());
  }

  /**
   * Resolves when every series was warmed up, or is being tried again, and the first interval is awaited. The stream is
   * opened before history is fetched: what closes in between is in one of them. Given up half-way when it is stopped.
   * @param openSince symbols to follow whatever SYMBOLS says, and to tell every minute of, however long the outage was
   * @throws StartError where the exchange cannot be reached or does not trade a symbol
   */
  async start(openSince: OpenSince = () => new Map()): Promise<void> {
    if (this.#stopped) return;
    this.#phase = 'starting';
    const began = this.clock.wallNow();
    const { instruments, followed, gone } = await this.#resolve([...openSince().keys()]);
    if (this.#stopped) return;
    const all = [...instruments, ...followed];
    const symbols = all.map(({ symbol }) => symbol);
    await this.#queue.put(() => this.instruments.emit(all));
    for (const symbol of gone) await this.#tellLast(symbol);
    if (this.#stopped) return;
    const intake = (this.#intake = this.#newIntake(symbols, symbols.slice(0, instruments.length)));
    this.#backfill = this.#newBackfill(intake, openSince);
    this.writer.hold();
    await this.feed.open(symbols, this.#handlers(intake));
    if (this.#stopped) return;
    await Promise.all(symbols.map((symbol) => this.#backfill.fill(symbol)));
    await this.#queue.idle();
    if (this.#stopped) return;
    if (this.#pathError !== undefined) throw this.#pathError;
    intake.begin(this.clock.now());
    this.intervalJob.begin(this.#timeframes, (boundary) => {
      intake.expire(boundary);
      this.#drain();
    });
    this.#phase = 'running';
    this.writer.release();
    const took = Math.round(this.clock.wallNow() - began);
    this.#logger.log(`${symbols.length} symbols × ${intake.book.kept.join(' ')} warmed up in ${took} ms`);
  }

  /**
   * No new candle from here on. What is on its way down the path is finished and what waits is dropped, counted: nothing
   * was told of it yet, and the next start's history brings it again. Closed candles are saved.
   */
  async stop(): Promise<void> {
    this.#phase = 'stopped';
    this.intervalJob.end();
    this.clockJob.stop();
    this.#intake.forget();
    this.#backfill.end();
    await this.feed.close();
    await Promise.all([this.#backfill.idle(), this.#queue.close(), this.writer.stop()]);
  }

  /** Resolves when everything that came so far has gone down the path and is saved: what a replay waits for each minute. */
  async settled(): Promise<void> {
    do {
      await turn();
      await this.#backfill.idle();
      await this.#queue.idle();
    } while (this.#draining || this.#backfill.busy || this.#queue.busy);
    await Promise.all(
      [this.instruments, this.past, this.history, this.candles, this.intervals].map((outlet) => outlet.idle()),
    );
    await this.writer.idle();
  }

  status(): MarketDataStatus {
    const { symbols, kept } = this.#intake.book;
    const states: Record<SeriesState, number> = { ok: 0, gap: 0, warming: 0 };
    const newest: Partial<Record<Timeframe, number>> = {};
    for (const { timeframe, state, newestOpenTime } of this.series()) {
      states[state]++;
      if (newestOpenTime !== null) newest[timeframe] = Math.max(newest[timeframe] ?? 0, newestOpenTime);
    }
    const exchangeTime = this.clock.now();
    const age = exchangeTime - ((newest['1m'] ?? -Infinity) + MINUTE);
    return {
      connected: this.#connected,
      fresh: this.#connected && age <= this.settings.config.FEED_STALE_MS,
      disconnectedBecause: this.#disconnectedBecause,
      lastMessageAt: this.#lastMessageAt,
      exchangeTime,
      symbols,
      timeframes: this.#timeframes,
      series: symbols.length * kept.length,
      states,
      newest,
      counters: { ...this.#counters, refetches: this.#backfill.fills, unsavedCandles: this.writer.lost },
    };
  }

  /** Every series kept, by symbol in the exchange's order, shortest timeframe first. */
  series(): readonly SeriesStatus[] {
    const { book } = this.#intake;
    return book.symbols.flatMap((symbol) =>
      book.kept.map((timeframe) => {
        const { count, lastOpenTime } = book.series(symbol, timeframe);
        const newestOpenTime = count > 0 ? lastOpenTime : null;
        return { symbol, timeframe, candles: count, newestOpenTime, state: book.state(symbol, timeframe) };
      }),
    );
  }

  get #stopped(): boolean {
    return this.#phase === 'stopped';
  }

  async #resolve(held: readonly Pair[]): Promise<Universe> {
    const { EXCHANGE, SYMBOLS } = this.settings.config;
    try {
      await this.clockJob.sync();
      const resolved = resolveUniverse(SYMBOLS, await this.feed.instruments(), held);
      if ('unknown' in resolved) {
        throw new StartError(
          `SYMBOLS: ${EXCHANGE} does not trade ${resolved.unknown.join(', ')}. Remove them from SYMBOLS.`,
        );
      }
      if (resolved.instruments.length === 0) throw new StartError(`SYMBOLS: ${EXCHANGE} trades no USDT pair at all.`);
      return resolved;
    } catch (error) {
      if (!(error instanceof FeedFailed)) throw error;
      const { restUrl } = this.settings.exchange;
      throw new StartError(`The exchange (${EXCHANGE}, ${restUrl}) does not answer as it should: ${error.message}`);
    }
  }

  /** A symbol that is traded no more keeps the last price it had, as it does while the process runs. */
  async #tellLast(symbol: Pair): Promise<void> {
    const last = await this.records.newestOf(this.settings.config.EXCHANGE, symbol);
    const worth = last ? `it keeps its last price, ${last.close[0]!}` : 'it has no price';
    this.#logger.warn(`${symbol} is held and no longer traded: ${worth}; nothing can close it until it trades again`);
    if (last) await this.#queue.put(() => this.past.emit(last));
  }

  #newIntake(symbols: readonly Pair[], asked: readonly Pair[]): Intake {
    const completion = new Completion(asked.length, this.settings.config.INTERVAL_GRACE_MS);
    const book = new CandleBook(symbols, this.#timeframes);
    return new Intake(book, completion, this.#timeframes, this.#counters, asked);
  }

  #newBackfill(intake: Intake, openSince: OpenSince): Backfill {
    return new Backfill(intake.book, this.feed, this.clock, {
      openSince: (symbol) => openSince().get(symbol) ?? Infinity,
      past: (columns) => {
        this.writer.addColumns(columns);
        this.#put(() => this.past.emit(columns));
      },
      fetched: (columns) => {
        this.writer.addColumns(columns);
        if (columns.timeframe === '1m') intake.fetched(columns.symbol, columns.openTime, this.clock.wallNow());
        this.#drainSoon();
      },
      followed: (candles) => this.writer.add(candles),
      changed: (symbol, timeframe) => this.#tellAgain(symbol, timeframe),
      refused: (faults) => faults.forEach((fault) => intake.refuse(fault)),
      corrected: (count) => (this.#counters.corrections += count),
    });
  }

  /** The handlers only note what came: everything else waits for the turn's end, when the sockets were emptied. */
  #handlers(intake: Intake): FeedHandlers {
    return {
      kline: (update) => {
        this.#counters.frames++;
        this.#lastMessageAt = update.receivedAt;
        intake.note(update, this.clock.now() + this.#aheadMs);
        this.#drainSoon();
      },
      connected: () => this.#up(),
      disconnected: (reason) => {
        this.#connected = false;
        this.#disconnectedBecause = reason;
        this.#logger.warn(`the stream is down: ${reason}`);
      },
      malformed: (reason) => {
        this.#counters.malformed++;
        this.#counters.malformedByReason[reason] = (this.#counters.malformedByReason[reason] ?? 0) + 1;
      },
    };
  }

  #up(): void {
    this.#connected = true;
    this.#disconnectedBecause = null;
    if (this.#everConnected) {
      this.#counters.reconnects++;
      this.#logger.log('the stream is up again; what was missed is refetched');
      void this.#refetch();
    }
    this.#everConnected = true;
  }

  /** The clock first: that of a machine which slept stands where it fell asleep, and by it nothing was missed. */
  async #refetch(): Promise<void> {
    await this.clockJob.tick();
    for (const symbol of this.#intake.book.symbols) void this.#backfill.fill(symbol);
  }

  #drainSoon(): void {
    if (this.#draining || !this.#intake.due()) return;
    this.#draining = true;
    setImmediate(() => this.#drain());
  }

  #drain(): void {
    this.#draining = false;
    if (this.#stopped) return;
    const wallTimeOf = (exchangeTime: number) => this.clock.wallTimeOf(exchangeTime);
    for (const step of this.#intake.steps(wallTimeOf, this.clock.wallNow())) this.#take(step);
  }

  #take(step: Step): void {
    switch (step.kind) {
      case 'candles':
        this.writer.add(step.candles);
        return this.#put(() => this.candles.emit(step.candles));
      case 'interval':
        return this.#put(() => this.intervals.emit(step.interval), step.interval.timeframe);
      case 'corrected':
        this.writer.add(step.candles);
        return step.candles.forEach(({ symbol, timeframe }) => this.#tellAgain(symbol, timeframe));
      case 'gap':
        return void this.#backfill.fill(step.symbol);
    }
  }

  /** Tells a series anew, as it is in this turn: candles taken earlier are ahead of it in the queue, later ones behind it. */
  #tellAgain(symbol: Pair, timeframe: Timeframe): void {
    const columns = this.#intake.book.series(symbol, timeframe).columns();
    this.#put(() => this.history.emit(columns));
  }

  #put(work: () => Promise<void>, key?: string): void {
    this.#queue.put(work, key).catch((error: unknown) => {
      if (this.#phase === 'starting') this.#pathError ??= error;
      else
        this.#logger.error(
          `the path failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
    });
  }

  #missed(timeframe: string): void {
    this.#counters.missedIntervals++;
    if (this.#stopped) return;
    this.#logger.warn(
      `missed a ${timeframe} interval (${this.#counters.missedIntervals} so far): the path is slower than the market`,
    );
  }
}

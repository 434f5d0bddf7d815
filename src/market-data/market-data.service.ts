import { setImmediate as turn } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { closeTime, faultOf, type Candle, type CandleColumns } from '../domain/candle.js';
import type { Instrument } from '../domain/instrument.js';
import type { Interval } from '../domain/interval.js';
import type { Pair } from '../domain/pair.js';
import { durationOf, openTimeAt, type Timeframe } from '../domain/timeframe.js';
import { Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { Outlet } from '../platform/outlet.js';
import { StartError } from '../platform/start-error.js';
import { Backfill } from './backfill.service.js';
import { ClockJob } from './clock.job.js';
import { closingAt, Completion, type ClosedMinute } from './completion.js';
import { FeedFailed } from './feeds/exchange-rest.feed.js';
import { MarketFeed, type FeedHandlers, type KlineUpdate } from './feeds/market.feed.js';
import { IntervalJob } from './interval.job.js';
import {
  noCounters,
  type CandleRefusal,
  type MarketDataCounters,
  type MarketDataStatus,
  type SeriesStatus,
} from './market-data-status.js';
import { PathQueue } from './path-queue.js';
import { CandleBook, type SeriesState } from './series/candle-book.js';
import { CandleWriter } from './storage/candle-writer.service.js';
import { resolveUniverse } from './universe.js';

const MINUTE = durationOf('1m');
/** How far ahead of our idea of the exchange's clock a stamp may lie: two minutes, or two seconds of wall time. */
const AHEAD_MS = 120_000;
const AHEAD_WALL_MS = 2_000;

/**
 * From the exchange to closed intervals. The stream's handler only notes what came and never waits for the path; once a
 * turn of the event loop the notes become candles, history and intervals, which one queue hands on in order.
 */
@Injectable()
export class MarketDataService {
  readonly instruments = new Outlet<readonly Instrument[]>('market-data.instruments');
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
  #book = new CandleBook([], []);
  #completion: Completion;
  #backfill: Backfill;
  #pending: Candle[] = [];
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
    private readonly writer: CandleWriter,
    private readonly intervalJob: IntervalJob,
    private readonly clockJob: ClockJob,
  ) {
    this.#timeframes = settings.config.TIMEFRAMES;
    this.#aheadMs = Math.max(AHEAD_MS, AHEAD_WALL_MS * settings.exchange.speed);
    this.#completion = new Completion(0, settings.config.INTERVAL_GRACE_MS);
    this.#backfill = this.#newBackfill();
  }

  /**
   * Resolves when every series was warmed up, or is being tried again, and the first interval is awaited. The stream is
   * opened before history is fetched: what closes in between is in one of them.
   * @throws StartError where the exchange cannot be reached or does not trade a symbol
   */
  async start(): Promise<void> {
    this.#phase = 'starting';
    const began = this.clock.wallNow();
    const instruments = await this.#resolve();
    const symbols = instruments.map(({ symbol }) => symbol);
    await this.#queue.put(() => this.instruments.emit(instruments));
    this.#book = new CandleBook(symbols, this.#timeframes);
    this.#completion = new Completion(symbols.length, this.settings.config.INTERVAL_GRACE_MS);
    this.#backfill = this.#newBackfill();
    await this.feed.open(symbols, this.#handlers());
    await Promise.all(symbols.map((symbol) => this.#backfill.fill(symbol)));
    await this.#queue.idle();
    if (this.#pathError !== undefined) throw this.#pathError;
    this.#completion.begin(this.#firstMinute(symbols));
    this.intervalJob.begin(this.#timeframes, (boundary) => {
      this.#completion.expire(boundary);
      this.#drain();
    });
    this.#phase = 'running';
    const took = Math.round(this.clock.wallNow() - began);
    this.#logger.log(`${symbols.length} symbols × ${this.#book.kept.join(' ')} warmed up in ${took} ms`);
  }

  /** No new candle from here on; what was handed on is finished, what was to be saved is saved. */
  async stop(): Promise<void> {
    this.#phase = 'stopped';
    this.intervalJob.end();
    this.clockJob.stop();
    await this.feed.close();
    await this.#backfill.stop();
    this.#pending = [];
    await this.#queue.idle();
    await this.writer.stop();
  }

  /** Resolves when everything that came so far has gone down the path and is saved: what a replay waits for each minute. */
  async settled(): Promise<void> {
    do {
      await turn();
      await this.#backfill.idle();
      await this.#queue.idle();
    } while (this.#draining || this.#backfill.busy || this.#queue.busy);
    await Promise.all([this.instruments, this.history, this.candles, this.intervals].map((outlet) => outlet.idle()));
    await this.writer.idle();
  }

  status(): MarketDataStatus {
    const { symbols, kept } = this.#book;
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
    const book = this.#book;
    return book.symbols.flatMap((symbol) =>
      book.kept.map((timeframe) => {
        const { count, lastOpenTime } = book.series(symbol, timeframe);
        const newestOpenTime = count > 0 ? lastOpenTime : null;
        return { symbol, timeframe, candles: count, newestOpenTime, state: book.state(symbol, timeframe) };
      }),
    );
  }

  async #resolve(): Promise<readonly Instrument[]> {
    const { EXCHANGE, SYMBOLS } = this.settings.config;
    try {
      await this.clockJob.sync();
      const resolved = resolveUniverse(SYMBOLS, await this.feed.instruments());
      if ('unknown' in resolved) {
        throw new StartError(
          `SYMBOLS: ${EXCHANGE} does not trade ${resolved.unknown.join(', ')}. Remove them from SYMBOLS.`,
        );
      }
      if (resolved.instruments.length === 0) throw new StartError(`SYMBOLS: ${EXCHANGE} trades no USDT pair at all.`);
      return resolved.instruments;
    } catch (error) {
      if (!(error instanceof FeedFailed)) throw error;
      const { restUrl } = this.settings.exchange;
      throw new StartError(`The exchange (${EXCHANGE}, ${restUrl}) does not answer as it should: ${error.message}`);
    }
  }

  #newBackfill(): Backfill {
    return new Backfill(this.#book, this.feed, this.clock, {
      fetched: (columns) => {
        this.writer.addColumns(columns);
        if (columns.timeframe !== '1m') return;
        const receivedAt = this.clock.wallNow();
        for (const openTime of columns.openTime) this.#completion.arrived(columns.symbol, openTime, receivedAt);
        this.#drainSoon();
      },
      followed: (candles) => this.writer.add(candles),
      changed: (symbol, timeframe) => this.#tellAgain(symbol, timeframe),
      refused: (faults) => faults.forEach((fault) => this.#refuse(fault)),
      corrected: (count) => (this.#counters.corrections += count),
    });
  }

  #handlers(): FeedHandlers {
    return {
      kline: (update) => this.#note(update),
      connected: () => {
        this.#connected = true;
        this.#disconnectedBecause = null;
        if (this.#everConnected) {
          this.#counters.reconnects++;
          this.#logger.log('the stream is up again');
          for (const symbol of this.#book.symbols) void this.#backfill.fill(symbol);
        }
        this.#everConnected = true;
      },
      disconnected: (reason) => {
        this.#connected = false;
        this.#disconnectedBecause = reason;
        if (this.#phase !== 'stopped') this.#logger.warn(`the stream is down: ${reason}`);
      },
      malformed: (reason) => {
        this.#counters.malformed++;
        this.#counters.malformedByReason[reason] = (this.#counters.malformedByReason[reason] ?? 0) + 1;
      },
    };
  }

  /** Notes a frame. Reads on at once: everything else waits for the turn's end, when the sockets were emptied. */
  #note(update: KlineUpdate): void {
    this.#counters.frames++;
    this.#lastMessageAt = update.receivedAt;
    const { symbol, openTime, open, high, low, close, volume, receivedAt } = update;
    const horizon = this.clock.now() + this.#aheadMs;
    if (update.eventTime <= horizon) this.#completion.stamp(update.eventTime, openTime);
    if (update.closed) {
      const candle: Candle = {
        symbol,
        timeframe: '1m',
        openTime,
        open,
        high,
        low,
        close,
        volume,
        source: 'stream',
        receivedAt,
      };
      const refusal = faultOf(candle) ?? (closeTime(candle) > horizon ? 'FROM_THE_FUTURE' : undefined);
      if (refusal) this.#refuse(refusal);
      else this.#pending.push(candle);
    }
    if (this.#pending.length > 0 || this.#completion.due()) this.#drainSoon();
  }

  #refuse(reason: CandleRefusal): void {
    this.#counters.refusedCandles++;
    this.#counters.refusedByReason[reason] = (this.#counters.refusedByReason[reason] ?? 0) + 1;
  }

  #drainSoon(): void {
    if (this.#draining) return;
    this.#draining = true;
    setImmediate(() => this.#drain());
  }

  /** Turns the notes into what goes down the path: minute by minute, each one's candles before its intervals. */
  #drain(): void {
    this.#draining = false;
    if (this.#phase === 'stopped') return;
    const notes = this.#pending.sort((a, b) => a.openTime - b.openTime);
    this.#pending = [];
    for (let i = 0; i < notes.length;) {
      const { openTime } = notes[i]!;
      this.#closeMinutes(openTime);
      const candles: Candle[] = [];
      for (; notes[i]?.openTime === openTime; i++) candles.push(...this.#absorb(notes[i]!));
      this.#handOn(candles);
    }
    this.#closeMinutes(Infinity);
  }

  #absorb(minute: Candle): readonly Candle[] {
    const { symbol } = minute;
    const absorbed = this.#book.absorb(minute);
    const late = this.#completion.arrived(symbol, minute.openTime, minute.receivedAt) === 'late';
    if (late && absorbed.kind !== 'duplicate') this.#counters.late++;
    switch (absorbed.kind) {
      case 'appended':
        if (absorbed.short) void this.#backfill.fill(symbol);
        return absorbed.candles;
      case 'held':
        if (absorbed.gap) {
          this.#counters.gaps++;
          void this.#backfill.fill(symbol);
        }
        return [];
      case 'duplicate':
        this.#counters.duplicates++;
        return [];
      case 'corrected':
        this.#counters.corrections++;
        this.writer.add(absorbed.candles);
        for (const { timeframe } of absorbed.candles) this.#tellAgain(symbol, timeframe);
        return [];
    }
  }

  #handOn(candles: Candle[]): void {
    if (candles.length === 0) return;
    candles.sort((a, b) => durationOf(a.timeframe) - durationOf(b.timeframe));
    this.writer.add(candles);
    this.#put(() => this.candles.emit(candles));
  }

  #tellAgain(symbol: Pair, timeframe: Timeframe): void {
    const columns = this.#book.series(symbol, timeframe).columns();
    this.#put(() => this.history.emit(columns));
  }

  #closeMinutes(before: number): void {
    for (let minute = this.#completion.take(before); minute; minute = this.#completion.take(before))
      this.#close(minute);
  }

  #close(minute: ClosedMinute): void {
    const boundary = minute.openTime + MINUTE;
    const { symbols } = this.#book;
    const receivedAt = minute.receivedAt ?? this.clock.wallNow();
    for (const timeframe of closingAt(boundary, this.#timeframes)) {
      const openTime = boundary - durationOf(timeframe);
      const absent = new Map(
        symbols.flatMap((symbol) => {
          const reason = this.#book.absence(symbol, timeframe, openTime);
          return reason ? [[symbol, reason] as const] : [];
        }),
      );
      // Nothing is here before it closed: where our clock says so, the clock is off and the receipt bounds the close.
      const exchangeClosedAt = Math.min(this.clock.wallTimeOf(boundary), receivedAt);
      const interval: Interval = { timeframe, openTime, symbols, absent, exchangeClosedAt, receivedAt };
      this.#counters.intervals++;
      this.#put(() => this.intervals.emit(interval), timeframe);
    }
  }

  #firstMinute(symbols: readonly Pair[]): number {
    const last = symbols.map((symbol) => this.#book.series(symbol, '1m').lastOpenTime).filter(Number.isFinite);
    return last.length > 0 ? Math.max(...last) + MINUTE : openTimeAt('1m', this.clock.now());
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
    this.#logger.warn(
      `missed a ${timeframe} interval (${this.#counters.missedIntervals} so far): the path is slower than the market`,
    );
  }
}

import { Logger } from '@nestjs/common';
import type { Candle, CandleColumns, CandleFault } from '../domain/candle.js';
import type { Pair } from '../domain/pair.js';
import { closeTimeOf, type Timeframe } from '../domain/timeframe.js';
import type { Clock } from '../platform/clock.js';
import { backoff } from '../platform/backoff.js';
import type { MarketFeed } from './feeds/market.feed.js';
import type { CandleBook } from './series/candle-book.js';
import { admit, admitPast } from './series/columns.js';

const RETRY = { baseMs: 250, maxMs: 30_000 };

/** Minutes a page of the past: the most that the exchange gives at once. */
const PAGE = 1000;

export interface BackfillHandlers {
  /** @returns open time (UTC ms) from which on every minute of the symbol matters to somebody; Infinity where none does */
  openSince(symbol: Pair): number;
  /** Minutes from before the series, told before it. No series keeps them. */
  past(columns: CandleColumns): void;
  /** Fetched and put in: candles of one series that are to be saved. */
  fetched(columns: CandleColumns): void;
  /** Summed or released by what was fetched: candles that are to be saved. */
  followed(candles: readonly Candle[]): void;
  /** A series changed backwards: its history is told again. Called in the same turn as the change. */
  changed(symbol: Pair, timeframe: Timeframe): void;
  refused(faults: readonly CandleFault[]): void;
  corrected(count: number): void;
}

/**
 * Fills series from the exchange's REST history: the warm-up of a series that holds nothing, and the refetch of what was
 * missed, are one thing. Per symbol one fill is under way at a time; what is still missing afterwards is tried again with
 * backoff, for ever. Made by MarketDataService once the symbols are known.
 */
export class Backfill {
  readonly #logger = new Logger(Backfill.name);
  readonly #running = new Map<Pair, Promise<void>>();
  readonly #again = new Set<Pair>();
  readonly #retries = new Map<Pair, { timer: NodeJS.Timeout | undefined; failures: number }>();
  #stopped = false;
  #fills = 0;

  constructor(
    private readonly book: CandleBook,
    private readonly feed: MarketFeed,
    private readonly clock: Clock,
    private readonly handlers: BackfillHandlers,
  ) {}

  /** REST answers put into series, since the start. */
  get fills(): number {
    return this.#fills;
  }

  /** Fills what the symbol lacks. @returns resolves when the attempt is over, whether it helped or not */
  fill(symbol: Pair): Promise<void> {
    const running = this.#running.get(symbol);
    if (running) {
      this.#again.add(symbol);
      return running;
    }
    const fill = this.#attempt(symbol).finally(() => {
      this.#running.delete(symbol);
      if (this.#again.delete(symbol) && !this.#stopped) void this.fill(symbol);
    });
    this.#running.set(symbol, fill);
    return fill;
  }

  /** Resolves when no fill is under way; one that waits for its next try is not waited for. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  get busy(): boolean {
    return this.#running.size > 0;
  }

  /** No attempt begins any more; one under way ends without being put in. Said before the feed is closed under it. */
  end(): void {
    this.#stopped = true;
    for (const { timer } of this.#retries.values()) clearTimeout(timer);
    this.#retries.clear();
  }

  async #attempt(symbol: Pair): Promise<void> {
    if (this.#stopped) return;
    clearTimeout(this.#retries.get(symbol)?.timer);
    try {
      for (const timeframe of this.book.kept) await this.#fillSeries(symbol, timeframe);
    } catch (error) {
      if (this.#stopped) return;
      this.#logger.warn(
        `${symbol}: history could not be fetched: ${error instanceof Error ? error.message : String(error)}`,
      );
      return this.#retryLater(symbol);
    }
    const whole = this.book.kept.every((timeframe) => this.book.state(symbol, timeframe) === 'ok');
    if (whole) this.#retries.delete(symbol);
    else if (!this.#stopped) this.#retryLater(symbol);
  }

  async #fillSeries(symbol: Pair, timeframe: Timeframe): Promise<void> {
    const summed = this.book.catchUp(symbol, timeframe, this.clock.wallNow());
    if (summed.length > 0) {
      this.handlers.followed(summed);
      this.handlers.changed(symbol, timeframe);
    }
    const need = this.book.need(symbol, timeframe, this.clock.now());
    if (!need || this.#stopped) return;
    const { columns, refused } = admit(await this.feed.klines(symbol, timeframe, need.limit, need.from));
    if (this.#stopped) return;
    if (refused.length > 0) this.handlers.refused(refused);
    if (timeframe === '1m' && columns.openTime.length > 0) await this.#tellPast(symbol, columns.openTime[0]!);
    if (this.#stopped) return;
    const { changed, corrections, released } = this.book.patch(columns);
    this.#fills++;
    if (corrections > 0) this.handlers.corrected(corrections);
    this.handlers.fetched(columns);
    if (released.length > 0) this.handlers.followed(released);
    if (changed) this.handlers.changed(symbol, timeframe);
  }

  /**
   * A series holds hours, and an outage may take longer. Where minutes before it were never told and somebody holds
   * something through them, a stop may have been hit there: they are fetched page by page, oldest first.
   * @param until open time of the first minute that the series is about to hold, UTC ms
   */
  async #tellPast(symbol: Pair, until: number): Promise<void> {
    const { count, lastOpenTime } = this.book.series(symbol, '1m');
    const told = count > 0 ? closeTimeOf('1m', lastOpenTime) : -Infinity;
    for (let from = Math.max(this.handlers.openSince(symbol), told); from < until;) {
      const page = await this.feed.klines(symbol, '1m', PAGE, from);
      const last = page.openTime.at(-1);
      if (this.#stopped || last === undefined) return;
      const { columns, refused } = admitPast(page, until);
      if (refused.length > 0) this.handlers.refused(refused);
      if (columns.openTime.length > 0) this.handlers.past(columns);
      from = closeTimeOf('1m', last);
    }
  }

  #retryLater(symbol: Pair): void {
    const failures = this.#retries.get(symbol)?.failures ?? 0;
    const timer = setTimeout(() => void this.fill(symbol), backoff(failures, Math.random(), RETRY));
    this.#retries.set(symbol, { timer, failures: failures + 1 });
  }
}

import { closeTime, faultOf, type Candle } from '../domain/candle.js';
import type { Interval } from '../domain/interval.js';
import type { Pair } from '../domain/pair.js';
import { durationOf, openTimeAt, type Timeframe } from '../domain/timeframe.js';
import { closingAt, Completion, type ClosedMinute } from './completion.js';
import type { KlineUpdate } from './feeds/kline-update.js';
import type { CandleRefusal, MarketDataCounters } from './market-data-status.js';
import type { CandleBook } from './series/candle-book.js';

const MINUTE = durationOf('1m');

/** What the notes come to, in the order in which it goes down the path. */
export type Step =
  | { readonly kind: 'candles'; readonly candles: readonly Candle[] }
  | { readonly kind: 'interval'; readonly interval: Interval }
  /** Candles replaced: the history of their series is told again. */
  | { readonly kind: 'corrected'; readonly candles: readonly Candle[] }
  /** A candle before the newest one is missing: it is to be refetched. */
  | { readonly kind: 'gap'; readonly symbol: Pair };

/**
 * From frames to closed intervals, without a clock and without waiting: notes are taken as they come, and turned into
 * steps minute by minute, each minute's candles before its intervals.
 */
export class Intake {
  #notes: Candle[] = [];
  readonly #asked: ReadonlySet<Pair>;

  constructor(
    readonly book: CandleBook,
    private readonly completion: Completion,
    private readonly timeframes: readonly Timeframe[],
    private readonly counters: MarketDataCounters,
    /** Symbols that intervals are of and wait for; the book may follow others, for their candles alone. */
    private readonly asked: readonly Pair[] = book.symbols,
  ) {
    this.#asked = new Set(asked);
  }

  /**
   * Notes a frame: its stamp moves the watermark, its candle, if closed and possible, waits for `steps`.
   * @param horizon latest time (UTC ms) that the exchange can mean; what lies beyond it moves nothing
   */
  note(note: KlineUpdate, horizon: number): void {
    if (note.eventTime <= horizon) this.completion.stamp(note.eventTime, note.openTime);
    if (!note.closed) return;
    const { symbol, openTime, open, high, low, close, volume, receivedAt } = note;
    const numbers = { openTime, open, high, low, close, volume };
    const candle: Candle = { symbol, timeframe: '1m', ...numbers, source: 'stream', receivedAt };
    const refusal = faultOf(candle) ?? (closeTime(candle) > horizon ? 'FROM_THE_FUTURE' : undefined);
    if (refusal) this.refuse(refusal);
    else this.#notes.push(candle);
  }

  refuse(reason: CandleRefusal): void {
    this.counters.refusedCandles++;
    this.counters.refusedByReason[reason] = (this.counters.refusedByReason[reason] ?? 0) + 1;
  }

  /** Minutes that history brought count as here. */
  fetched(symbol: Pair, openTimes: Iterable<number>, receivedAt: number): void {
    if (!this.#asked.has(symbol)) return;
    for (const openTime of openTimes) this.completion.arrived(symbol, openTime, receivedAt);
  }

  /** Warm-up is over: the first minute behind it is awaited. */
  begin(exchangeTime: number): void {
    const newest = this.asked.map((symbol) => this.book.series(symbol, '1m').lastOpenTime).filter(Number.isFinite);
    this.completion.begin(newest.length > 0 ? Math.max(...newest) + MINUTE : openTimeAt('1m', exchangeTime));
  }

  /** The scheduled job's word that every interval up to this boundary is over. */
  expire(boundary: number): void {
    this.completion.expire(boundary);
  }

  /** Whether `steps` would answer anything. */
  due(): boolean {
    return this.#notes.length > 0 || this.completion.due();
  }

  forget(): void {
    this.#notes = [];
  }

  /**
   * Turns what was noted into steps.
   * @param wallTimeOf tells when (wall time, epoch ms) the exchange's clock showed a time
   * @param wallNow wall time now, epoch ms: the receipt of an interval of which nothing came
   */
  steps(wallTimeOf: (exchangeTime: number) => number, wallNow: number): readonly Step[] {
    const notes = this.#notes.sort((a, b) => a.openTime - b.openTime);
    this.#notes = [];
    const steps: Step[] = [];
    const closeMinutes = (before: number) => {
      for (let minute = this.completion.take(before); minute; minute = this.completion.take(before)) {
        steps.push(...this.#intervals(minute, wallTimeOf, wallNow));
      }
    };
    for (let i = 0; i < notes.length;) {
      const { openTime } = notes[i]!;
      closeMinutes(openTime);
      const candles: Candle[] = [];
      for (; notes[i]?.openTime === openTime; i++) candles.push(...this.#absorb(notes[i]!, steps));
      candles.sort((a, b) => durationOf(a.timeframe) - durationOf(b.timeframe));
      if (candles.length > 0) steps.push({ kind: 'candles', candles });
    }
    closeMinutes(Infinity);
    return steps;
  }

  #absorb(minute: Candle, steps: Step[]): readonly Candle[] {
    const { symbol, openTime, receivedAt } = minute;
    const absorbed = this.book.absorb(minute);
    const late = this.#asked.has(symbol) && this.completion.arrived(symbol, openTime, receivedAt) === 'late';
    if (late && absorbed.kind !== 'duplicate') this.counters.late++;
    if (absorbed.kind === 'appended') {
      if (absorbed.short) steps.push({ kind: 'gap', symbol });
      return absorbed.candles;
    }
    if (absorbed.kind === 'corrected') {
      this.counters.corrections++;
      steps.push({ kind: 'corrected', candles: absorbed.candles });
    } else if (absorbed.kind === 'duplicate') {
      this.counters.duplicates++;
    } else if (absorbed.gap) {
      this.counters.gaps++;
      steps.push({ kind: 'gap', symbol });
    }
    return [];
  }

  #intervals(minute: ClosedMinute, wallTimeOf: (exchangeTime: number) => number, wallNow: number): Step[] {
    const boundary = minute.openTime + MINUTE;
    const symbols = this.asked;
    const receivedAt = minute.receivedAt ?? wallNow;
    // Nothing is here before it closed: where our clock says so, the clock is off and the receipt bounds the close.
    const exchangeClosedAt = Math.min(wallTimeOf(boundary), receivedAt);
    return closingAt(boundary, this.timeframes).map((timeframe) => {
      const openTime = boundary - durationOf(timeframe);
      const absences = symbols.map((symbol) => [symbol, this.book.absence(symbol, timeframe, openTime)] as const);
      const absent = new Map(absences.flatMap(([symbol, reason]) => (reason ? [[symbol, reason] as const] : [])));
      this.counters.intervals++;
      return { kind: 'interval', interval: { timeframe, openTime, symbols, absent, exchangeClosedAt, receivedAt } };
    });
  }
}

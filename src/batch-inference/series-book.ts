import type { Abstention } from '../domain/abstention.js';
import type { Candle, CandleColumns } from '../domain/candle.js';
import type { Pair } from '../domain/pair.js';
import { durationOf, type Timeframe } from '../domain/timeframe.js';
import { FeatureStore } from './features/feature-store.js';

/** Series a page of the book: the store is struct-of-arrays of a fixed size, so the book grows by whole pages. */
const PAGE = 64;
/** Candles kept per series for window models. */
export const HISTORY = 64;

/** The features of every series, by symbol and timeframe; a series is named by its number from then on. */
export class SeriesBook {
  readonly #pages: FeatureStore[] = [];
  readonly #numbers = new Map<Timeframe, Map<Pair, number>>();
  readonly #duration: number[] = [];

  get count(): number {
    return this.#duration.length;
  }

  /** @returns the series' number, undefined when nothing of it has come yet */
  find(symbol: Pair, timeframe: Timeframe): number | undefined {
    return this.#numbers.get(timeframe)?.get(symbol);
  }

  /** Forgets the series: its history comes now. */
  reset({ symbol, timeframe }: Pick<CandleColumns, 'symbol' | 'timeframe'>): void {
    const series = this.#number(symbol, timeframe);
    this.#page(series).reset(series % PAGE);
  }

  /** @param row of the columns */
  absorbRow(columns: CandleColumns, row: number): void {
    const { openTime, open, high, low, close, volume } = columns;
    const series = this.#number(columns.symbol, columns.timeframe);
    this.#page(series).absorb(
      series % PAGE,
      openTime[row],
      this.#duration[series],
      open[row],
      high[row],
      low[row],
      close[row],
      volume[row],
    );
  }

  absorbCandle(candle: Candle): void {
    const { openTime, open, high, low, close, volume } = candle;
    const series = this.#number(candle.symbol, candle.timeframe);
    this.#page(series).absorb(series % PAGE, openTime, this.#duration[series], open, high, low, close, volume);
  }

  /**
   * Whether the series can answer for the interval.
   * @returns why not, undefined when its newest candle is the interval's and no candle before it is missing
   */
  absence(symbol: Pair, timeframe: Timeframe, openTime: number): Abstention | undefined {
    const series = this.find(symbol, timeframe);
    if (series === undefined) return 'CANDLE_MISSING';
    const page = this.#page(series);
    if (page.broken(series % PAGE)) return 'GAP';
    const newest = page.lastOpenTime(series % PAGE);
    if (newest === openTime) return undefined;
    // A series that is already past the interval cannot go back: features are incremental. The run came too late.
    return newest > openTime ? 'CANDLE_LATE' : 'CANDLE_MISSING';
  }

  /** Last close, quote per base. */
  close(series: number): number {
    return this.#page(series).close(series % PAGE);
  }

  /** ATR(14), quote per base; NaN while not known. */
  atr(series: number): number {
    return this.#page(series).atr(series % PAGE);
  }

  /**
   * Copies what one model reads of a series.
   * @param window 1: the newest row; more: that many rows, oldest first
   * @returns false when the series has fewer warm rows
   */
  copy(series: number, columns: Int32Array, window: number, into: Float32Array, offset: number): boolean {
    const page = this.#page(series);
    if (!page.warm(series % PAGE)) return false;
    if (window > 1) return page.copyWindow(series % PAGE, columns, window, into, offset);
    page.copyRow(series % PAGE, columns, into, offset);
    return true;
  }

  #page(series: number): FeatureStore {
    return this.#pages[Math.floor(series / PAGE)]!;
  }

  #number(symbol: Pair, timeframe: Timeframe): number {
    let ofTimeframe = this.#numbers.get(timeframe);
    if (!ofTimeframe) this.#numbers.set(timeframe, (ofTimeframe = new Map()));
    const known = ofTimeframe.get(symbol);
    if (known !== undefined) return known;
    const series = this.#duration.length;
    if (series % PAGE === 0) this.#pages.push(new FeatureStore(PAGE, HISTORY));
    ofTimeframe.set(symbol, series);
    this.#duration.push(durationOf(timeframe));
    return series;
  }
}

import type { Abstention } from '../domain/abstention.js';
import type { Candle, CandleColumns } from '../domain/candle.js';
import type { Pair } from '../domain/pair.js';
import { durationOf, type Timeframe } from '../domain/timeframe.js';
import { FeatureStore, LANES } from './features/feature-store.js';

/** Series a page of the book, all of one timeframe: they close together, so that one sweep of the store takes them all. */
const PAGE = LANES;
/** Candles kept per series for window models. */
export const HISTORY = 64;

interface Page {
  readonly store: FeatureStore;
  /** Length of its candles, ms. */
  readonly duration: number;
  used: number;
}

/** The features of every series, by symbol and timeframe; a series is named by its number from then on. */
export class SeriesBook {
  readonly #pages: Page[] = [];
  /** Pages with candles that are offered and not settled. */
  readonly #unsettled = new Set<FeatureStore>();
  readonly #numbers = new Map<Timeframe, Map<Pair, number>>();
  #narrow: readonly Int32Array[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** @returns the series' number, undefined when nothing of it has come yet */
  find(symbol: Pair, timeframe: Timeframe): number | undefined {
    return this.#numbers.get(timeframe)?.get(symbol);
  }

  /** Forgets the series: its history comes now. */
  reset({ symbol, timeframe }: Pick<CandleColumns, 'symbol' | 'timeframe'>): void {
    const series = this.#number(symbol, timeframe);
    this.#store(series).reset(series % PAGE);
  }

  /** @param row of the columns */
  absorbRow(columns: CandleColumns, row: number): void {
    const { openTime, open, high, low, close, volume } = columns;
    const series = this.#number(columns.symbol, columns.timeframe);
    const { store, duration } = this.#page(series);
    store.absorb(series % PAGE, openTime[row], duration, open[row], high[row], low[row], close[row], volume[row]);
  }

  /** Takes `candles[from]` up to, not including, `candles[to]`: those of one time and page in one sweep. */
  absorbCandles(candles: readonly Candle[], from: number, to: number): void {
    for (let i = from; i < to; i += 1) {
      const { symbol, timeframe, openTime, open, high, low, close, volume } = candles[i]!;
      const series = this.#number(symbol, timeframe);
      const { store, duration } = this.#page(series);
      store.offer(series % PAGE, openTime, duration, open, high, low, close, volume);
      this.#unsettled.add(store);
    }
    for (const store of this.#unsettled) store.settle();
    this.#unsettled.clear();
  }

  /** The columns that window models read: what `copy` takes of them is kept together from now on. */
  keepNarrow(columnSets: readonly Int32Array[]): void {
    this.#narrow = columnSets;
    for (const { store } of this.#pages) store.keepNarrow(columnSets);
  }

  /**
   * Whether the series can answer for the interval.
   * @returns why not, undefined when its newest candle is the interval's and no candle before it is missing
   */
  absence(symbol: Pair, timeframe: Timeframe, openTime: number): Abstention | undefined {
    const series = this.find(symbol, timeframe);
    if (series === undefined) return 'CANDLE_MISSING';
    const store = this.#store(series);
    if (store.broken(series % PAGE)) return 'GAP';
    const newest = store.lastOpenTime(series % PAGE);
    if (newest === openTime) return undefined;
    // A series that is already past the interval cannot go back: features are incremental. The run came too late.
    return newest > openTime ? 'CANDLE_LATE' : 'CANDLE_MISSING';
  }

  /** @returns open time of the series' newest candle, UTC ms; undefined when it has none */
  newest(symbol: Pair, timeframe: Timeframe): number | undefined {
    const series = this.find(symbol, timeframe);
    const openTime = series === undefined ? NaN : this.#store(series).lastOpenTime(series % PAGE);
    return Number.isNaN(openTime) ? undefined : openTime;
  }

  /** Last close, quote per base. */
  close(series: number): number {
    return this.#store(series).close(series % PAGE);
  }

  /** ATR(14), quote per base; NaN while not known. */
  atr(series: number): number {
    return this.#store(series).atr(series % PAGE);
  }

  /**
   * Copies what one model reads of a series.
   * @param window 1: the newest row; more: that many rows, oldest first
   * @returns false when the series has fewer warm rows
   */
  copy(series: number, columns: Int32Array, window: number, into: Float32Array, offset: number): boolean {
    const store = this.#store(series);
    if (!store.warm(series % PAGE)) return false;
    if (window > 1) return store.copyWindow(series % PAGE, columns, window, into, offset);
    store.copyRow(series % PAGE, columns, into, offset);
    return true;
  }

  #page(series: number): Page {
    return this.#pages[Math.floor(series / PAGE)]!;
  }

  #store(series: number): FeatureStore {
    return this.#page(series).store;
  }

  #number(symbol: Pair, timeframe: Timeframe): number {
    let ofTimeframe = this.#numbers.get(timeframe);
    if (!ofTimeframe) this.#numbers.set(timeframe, (ofTimeframe = new Map()));
    const known = ofTimeframe.get(symbol);
    if (known !== undefined) return known;
    const duration = durationOf(timeframe);
    let number = this.#pages.findIndex((page) => page.duration === duration && page.used < PAGE);
    if (number < 0) {
      const store = new FeatureStore(PAGE, HISTORY);
      store.keepNarrow(this.#narrow);
      number = this.#pages.push({ store, duration, used: 0 }) - 1;
    }
    const page = this.#pages[number]!;
    const series = number * PAGE + page.used;
    page.used += 1;
    this.#count += 1;
    ofTimeframe.set(symbol, series);
    return series;
  }
}

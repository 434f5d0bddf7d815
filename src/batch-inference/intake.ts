import type { Candle, CandleColumns } from '../domain/candle.js';
import { TIMEFRAMES, type Timeframe } from '../domain/timeframe.js';
import type { SeriesBook } from './series-book.js';

type Item = { readonly candles: readonly Candle[] } | { readonly columns: CandleColumns };

/**
 * Candles on their way into the book, a line for each timeframe: a run waits for its own line only, and the others move
 * on while the workers infer. Taken in slices, so that a long history never holds the main loop.
 */
export class Intake {
  readonly #lines: ReadonlyMap<Timeframe, Line>;
  #absorbed = 0;

  constructor(book: SeriesBook) {
    this.#lines = new Map(TIMEFRAMES.map((timeframe) => [timeframe, new Line(book)]));
  }

  get empty(): boolean {
    for (const line of this.#lines.values()) if (!line.empty) return false;
    return true;
  }

  /** Candles taken so far. */
  get absorbed(): number {
    return this.#absorbed;
  }

  push(item: Item): void {
    if ('columns' in item) return this.#lines.get(item.columns.timeframe)!.push(item);
    for (const timeframe of TIMEFRAMES) {
      const candles = item.candles.filter((candle) => candle.timeframe === timeframe);
      if (candles.length > 0) this.#lines.get(timeframe)!.push({ candles });
    }
  }

  /**
   * Takes at most `limit` candles, longest timeframe first: the order in which runs come.
   * @returns how many it took; less than `limit`: the intake is empty
   */
  take(limit: number): number {
    let left = limit;
    for (const timeframe of TIMEFRAMES.toReversed()) left -= this.#takeFrom(timeframe, left, Infinity);
    return limit - left;
  }

  /** Takes at most `limit` candles of one timeframe that open no later than `upTo` (UTC ms). */
  takeOf(timeframe: Timeframe, limit: number, upTo: number): void {
    this.#takeFrom(timeframe, limit, upTo);
  }

  /** Whether `takeOf` would take anything. */
  waits(timeframe: Timeframe, upTo: number): boolean {
    return this.#lines.get(timeframe)!.waits(upTo);
  }

  #takeFrom(timeframe: Timeframe, limit: number, upTo: number): number {
    const taken = this.#lines.get(timeframe)!.take(limit, upTo);
    this.#absorbed += taken;
    return taken;
  }
}

/** First come, first served. A history is taken whole, whatever its times: it tells a series anew. */
class Line {
  readonly #items: Item[] = [];
  #head = 0;
  #row = 0;

  constructor(private readonly book: SeriesBook) {}

  get empty(): boolean {
    return this.#head === this.#items.length;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  waits(upTo: number): boolean {
    const item = this.#items[this.#head];
    if (item === undefined) return false;
    return 'columns' in item || item.candles[this.#row]!.openTime <= upTo;
  }

  /** @returns how many candles it took */
  take(limit: number, upTo: number): number {
    let taken = 0;
    while (taken < limit && this.waits(upTo)) {
      const item = this.#items[this.#head]!;
      const before = this.#row;
      const most = before + limit - taken;
      if ('candles' in item) this.#takeCandles(item.candles, most, upTo);
      else this.#takeRows(item.columns, most);
      taken += this.#row - before;
      if (this.#row >= ('candles' in item ? item.candles : item.columns.openTime).length) this.#next();
    }
    return taken;
  }

  #takeCandles(candles: readonly Candle[], most: number, upTo: number): void {
    const from = this.#row;
    const end = Math.min(candles.length, most);
    while (this.#row < end && candles[this.#row]!.openTime <= upTo) this.#row += 1;
    this.book.absorbCandles(candles, from, this.#row);
  }

  #takeRows(columns: CandleColumns, most: number): void {
    if (this.#row === 0) this.book.reset(columns);
    const end = Math.min(columns.openTime.length, most);
    for (; this.#row < end; this.#row += 1) this.book.absorbRow(columns, this.#row);
  }

  #next(): void {
    this.#row = 0;
    this.#head += 1;
    if (this.empty) this.#items.length = this.#head = 0;
  }
}

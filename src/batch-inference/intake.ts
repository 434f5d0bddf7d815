import type { Candle, CandleColumns } from '../domain/candle.js';
import type { SeriesBook } from './series-book.js';

type Item = { readonly candles: readonly Candle[] } | { readonly columns: CandleColumns };

/**
 * Candles on their way into the book, in the order in which they came. Taken in slices, so that a long history never
 * holds the main loop.
 */
export class Intake {
  readonly #items: Item[] = [];
  #head = 0;
  #row = 0;
  #absorbed = 0;

  constructor(private readonly book: SeriesBook) {}

  get empty(): boolean {
    return this.#head === this.#items.length;
  }

  /** Candles taken so far. */
  get absorbed(): number {
    return this.#absorbed;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /**
   * Takes at most `limit` candles.
   * @returns how many it took; less than `limit`: the intake is empty
   */
  take(limit: number): number {
    let taken = 0;
    while (!this.empty && taken < limit) {
      const item = this.#items[this.#head]!;
      const length = 'candles' in item ? item.candles.length : item.columns.openTime.length;
      if (this.#row === 0 && 'columns' in item) this.book.reset(item.columns);
      const end = Math.min(length, this.#row + limit - taken);
      taken += end - this.#row;
      for (; this.#row < end; this.#row += 1) {
        if ('candles' in item) this.book.absorbCandle(item.candles[this.#row]!);
        else this.book.absorbRow(item.columns, this.#row);
      }
      if (this.#row >= length) this.#next();
    }
    this.#absorbed += taken;
    return taken;
  }

  #next(): void {
    this.#row = 0;
    this.#head += 1;
    if (this.empty) this.#items.length = this.#head = 0;
  }
}

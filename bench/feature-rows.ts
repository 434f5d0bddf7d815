import { writeFileSync } from 'node:fs';
import { featureColumnsOf } from '../src/batch-inference/features/feature-table.js';
import { SeriesBook } from '../src/batch-inference/series-book.js';
import type { Candle } from '../src/domain/candle.js';
import { HISTORY, TIMEFRAME } from './candle-path.js';
import type { RandomWalk } from './random-walk.js';

/** The feature rows of some symbols, for those who get them ready: computed from the same candles by the same code as served. */
export class FeatureRows {
  readonly #book = new SeriesBook();
  readonly #columns: Int32Array;

  /** @param walks at the first candle of their history; they move on to the candle after it */
  constructor(
    features: readonly string[],
    private readonly walks: readonly RandomWalk[],
  ) {
    this.#columns = featureColumnsOf(features);
    for (const walk of walks) {
      const columns = walk.columns(HISTORY);
      this.#book.reset(columns);
      for (let row = 0; row < HISTORY; row += 1) this.#book.absorbRow(columns, row);
    }
  }

  /** @param candles the next of each symbol @returns [symbols × features], what float32 features are in float64 */
  after(candles: readonly Candle[]): Float64Array {
    this.#book.absorbCandles(candles, 0, candles.length);
    const width = this.#columns.length;
    const rows = new Float32Array(this.walks.length * width);
    this.walks.forEach(({ symbol }, row) => {
      const series = this.#book.find(symbol, TIMEFRAME)!;
      if (!this.#book.copy(series, this.#columns, 1, rows, row * width)) throw new Error('a series is not warm');
    });
    return Float64Array.from(rows);
  }

  /** The walks' next candles. */
  next(): Float64Array {
    return this.after(this.walks.map((walk) => walk.next()));
  }

  /** Writes the rows of so many candles of each symbol: float64 [candles × symbols, features]. */
  write(file: string, candles: number): void {
    const all = Array.from({ length: candles }, () => this.next());
    writeFileSync(file, Buffer.concat(all.map(({ buffer }) => Buffer.from(buffer as ArrayBuffer))));
  }
}

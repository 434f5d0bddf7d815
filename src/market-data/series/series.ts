import type { CandleColumns } from '../../domain/candle.js';
import type { Pair } from '../../domain/pair.js';
import { durationOf, type Timeframe } from '../../domain/timeframe.js';
import { emptyColumns, writeRow, type Ohlcv } from './columns.js';

/**
 * The newest closed candles of one symbol and timeframe: a ring of typed arrays. Its candles are consecutive, always:
 * row i opens i durations after row 0. What would break that is held back outside until the hole is filled.
 */
export class Series {
  readonly #rows: CandleColumns;
  readonly #duration: number;
  #head = 0;
  #count = 0;

  constructor(
    readonly symbol: Pair,
    readonly timeframe: Timeframe,
    readonly capacity: number,
  ) {
    this.#rows = emptyColumns(symbol, timeframe, capacity);
    this.#duration = durationOf(timeframe);
  }

  get count(): number {
    return this.#count;
  }

  /** Open time of the newest candle, UTC ms; NaN while there is none. */
  get lastOpenTime(): number {
    return this.#count === 0 ? NaN : this.#rows.openTime[this.#slot(this.#count - 1)]!;
  }

  /** @throws where the candle does not follow the newest one: a bug of the caller */
  append(candle: Ohlcv): void {
    if (this.#count > 0 && candle.openTime !== this.lastOpenTime + this.#duration) {
      throw new Error(`${this.symbol} ${this.timeframe}: ${candle.openTime} does not follow ${this.lastOpenTime}`);
    }
    writeRow(this.#rows, this.#slot(this.#count), candle);
    if (this.#count < this.capacity) this.#count++;
    else this.#head = (this.#head + 1) % this.capacity;
  }

  /** @returns the candle that opened then, or undefined where it is not held */
  at(openTime: number): Ohlcv | undefined {
    const slot = this.#find(openTime);
    if (slot === undefined) return undefined;
    const { open, high, low, close, volume } = this.#rows;
    return {
      openTime,
      open: open[slot]!,
      high: high[slot]!,
      low: low[slot]!,
      close: close[slot]!,
      volume: volume[slot]!,
    };
  }

  /** @returns `parts` consecutive candles from that open time on as one, or undefined unless every one of them is held */
  sum(openTime: number, parts: number): Ohlcv | undefined {
    const first = this.#find(openTime);
    const last = this.#find(openTime + (parts - 1) * this.#duration);
    if (first === undefined || last === undefined) return undefined;
    const { open, close } = this.#rows;
    let [high, low, volume] = [-Infinity, Infinity, 0];
    for (let part = 0; part < parts; part++) {
      const slot = (first + part) % this.capacity;
      high = Math.max(high, this.#rows.high[slot]!);
      low = Math.min(low, this.#rows.low[slot]!);
      volume += this.#rows.volume[slot]!;
    }
    return { openTime, open: open[first]!, high, low, close: close[last]!, volume };
  }

  /** @returns false, changing nothing, where no candle with that open time is held */
  replace(candle: Ohlcv): boolean {
    const slot = this.#find(candle.openTime);
    if (slot === undefined) return false;
    writeRow(this.#rows, slot, candle);
    return true;
  }

  clear(): void {
    this.#count = 0;
    this.#head = 0;
  }

  /** @returns a copy, oldest first */
  columns(): CandleColumns {
    const copy = emptyColumns(this.symbol, this.timeframe, this.#count);
    const first = Math.min(this.#count, this.capacity - this.#head);
    for (const name of ['openTime', 'open', 'high', 'low', 'close', 'volume'] as const) {
      copy[name].set(this.#rows[name].subarray(this.#head, this.#head + first));
      copy[name].set(this.#rows[name].subarray(0, this.#count - first), first);
    }
    return copy;
  }

  #slot(row: number): number {
    return (this.#head + row) % this.capacity;
  }

  #find(openTime: number): number | undefined {
    const row = this.#count - 1 - (this.lastOpenTime - openTime) / this.#duration;
    return Number.isInteger(row) && row >= 0 && row < this.#count ? this.#slot(row) : undefined;
  }
}

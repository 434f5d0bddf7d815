import type { Candle, CandleColumns } from '../src/domain/candle.js';
import type { Pair } from '../src/domain/pair.js';
import { durationOf, type Timeframe } from '../src/domain/timeframe.js';

/** Seeded candles: a bench measures the same numbers each time. */
export class RandomWalk {
  #state: number;
  #close = 100;
  #openTime: number;

  constructor(
    readonly symbol: Pair,
    readonly timeframe: Timeframe,
    firstOpenTime: number,
    seed: number,
  ) {
    this.#state = seed >>> 0;
    this.#openTime = firstOpenTime;
  }

  next(): Candle {
    const open = this.#close;
    const close = open * (1 + 0.004 * (this.#uniform() - 0.5));
    const candle: Candle = {
      symbol: this.symbol,
      timeframe: this.timeframe,
      openTime: this.#openTime,
      open,
      close,
      high: Math.max(open, close) * (1 + 0.001 * this.#uniform()),
      low: Math.min(open, close) * (1 - 0.001 * this.#uniform()),
      volume: 10 + 90 * this.#uniform(),
      source: 'stream',
      receivedAt: 0,
    };
    this.#close = close;
    this.#openTime += durationOf(this.timeframe);
    return candle;
  }

  columns(count: number): CandleColumns {
    const candles = Array.from({ length: count }, () => this.next());
    const column = (key: 'openTime' | 'open' | 'high' | 'low' | 'close' | 'volume') =>
      Float64Array.from(candles, (candle) => candle[key]);
    return {
      symbol: this.symbol,
      timeframe: this.timeframe,
      openTime: column('openTime'),
      open: column('open'),
      high: column('high'),
      low: column('low'),
      close: column('close'),
      volume: column('volume'),
    };
  }

  /** mulberry32 */
  #uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }
}

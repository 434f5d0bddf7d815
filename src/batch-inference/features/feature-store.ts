import { atr } from './kernels/directional.js';
import { buildFeatures, FEATURES, WARM_UP } from './feature-table.js';
import { INPUT, Plan } from './plan.js';

const WIDTH = FEATURES.length;
const { OPEN_TIME, DURATION, OPEN, HIGH, LOW, CLOSE, VOLUME, PREVIOUS_HIGH, PREVIOUS_LOW, PREVIOUS_CLOSE, COUNT } =
  INPUT;

/**
 * Features of many series, one closed candle at a time. State is one Float64Array, a contiguous block per series; warm
 * rows are kept as Float32 in a ring per series.
 *
 * A series is *filling* until WARM_UP contiguous candles are in, then *warm*. A candle that leaves a gap *breaks* it:
 * it is not warm and takes no candle until `reset`. A candle that is already in (openTime ≤ the last) changes nothing.
 */
export class FeatureStore {
  readonly #plan: Plan;
  readonly #columns: Int32Array;
  readonly #atr: number;
  readonly #atrSince: number;
  readonly #state: Float64Array;
  readonly #rows: Float32Array;
  readonly #count: Int32Array;
  readonly #kept: Int32Array;
  readonly #broken: Uint8Array;

  /**
   * @param seriesCount series are numbered 0..seriesCount − 1
   * @param history newest warm rows kept per series, for window models; ≥ 1
   */
  constructor(
    readonly seriesCount: number,
    readonly history: number,
  ) {
    if (!Number.isInteger(history) || history < 1) throw new RangeError(`history must be at least 1, got ${history}`);
    const { plan, built } = Plan.of((draft) => ({ range: atr(draft, 14), features: buildFeatures(draft) }));
    this.#plan = plan;
    this.#atr = built.range.at;
    this.#atrSince = built.range.since;
    this.#columns = Int32Array.from(built.features, ({ at }) => at);
    this.#state = new Float64Array(seriesCount * this.#plan.stride);
    this.#rows = new Float32Array(seriesCount * history * WIDTH);
    this.#count = new Int32Array(seriesCount);
    this.#kept = new Int32Array(seriesCount);
    this.#broken = new Uint8Array(seriesCount);
  }

  /** Forgets the series: its next candle may open at any time. */
  reset(series: number): void {
    this.#state.fill(0, this.#at(series), this.#at(series + 1));
    this.#count[series] = 0;
    this.#kept[series] = 0;
    this.#broken[series] = 0;
  }

  /**
   * Takes one closed candle. O(features), allocates nothing.
   * @param openTime UTC ms, on the clock of `durationMs`; prices in quote > 0, volume ≥ 0
   */
  absorb(
    series: number,
    openTime: number,
    durationMs: number,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
  ): void {
    if (this.#broken[series]) return;
    const b = this.#at(series);
    const s = this.#state;
    const before = this.#count[series];
    if (before > 0) {
      if (openTime <= s[b + OPEN_TIME]) return;
      if (openTime !== s[b + OPEN_TIME] + s[b + DURATION] || durationMs !== s[b + DURATION]) {
        this.#broken[series] = 1;
        return;
      }
    }
    this.#count[series] = before + 1;
    s[b + PREVIOUS_HIGH] = s[b + HIGH];
    s[b + PREVIOUS_LOW] = s[b + LOW];
    s[b + PREVIOUS_CLOSE] = s[b + CLOSE];
    s[b + OPEN_TIME] = openTime;
    s[b + DURATION] = durationMs;
    s[b + OPEN] = open;
    s[b + HIGH] = high;
    s[b + LOW] = low;
    s[b + CLOSE] = close;
    s[b + VOLUME] = volume;
    s[b + COUNT] = before + 1;
    this.#plan.run(s, b);
    if (before + 1 >= WARM_UP) this.#keep(series, b);
  }

  /** @returns contiguous candles absorbed since the last reset */
  count(series: number): number {
    return this.#count[series];
  }

  /** @returns open time of the newest candle, UTC ms; NaN without one */
  lastOpenTime(series: number): number {
    return this.#count[series] > 0 ? this.#state[this.#at(series) + OPEN_TIME] : NaN;
  }

  /** @returns whether the newest row is whole: WARM_UP contiguous candles, no gap since */
  warm(series: number): boolean {
    return this.#count[series] >= WARM_UP && !this.#broken[series];
  }

  /** @returns whether a candle left a gap; true until `reset` */
  broken(series: number): boolean {
    return this.#broken[series] === 1;
  }

  /** @returns warm rows held for windows, ≤ history */
  rows(series: number): number {
    return Math.min(this.#kept[series], this.history);
  }

  /** @returns newest close in quote; NaN without a candle */
  close(series: number): number {
    return this.#count[series] > 0 ? this.#state[this.#at(series) + CLOSE] : NaN;
  }

  /** @returns ATR(14), Wilder, in quote; NaN until the 15th candle */
  atr(series: number): number {
    return this.#count[series] >= this.#atrSince ? this.#state[this.#at(series) + this.#atr] : NaN;
  }

  /** @returns a feature of the newest candle in full precision; NaN while the series is not warm */
  value(series: number, feature: number): number {
    return this.warm(series) ? this.#state[this.#at(series) + this.#columns[feature]] : NaN;
  }

  /** Writes the newest row's chosen columns to into[offset..]. The series is warm: else what is written means nothing. */
  copyRow(series: number, columns: Int32Array, into: Float32Array, offset: number): void {
    const at = (series * this.history + ((this.#kept[series] - 1) % this.history)) * WIDTH;
    for (let i = 0; i < columns.length; i++) into[offset + i] = this.#rows[at + columns[i]];
  }

  /**
   * Writes the newest `length` rows' chosen columns, oldest first, to into[offset .. offset + length × columns).
   * @returns false, nothing written, where fewer warm rows are held
   */
  copyWindow(series: number, columns: Int32Array, length: number, into: Float32Array, offset: number): boolean {
    if (!this.warm(series) || length > this.rows(series)) return false;
    const rows = this.#rows;
    const begin = series * this.history * WIDTH;
    const end = begin + this.history * WIDTH;
    let at = begin + ((this.#kept[series] - length) % this.history) * WIDTH;
    for (let row = 0; row < length; row++) {
      for (let i = 0; i < columns.length; i++) into[offset++] = rows[at + columns[i]];
      at += WIDTH;
      if (at === end) at = begin;
    }
    return true;
  }

  #at(series: number): number {
    return series * this.#plan.stride;
  }

  #keep(series: number, b: number): void {
    let at = (series * this.history + (this.#kept[series]++ % this.history)) * WIDTH;
    for (let i = 0; i < WIDTH; i++) this.#rows[at++] = this.#state[b + this.#columns[i]];
  }
}

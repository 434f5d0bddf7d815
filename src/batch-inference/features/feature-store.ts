import { atr } from './kernels/directional.js';
import { buildFeatures, FEATURES, WARM_UP } from './feature-table.js';
import { INPUT, Plan } from './plan.js';

const WIDTH = FEATURES.length;
const { OPEN_TIME, DURATION, OPEN, HIGH, LOW, CLOSE, VOLUME, PREVIOUS_HIGH, PREVIOUS_LOW, PREVIOUS_CLOSE, COUNT } =
  INPUT;
/** Series a block at most: the numbers that one candle of a full block touches fit the second-level cache. */
export const LANES = 64;

/** All stores of a width share a plan, and with it the loops that the engine has compiled. */
const plans = new Map<number, ReturnType<typeof planned>>();

function planFor(lanes: number): ReturnType<typeof planned> {
  if (!plans.has(lanes)) plans.set(lanes, planned(lanes));
  return plans.get(lanes)!;
}

function planned(lanes: number) {
  const { plan, built } = Plan.of((draft) => ({ range: atr(draft, 14), features: buildFeatures(draft) }), lanes);
  return { plan, range: built.range, columns: Int32Array.from(built.features, ({ at }) => at) };
}

/**
 * Features of many series, one closed candle at a time. State is one Float64Array of blocks, up to LANES series each, in
 * which the same number of neighbouring series lies together; warm rows are kept as Float32 in a ring per series.
 *
 * Candles are offered, and settled together: until then the series they were offered to are not to be read.
 *
 * A series is *filling* until WARM_UP contiguous candles are in, then *warm*. A candle that leaves a gap *breaks* it:
 * it is not warm and takes no candle until `reset`. A candle that is already in (openTime ≤ the last) changes nothing.
 */
export class FeatureStore {
  readonly #plan: Plan;
  readonly #lanes: number;
  readonly #columns: Int32Array;
  readonly #atr: number;
  readonly #atrSince: number;
  readonly #state: Float64Array;
  readonly #rows: Float32Array;
  readonly #count: Int32Array;
  readonly #kept: Int32Array;
  readonly #broken: Uint8Array;
  /** Series with a candle that is not settled yet, and where they lie. */
  readonly #offered: Int32Array;
  readonly #places: Int32Array;
  readonly #begins: Int32Array;
  #waiting = 0;
  /** Copies of the rows with a window model's columns only: what it reads of a series lies together. */
  #narrow: readonly { readonly columns: Int32Array; readonly rows: Float32Array }[] = [];

  /**
   * @param seriesCount series are numbered 0..seriesCount − 1
   * @param history newest warm rows kept per series, for window models; ≥ 1
   */
  constructor(
    readonly seriesCount: number,
    readonly history: number,
  ) {
    if (!Number.isInteger(history) || history < 1) throw new RangeError(`history must be at least 1, got ${history}`);
    this.#lanes = Math.min(LANES, seriesCount);
    const { plan, range, columns } = planFor(this.#lanes);
    this.#plan = plan;
    this.#atr = range.at;
    this.#atrSince = range.since;
    this.#columns = columns;
    this.#state = new Float64Array(Math.ceil(seriesCount / this.#lanes) * plan.stride);
    this.#offered = new Int32Array(seriesCount);
    this.#places = new Int32Array(seriesCount);
    this.#begins = new Int32Array(seriesCount);
    this.#rows = new Float32Array(seriesCount * history * WIDTH);
    this.#count = new Int32Array(seriesCount);
    this.#kept = new Int32Array(seriesCount);
    this.#broken = new Uint8Array(seriesCount);
  }

  /** Forgets the series: its next candle may open at any time. */
  reset(series: number): void {
    this.settle();
    const at = this.#at(series);
    for (let k = 0; k < this.#plan.stride; k += this.#lanes) this.#state[at + k] = 0;
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
    this.offer(series, openTime, durationMs, open, high, low, close, volume);
    this.settle();
  }

  /** As `absorb`, but the candle waits for `settle`, or for one of another time: together they cost a fraction. */
  offer(
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
    const s = this.#state;
    const n = this.#lanes;
    const at = this.#at(series);
    const before = this.#count[series];
    if (before > 0) {
      if (openTime <= s[at + OPEN_TIME * n]) return;
      if (openTime !== s[at + OPEN_TIME * n] + s[at + DURATION * n] || durationMs !== s[at + DURATION * n]) {
        this.#broken[series] = 1;
        return;
      }
    }
    if (this.#waiting > 0) {
      const other = this.#places[0];
      if (openTime !== s[other + OPEN_TIME * n] || durationMs !== s[other + DURATION * n]) this.settle();
    }
    this.#count[series] = before + 1;
    s[at + PREVIOUS_HIGH * n] = s[at + HIGH * n];
    s[at + PREVIOUS_LOW * n] = s[at + LOW * n];
    s[at + PREVIOUS_CLOSE * n] = s[at + CLOSE * n];
    s[at + OPEN_TIME * n] = openTime;
    s[at + DURATION * n] = durationMs;
    s[at + OPEN * n] = open;
    s[at + HIGH * n] = high;
    s[at + LOW * n] = low;
    s[at + CLOSE * n] = close;
    s[at + VOLUME * n] = volume;
    s[at + COUNT * n] = before + 1;
    this.#offered[this.#waiting] = series;
    this.#places[this.#waiting] = at;
    this.#waiting += 1;
  }

  /** Computes the features of every candle offered since the last time. */
  settle(): void {
    const count = this.#waiting;
    if (count === 0) return;
    this.#waiting = 0;
    this.#plan.run(this.#state, this.#places, count);
    this.#keep(count);
  }

  /** @returns contiguous candles absorbed since the last reset */
  count(series: number): number {
    return this.#count[series];
  }

  /** @returns open time of the newest candle, UTC ms; NaN without one */
  lastOpenTime(series: number): number {
    return this.#count[series] > 0 ? this.#state[this.#at(series) + OPEN_TIME * this.#lanes] : NaN;
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
    return this.#count[series] > 0 ? this.#state[this.#at(series) + CLOSE * this.#lanes] : NaN;
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

  /** `copyWindow` is several times faster with exactly these arrays of columns, from now on; with others it goes on to work. */
  keepNarrow(columnSets: readonly Int32Array[]): void {
    this.#narrow = columnSets.map((columns) => {
      const known = this.#narrow.find((narrow) => narrow.columns === columns);
      if (known) return known;
      const rows = new Float32Array(this.seriesCount * this.history * columns.length);
      for (let row = 0, to = 0; row < this.#rows.length; row += WIDTH) {
        for (let i = 0; i < columns.length; i++) rows[to++] = this.#rows[row + columns[i]];
      }
      return { columns, rows };
    });
  }

  /**
   * Writes the newest `length` rows' chosen columns, oldest first, to into[offset .. offset + length × columns).
   * @returns false, nothing written, where fewer warm rows are held
   */
  copyWindow(series: number, columns: Int32Array, length: number, into: Float32Array, offset: number): boolean {
    if (!this.warm(series) || length > this.rows(series)) return false;
    const begin = series * this.history;
    const first = begin + ((this.#kept[series] - length) % this.history);
    const straight = Math.min(length, begin + this.history - first);
    this.#copyRows(first, straight, columns, into, offset);
    this.#copyRows(begin, length - straight, columns, into, offset + straight * columns.length);
    return true;
  }

  /** Rows that follow one another in the ring. */
  #copyRows(first: number, count: number, columns: Int32Array, into: Float32Array, offset: number): void {
    const narrow = this.#narrow.find((one) => one.columns === columns)?.rows;
    if (narrow) {
      const end = (first + count) * columns.length;
      for (let from = first * columns.length; from < end; from++) into[offset++] = narrow[from];
      return;
    }
    for (let row = first; row < first + count; row++) {
      for (let i = 0; i < columns.length; i++) into[offset++] = this.#rows[row * WIDTH + columns[i]];
    }
  }

  #at(series: number): number {
    const lane = series % this.#lanes;
    return ((series - lane) / this.#lanes) * this.#plan.stride + lane;
  }

  /** Feature by feature: neighbouring series lie together, and a row of 86 would fall on 8 lines of the cache. */
  #keep(count: number): void {
    const [rows, state, columns, places, begins] = [this.#rows, this.#state, this.#columns, this.#places, this.#begins];
    let warm = 0;
    for (let i = 0; i < count; i++) {
      const series = this.#offered[i];
      if (this.#count[series] < WARM_UP) continue;
      places[warm] = places[i];
      begins[warm++] = (series * this.history + (this.#kept[series]++ % this.history)) * WIDTH;
    }
    for (let f = 0; f < WIDTH; f++) {
      const column = columns[f];
      for (let i = 0; i < warm; i++) rows[begins[i] + f] = state[places[i] + column];
    }
    for (const narrow of this.#narrow) {
      const width = narrow.columns.length;
      for (let i = 0; i < warm; i++) {
        const to = (begins[i] / WIDTH) * width;
        for (let c = 0; c < width; c++) narrow.rows[to + c] = rows[begins[i] + narrow.columns[c]];
      }
    }
  }
}

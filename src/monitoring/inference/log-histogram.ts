import type { Tally } from './windows.js';

/** Durations that are told apart, ms: 1 µs to 1,000 s. What lies outside counts as the nearest of the two. */
export const LEAST_MS = 0.001;
export const MOST_MS = 1_000_000;

/** A quantile read here lies within this share of the duration of that rank. */
export const RELATIVE_ERROR = 0.01;

/** Bucket i holds LEAST × G^(i-1) < ms ≤ LEAST × G^i, told as 2 G^i / (G + 1) × LEAST: the same relative distance from both ends. */
const MARGIN = RELATIVE_ERROR * 0.99; // what rounding at a bucket's edge may take is kept back
const GROWTH = (1 + MARGIN) / (1 - MARGIN);
const BUCKETS_A_FOLD = 1 / Math.log(GROWTH);
const LAST = Math.ceil(Math.log(MOST_MS / LEAST_MS) * BUCKETS_A_FOLD);
export const BUCKETS = LAST + 1;

/** Buckets that come to a histogram at once: those of one stage lie close together. */
const PAGE = 64;

/** @returns the bucket of a duration */
export function bucketOf(ms: number): number {
  if (!(ms > LEAST_MS)) return 0;
  return Math.min(LAST, Math.ceil(Math.log(ms / LEAST_MS) * BUCKETS_A_FOLD));
}

function durationOf(bucket: number): number {
  return (LEAST_MS * 2 * GROWTH ** bucket) / (GROWTH + 1);
}

/**
 * How durations are spread: counts in buckets whose width grows with the duration (Masson, Rim & Lee 2019, "DDSketch",
 * VLDB 12(12), there with hashed buckets; here they are an array). Recording is O(1) and allocates nothing; histograms
 * add up without loss. The counts begin at 256 bytes and grow by pages to where durations fall, to 4.3 kB at most.
 */
export class LogHistogram implements Tally<LogHistogram> {
  #counts = new Uint32Array(0);
  /** Bucket of the first count; a whole number of pages. */
  #first = 0;
  #count = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  /** Exact, ms; NaN when nothing was recorded. */
  get max(): number {
    return this.#count > 0 ? this.#max : NaN;
  }

  get bytes(): number {
    return this.#counts.byteLength;
  }

  /** @param bucket `bucketOf(ms)`: computed once for all histograms that take the duration */
  record(ms: number, bucket: number): void {
    this.#reach(bucket, bucket);
    const at = bucket - this.#first;
    this.#counts[at] = this.#counts[at]! + 1;
    this.#max = this.#count === 0 ? ms : Math.max(this.#max, ms);
    this.#count += 1;
  }

  add(other: LogHistogram): void {
    if (other.#count === 0) return;
    this.#reach(other.#first, other.#first + other.#counts.length - 1);
    const shift = other.#first - this.#first;
    for (let i = 0; i < other.#counts.length; i += 1) {
      this.#counts[shift + i] = this.#counts[shift + i]! + other.#counts[i]!;
    }
    this.#max = this.#count === 0 ? other.#max : Math.max(this.#max, other.#max);
    this.#count += other.#count;
  }

  /** Forgets what was recorded, and keeps its pages. */
  clear(): void {
    if (this.#count === 0) return;
    this.#counts.fill(0);
    this.#count = 0;
  }

  /**
   * @param share 0..1
   * @returns ms, within RELATIVE_ERROR of the duration that ⌈share × count⌉ of all do not exceed; NaN when nothing was recorded
   */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (let i = 0; i < this.#counts.length; i += 1) {
      seen += this.#counts[i]!;
      if (seen >= rank) return Math.min(durationOf(this.#first + i), this.#max);
    }
    return NaN;
  }

  /** Makes room for the buckets from `from` to `to`. */
  #reach(from: number, to: number): void {
    const end = this.#first + this.#counts.length;
    if (from >= this.#first && to < end) return;
    const empty = this.#counts.length === 0;
    const first = Math.floor((empty ? from : Math.min(from, this.#first)) / PAGE) * PAGE;
    const after = Math.ceil(Math.max(to + 1, end) / PAGE) * PAGE;
    const counts = new Uint32Array(after - first);
    counts.set(this.#counts, empty ? 0 : this.#first - first);
    this.#counts = counts;
    this.#first = first;
  }
}

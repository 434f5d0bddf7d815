import type { Pair } from '../domain/pair.js';
import { closeTimeOf, durationOf, type Timeframe } from '../domain/timeframe.js';

const MINUTE = durationOf('1m');

/** A minute that is over, and how that is known. */
export interface ClosedMinute {
  /** Open time, UTC ms. */
  readonly openTime: number;
  /** complete: every candle is here. grace: the exchange's own stamps have passed it. clock: the scheduled job said so. */
  readonly by: 'complete' | 'grace' | 'clock';
  /** Wall time (epoch ms) at which the last of its candles was here; undefined where none came. */
  readonly receivedAt: number | undefined;
}

/**
 * Decides when an interval is over. The boundaries of every timeframe are boundaries of minutes, so minutes alone are
 * watched; they close one by one, in time order, and never twice.
 *
 * A minute closes when the candle of every expected symbol is here; or when the exchange's own stamps have passed its close
 * by the grace period; or when the scheduled job says that it is over, for an exchange that has gone silent. What arrives
 * afterwards is late.
 */
export class Completion {
  readonly #here = new Map<number, { symbols: Set<Pair>; receivedAt: number }>();
  #next = NaN;
  #stamp = -Infinity;
  #expired = -Infinity;

  constructor(
    private readonly expected: number,
    private readonly graceMs: number,
  ) {}

  /** @param openTime of the first minute awaited, UTC ms; what lies before it is history */
  begin(openTime: number): void {
    this.#next = openTime;
    for (const minute of this.#here.keys()) if (minute < openTime) this.#here.delete(minute);
  }

  /** @returns 'late' where the minute was already over, else 'awaited' */
  arrived(symbol: Pair, openTime: number, receivedAt: number): 'awaited' | 'late' {
    if (openTime < this.#next) return 'late';
    const minute = this.#here.get(openTime);
    if (minute) {
      minute.symbols.add(symbol);
      minute.receivedAt = Math.max(minute.receivedAt, receivedAt);
    } else this.#here.set(openTime, { symbols: new Set([symbol]), receivedAt });
    return 'awaited';
  }

  /**
   * Notes what time the exchange says it is. A frame speaks only for the time inside its own candle: candles of one minute
   * that are sent one after the other, by an exchange that is itself behind, do not close their minute on one another.
   * A forming frame of the next minute closes no candle; it only moves this watermark.
   * @param eventTime the stamp on a frame @param openTime of the frame's candle
   */
  stamp(eventTime: number, openTime: number): void {
    this.#stamp = Math.max(this.#stamp, Math.min(eventTime, closeTimeOf('1m', openTime)));
  }

  /** The scheduled job's word: every minute up to this boundary is over, whatever came. */
  expire(boundary: number): void {
    this.#expired = Math.max(this.#expired, boundary);
  }

  /** Whether `take` would answer. */
  due(): boolean {
    return this.#verdict() !== undefined;
  }

  /**
   * Takes the next minute that is over.
   * @param before take only minutes that open before this instant: candles that are here and not yet counted come first
   * @returns undefined where the awaited minute is not over
   */
  take(before = Infinity): ClosedMinute | undefined {
    const by = this.#next < before ? this.#verdict() : undefined;
    if (!by) return undefined;
    const openTime = this.#next;
    const receivedAt = this.#here.get(openTime)?.receivedAt;
    this.#here.delete(openTime);
    this.#next = openTime + MINUTE;
    return { openTime, by, receivedAt };
  }

  #verdict(): ClosedMinute['by'] | undefined {
    const close = this.#next + MINUTE;
    if ((this.#here.get(this.#next)?.symbols.size ?? 0) >= this.expected) return 'complete';
    if (this.#stamp >= close + this.graceMs) return 'grace';
    return this.#expired >= close ? 'clock' : undefined;
  }
}

/** @returns the timeframes whose candles close at this boundary, longest first: short votes then see fresh long ones */
export function closingAt(boundary: number, timeframes: readonly Timeframe[]): readonly Timeframe[] {
  return timeframes
    .filter((timeframe) => boundary % durationOf(timeframe) === 0)
    .sort((a, b) => durationOf(b) - durationOf(a));
}

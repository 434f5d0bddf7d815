import type { Abstention } from './abstention.js';
import type { Pair } from './pair.js';
import type { Timeframe } from './timeframe.js';

/** One interval of one timeframe, closed: what a run is made of. */
export interface Interval {
  readonly timeframe: Timeframe;
  /** Open time of its candles, UTC ms, exchange time. */
  readonly openTime: number;
  /** Every symbol expected, in a fixed order. */
  readonly symbols: readonly Pair[];
  /** The symbols left out, each with its reason. */
  readonly absent: ReadonlyMap<Pair, Abstention>;
  /** Wall time (epoch ms) at which the exchange closed the interval, by the exchange clock. */
  readonly exchangeClosedAt: number;
  /** Wall time (epoch ms) at which the last of its candles was here. */
  readonly receivedAt: number;
}

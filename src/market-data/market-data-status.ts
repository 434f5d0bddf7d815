import type { CandleFault } from '../domain/candle.js';
import type { Pair } from '../domain/pair.js';
import type { Timeframe } from '../domain/timeframe.js';
import type { SeriesState } from './series/candle-book.js';

/** Why a streamed candle was refused at the door. Codes are stable: users alert on them. */
export type CandleRefusal = CandleFault | 'FROM_THE_FUTURE';

/** What was counted since the start. */
export interface MarketDataCounters {
  /** Kline frames read. */
  frames: number;
  /** Frames that could not be read, dropped. */
  malformed: number;
  malformedByReason: Record<string, number>;
  /** Impossible candles, refused at the door. */
  refusedCandles: number;
  refusedByReason: Partial<Record<CandleRefusal, number>>;
  /** Candles that came after their interval was over. */
  late: number;
  duplicates: number;
  /** Candles told again with other numbers. */
  corrections: number;
  gaps: number;
  /** REST answers put into series, the warm-up's included. */
  refetches: number;
  reconnects: number;
  /** Intervals handed on. */
  intervals: number;
  /** Intervals dropped because a newer one of the same timeframe was waiting: the path was slower than the market. */
  missedIntervals: number;
  /** Candles that the database did not take. */
  unsavedCandles: number;
}

export interface MarketDataStatus {
  readonly connected: boolean;
  /** Connected, and the newest 1m candle is not older than FEED_STALE_MS of exchange time. */
  readonly fresh: boolean;
  /** Why the stream was lost, while it is. */
  readonly disconnectedBecause: string | null;
  /** Wall time of the last frame, epoch ms. */
  readonly lastMessageAt: number | null;
  /** Exchange time now, UTC ms. */
  readonly exchangeTime: number;
  readonly symbols: readonly Pair[];
  readonly timeframes: readonly Timeframe[];
  /** Series kept, and how many of them are in each state. */
  readonly series: number;
  readonly states: Readonly<Record<SeriesState, number>>;
  /** Open time (UTC ms) of the newest candle of each timeframe. */
  readonly newest: Readonly<Partial<Record<Timeframe, number>>>;
  readonly counters: Readonly<MarketDataCounters>;
}

export interface SeriesStatus {
  readonly symbol: Pair;
  readonly timeframe: Timeframe;
  readonly candles: number;
  /** Open time of the newest candle, UTC ms; null while there is none. */
  readonly newestOpenTime: number | null;
  readonly state: SeriesState;
}

export function noCounters(): MarketDataCounters {
  return {
    frames: 0,
    malformed: 0,
    malformedByReason: {},
    refusedCandles: 0,
    refusedByReason: {},
    late: 0,
    duplicates: 0,
    corrections: 0,
    gaps: 0,
    refetches: 0,
    reconnects: 0,
    intervals: 0,
    missedIntervals: 0,
    unsavedCandles: 0,
  };
}

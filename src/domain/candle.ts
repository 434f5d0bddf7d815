import type { Pair } from './pair.js';
import { closeTimeOf, openTimeAt, type Timeframe } from './timeframe.js';

/** Where a closed candle came from: the live stream, a REST refetch, or aggregation of closed 1m candles. */
export type CandleSource = 'stream' | 'rest' | 'aggregate';

/** A closed candle. Identity: (symbol, timeframe, openTime). Prices in quote per base, volume in base. */
export interface Candle {
  readonly symbol: Pair;
  readonly timeframe: Timeframe;
  /** Open time, UTC ms, on the timeframe's clock. */
  readonly openTime: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly source: CandleSource;
  /** Wall time (epoch ms, fractional) at which this process had the whole candle. */
  readonly receivedAt: number;
}

/** Consecutive closed candles of one series as columns, oldest first: history, handed over without an object a row. */
export interface CandleColumns {
  readonly symbol: Pair;
  readonly timeframe: Timeframe;
  readonly openTime: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

/** Why a candle is impossible. Codes are stable: users alert on them. */
export type CandleFault = 'NOT_FINITE' | 'PRICE_NOT_POSITIVE' | 'VOLUME_NEGATIVE' | 'HIGH_LOW_CROSSED' | 'OFF_CLOCK';

/** The door: inside, a candle is a candle and nobody checks again. */
export function faultOf(candle: Omit<Candle, 'source' | 'receivedAt'>): CandleFault | undefined {
  const { open, high, low, close, volume, openTime, timeframe } = candle;
  if (![open, high, low, close, volume, openTime].every(Number.isFinite)) return 'NOT_FINITE';
  if (Math.min(open, high, low, close) <= 0) return 'PRICE_NOT_POSITIVE';
  if (volume < 0) return 'VOLUME_NEGATIVE';
  if (high < Math.max(open, close) || low > Math.min(open, close)) return 'HIGH_LOW_CROSSED';
  if (openTimeAt(timeframe, openTime) !== openTime) return 'OFF_CLOCK';
  return undefined;
}

/** @returns first instant (UTC ms) after the candle */
export function closeTime(candle: Pick<Candle, 'timeframe' | 'openTime'>): number {
  return closeTimeOf(candle.timeframe, candle.openTime);
}

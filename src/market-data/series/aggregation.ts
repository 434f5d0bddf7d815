import type { CandleColumns } from '../../domain/candle.js';
import { durationOf, openTimeAt, type Timeframe } from '../../domain/timeframe.js';
import { columnsOf, readRow, type Ohlcv } from './columns.js';
import type { Series } from './series.js';

/** @returns what a timeframe is summed from: a day of hours, all else of minutes (a ring holds 600 candles, a day 1440 minutes) */
export function baseOf(timeframe: Timeframe): Timeframe {
  return timeframe === '1d' ? '1h' : '1m';
}

/**
 * Sums the candles of one clock interval. Boundaries lie on the UTC clock, never on counts.
 * @param base a shorter timeframe's series
 * @param openTime of the wanted candle, on the clock of `timeframe`
 * @returns the candle, or undefined unless every one of its parts is held
 */
export function aggregate(base: Series, timeframe: Timeframe, openTime: number): Ohlcv | undefined {
  return base.sum(openTime, durationOf(timeframe) / durationOf(base.timeframe));
}

/**
 * Sums a recording into a longer timeframe.
 * @param columns of a shorter timeframe, open times ascending, holes allowed
 * @returns the complete candles only, oldest first: one with a part missing is absent
 */
export function aggregateColumns(columns: CandleColumns, timeframe: Timeframe): CandleColumns {
  const parts = durationOf(timeframe) / durationOf(columns.timeframe);
  const complete: Ohlcv[] = [];
  let candle: Ohlcv | undefined;
  let count = 0;
  for (let i = 0; i < columns.openTime.length; i++) {
    const row = readRow(columns, i);
    const openTime = openTimeAt(timeframe, row.openTime);
    if (candle?.openTime !== openTime) count = 0;
    candle = count === 0 ? { ...row, openTime } : extend(candle!, row);
    if (++count === parts) complete.push(candle);
  }
  return columnsOf(columns.symbol, timeframe, complete);
}

function extend(candle: Ohlcv, next: Ohlcv): Ohlcv {
  return {
    openTime: candle.openTime,
    open: candle.open,
    high: Math.max(candle.high, next.high),
    low: Math.min(candle.low, next.low),
    close: next.close,
    volume: candle.volume + next.volume,
  };
}

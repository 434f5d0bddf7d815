import { faultOf, type Candle, type CandleColumns, type CandleFault } from '../../domain/candle.js';
import type { Pair } from '../../domain/pair.js';
import { durationOf, type Timeframe } from '../../domain/timeframe.js';

/** The numbers of a candle without its origin. Prices in quote per base, volume in base. */
export type Ohlcv = Pick<Candle, 'openTime' | 'open' | 'high' | 'low' | 'close' | 'volume'>;

/** @returns columns of `length` zeros, to be written */
export function emptyColumns(symbol: Pair, timeframe: Timeframe, length: number): CandleColumns {
  const column = () => new Float64Array(length);
  return {
    symbol,
    timeframe,
    openTime: column(),
    open: column(),
    high: column(),
    low: column(),
    close: column(),
    volume: column(),
  };
}

export function columnsOf(symbol: Pair, timeframe: Timeframe, rows: readonly Ohlcv[]): CandleColumns {
  const columns = emptyColumns(symbol, timeframe, rows.length);
  rows.forEach((row, i) => writeRow(columns, i, row));
  return columns;
}

export function writeRow(columns: CandleColumns, i: number, row: Ohlcv): void {
  columns.openTime[i] = row.openTime;
  columns.open[i] = row.open;
  columns.high[i] = row.high;
  columns.low[i] = row.low;
  columns.close[i] = row.close;
  columns.volume[i] = row.volume;
}

export function readRow(columns: CandleColumns, i: number): Ohlcv {
  return {
    openTime: columns.openTime[i]!,
    open: columns.open[i]!,
    high: columns.high[i]!,
    low: columns.low[i]!,
    close: columns.close[i]!,
    volume: columns.volume[i]!,
  };
}

/** @returns rows [from, to) as views on the same memory */
export function sliceColumns(columns: CandleColumns, from: number, to: number): CandleColumns {
  const { symbol, timeframe } = columns;
  return {
    symbol,
    timeframe,
    openTime: columns.openTime.subarray(from, to),
    open: columns.open.subarray(from, to),
    high: columns.high.subarray(from, to),
    low: columns.low.subarray(from, to),
    close: columns.close.subarray(from, to),
    volume: columns.volume.subarray(from, to),
  };
}

/** The same candle told twice: prices equal; volume within rounding of a sum of eight-decimal parts. */
export function sameCandle(a: Ohlcv, b: Ohlcv): boolean {
  const pricesEqual = a.open === b.open && a.high === b.high && a.low === b.low && a.close === b.close;
  return pricesEqual && Math.abs(a.volume - b.volume) <= 1e-9 * Math.max(Math.abs(a.volume), Math.abs(b.volume));
}

/**
 * The door for history. Impossible candles are refused; of the rest, the newest unbroken stretch is kept: a series is
 * consecutive, and a candle that the exchange does not have cannot be made up. Refused newest rows only shorten it: they
 * are asked for again once a newer candle shows that they are missing.
 * @param columns as fetched, open times ascending
 */
export function admit(columns: CandleColumns): { columns: CandleColumns; refused: readonly CandleFault[] } {
  const { symbol, timeframe, openTime } = columns;
  const faults = Array.from(openTime, (_, i) => faultOf({ symbol, timeframe, ...readRow(columns, i) }));
  const end = faults.lastIndexOf(undefined) + 1;
  let start = end;
  const extendsBack = (i: number) => start === end || openTime[i]! + durationOf(timeframe) === openTime[start]!;
  while (start > 0 && faults[start - 1] === undefined && extendsBack(start - 1)) start--;
  return { columns: sliceColumns(columns, start, end), refused: faults.filter((fault) => fault !== undefined) };
}

/**
 * The door for minutes that no series keeps: holes in them may stay.
 * @param until open time, UTC ms: candles from it on are left out
 */
export function admitPast(
  columns: CandleColumns,
  until: number,
): { columns: CandleColumns; refused: readonly CandleFault[] } {
  const { symbol, timeframe } = columns;
  const rows: Ohlcv[] = [];
  const refused: CandleFault[] = [];
  for (let i = 0; i < columns.openTime.length && columns.openTime[i]! < until; i++) {
    const row = readRow(columns, i);
    const fault = faultOf({ symbol, timeframe, ...row });
    if (fault) refused.push(fault);
    else rows.push(row);
  }
  return { columns: columnsOf(symbol, timeframe, rows), refused };
}

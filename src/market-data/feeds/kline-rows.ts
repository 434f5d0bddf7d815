import type { CandleColumns } from '../../domain/candle.js';
import type { Pair } from '../../domain/pair.js';
import { durationOf, type Timeframe } from '../../domain/timeframe.js';
import { emptyColumns } from '../series/columns.js';
import { decimal } from './kline-frame.js';

/**
 * Reads the answer of `GET /api/v3/klines`: rows `[open time, open, high, low, close, volume, close time, …]`, prices as
 * decimal strings. The exchange sends the still-forming last candle unmarked; it is dropped by time.
 * @param closedBy exchange time, UTC ms: a candle that closes later is still forming
 * @returns columns oldest first, or what is wrong with the answer
 */
export function readKlines(
  raw: unknown,
  symbol: Pair,
  timeframe: Timeframe,
  closedBy: number,
): CandleColumns | { readonly fault: string } {
  if (!Array.isArray(raw)) return { fault: 'the answer is not a list' };
  const duration = durationOf(timeframe);
  const closed = raw.filter(
    (row: unknown) => !Array.isArray(row) || !(Number(row[0]) + duration > closedBy),
  ) as unknown[];
  const columns = emptyColumns(symbol, timeframe, closed.length);
  const { openTime, open, high, low, close, volume } = columns;
  for (let i = 0; i < closed.length; i++) {
    const row = closed[i];
    if (!Array.isArray(row) || row.length < 6) return { fault: `row ${i} is not a kline` };
    openTime[i] = Number.isSafeInteger(row[0]) ? (row[0] as number) : NaN;
    open[i] = decimal(row[1]);
    high[i] = decimal(row[2]);
    low[i] = decimal(row[3]);
    close[i] = decimal(row[4]);
    volume[i] = decimal(row[5]);
    if (Number.isNaN(openTime[i]! + open[i]! + high[i]! + low[i]! + close[i]! + volume[i]!)) {
      return { fault: `row ${i} holds a field that is no number` };
    }
    if (i > 0 && openTime[i]! <= openTime[i - 1]!) return { fault: `row ${i} is out of order` };
  }
  return columns;
}

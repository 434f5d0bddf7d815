import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { CandleColumns } from '../../src/domain/candle.js';
import type { Pair } from '../../src/domain/pair.js';

/**
 * Reads recorded 1m candles (`timestamp_ms,open,high,low,close,volume`, gzip).
 * @param from,to open times, UTC ms; `to` is exclusive
 */
export function recordedMinutes(file: string, symbol: Pair, from: number, to: number): CandleColumns {
  const rows = gunzipSync(readFileSync(file))
    .toString()
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',').map(Number))
    .filter(([openTime]) => openTime! >= from && openTime! < to);
  const column = (index: number) => Float64Array.from(rows, (row) => row[index]!);
  return {
    symbol,
    timeframe: '1m',
    openTime: column(0),
    open: column(1),
    high: column(2),
    low: column(3),
    close: column(4),
    volume: column(5),
  };
}

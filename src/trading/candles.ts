import type { Candle, CandleColumns } from '../domain/candle.js';

/** @returns the candles of a history that open at or after `from` (UTC ms), oldest first */
export function candlesFrom(
  { symbol, timeframe, openTime, open, high, low, close, volume }: CandleColumns,
  from: number,
): Candle[] {
  const candles: Candle[] = [];
  for (let i = 0; i < openTime.length; i += 1) {
    if (openTime[i]! < from) continue;
    candles.push({
      symbol,
      timeframe,
      openTime: openTime[i]!,
      open: open[i]!,
      high: high[i]!,
      low: low[i]!,
      close: close[i]!,
      volume: volume[i]!,
      source: 'rest',
      receivedAt: 0, // history: when it arrived says nothing about the market
    });
  }
  return candles;
}

import type { Candle, CandleColumns } from '../src/domain/candle.js';

/** How candles reach a peer: float64 [candles, 5], open, high, low, close, volume. */
export function bytesOf(candles: readonly Candle[]): Buffer {
  const rows = candles.map(({ open, high, low, close, volume }) => [open, high, low, close, volume]);
  return Buffer.from(Float64Array.from(rows.flat()).buffer);
}

/** The same of one symbol's history. */
export function bytesOfColumns({ open, high, low, close, volume }: CandleColumns): Buffer {
  const rows = Array.from(open, (_, i) => [open[i]!, high[i]!, low[i]!, close[i]!, volume[i]!]);
  return Buffer.from(Float64Array.from(rows.flat()).buffer);
}

import type { CandleColumns } from '../../domain/candle.js';
import { durationOf, openTimeAt, type Timeframe } from '../../domain/timeframe.js';
import type { FeatureStore } from './feature-store.js';

export type Walk = CandleColumns;

/** 2024-01-01T00:00Z */
const START = 1_704_067_200_000;

/**
 * A seeded random walk with quiet and wild stretches, unmoved candles and candles without volume: what features are
 * tested and timed on.
 * @param skipped candles between the walk's fixed start and its first candle
 */
export function randomWalk(seed: number, length: number, timeframe: Timeframe, skipped = 0): Walk {
  const next = generator(seed);
  const column = () => new Float64Array(length);
  const [openTime, open, high, low, close, volume] = [column(), column(), column(), column(), column(), column()];
  const duration = durationOf(timeframe);
  let price = 10 ** (next() * 8 - 3);
  let wildness = 0.002;
  for (let i = 0; i < length; i++) {
    if (next() < 0.02) wildness = 10 ** (-4 + 2 * next());
    const still = next() < 0.03;
    const move = () => (still ? 1 : Math.exp(wildness * (next() + next() + next() - 1.5)));
    openTime[i] = openTimeAt(timeframe, START) + (skipped + i) * duration;
    open[i] = price * (next() < 0.8 ? 1 : move());
    close[i] = open[i] * move();
    high[i] = Math.max(open[i], close[i]) * (still ? 1 : 1 + wildness * next() * 0.5);
    low[i] = Math.min(open[i], close[i]) * (still ? 1 : 1 - wildness * next() * 0.5);
    volume[i] = still ? 0 : 1000 * next() ** 3;
    price = close[i];
  }
  return { symbol: 'BTC/USDT', timeframe, openTime, open, high, low, close, volume };
}

/** Hands candle `i` of the walk to the store. */
export function absorbAt(store: FeatureStore, series: number, walk: Walk, i: number): void {
  const { openTime, open, high, low, close, volume } = walk;
  store.absorb(series, openTime[i], durationOf(walk.timeframe), open[i], high[i], low[i], close[i], volume[i]);
}

/** mulberry32: uniform in [0, 1). */
function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

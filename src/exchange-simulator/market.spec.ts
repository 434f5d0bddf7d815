import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TIMEFRAMES, durationOf } from '../domain/timeframe.js';
import type { DayCandles } from './day-candles.js';
import { LISTINGS } from './listings.js';
import { dayOf, GENESIS, Market } from './market.js';

const DAY = 86_400_000;
const MINUTE = 60_000;
const MONTH = Array.from({ length: 30 }, (_, i) => 400 + i);

function hashOf(day: DayCandles): string {
  const hash = createHash('sha256');
  for (const column of [day.open, day.high, day.low, day.close, day.volume, day.quote, day.tradesBefore]) {
    hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  }
  return hash.digest('hex');
}

function returnsOf(market: Market, symbol: number, days: readonly number[]): number[] {
  return days.flatMap((day) => {
    const { open, close } = market.minutes(symbol, day);
    return Array.from(close, (ticks, i) => Math.log(ticks / open[i]));
  });
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (series: readonly number[]) => series.reduce((sum, value) => sum + value, 0) / series.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const covariance = (x: readonly number[], mx: number, y: readonly number[], my: number) =>
    x.reduce((sum, value, i) => sum + (value - mx) * (y[i] - my), 0);
  return covariance(a, meanA, b, meanB) / Math.sqrt(covariance(a, meanA, a, meanA) * covariance(b, meanB, b, meanB));
}

const anySymbol = fc.integer({ min: 0, max: LISTINGS.length - 1 });
const anyDay = fc.integer({ min: 0, max: 1200 });

describe('the listings', () => {
  it('are at least 50 pairs, each once, whose grids and volatilities fit together', () => {
    expect(new Set(LISTINGS.map(({ symbol }) => symbol)).size).toBe(LISTINGS.length);
    expect(LISTINGS.length).toBeGreaterThanOrEqual(50);
    for (const { symbol, price, priceDecimals, stepDecimals, volatility, beta, gamma } of LISTINGS) {
      expect(priceDecimals + stepDecimals, symbol).toBeLessThanOrEqual(8);
      expect(price * 10 ** priceDecimals, symbol).toBeGreaterThan(500);
      expect(volatility ** 2, symbol).toBeGreaterThan((0.45 * beta) ** 2 + (0.35 * gamma) ** 2);
    }
  });
});

describe('one seed, one market', () => {
  it('gives the same day to every market of the same seed, to this very hash', () => {
    expect(hashOf(new Market(42).minutes(0, 700))).toBe(hashOf(new Market(42).minutes(0, 700)));
    expect(hashOf(new Market(42).minutes(0, 700)).slice(0, 16)).toBe('b7e609206c58ebde');
  });

  it('gives another day to another seed, symbol or date', () => {
    const market = new Market(42);
    const days = [
      market.minutes(0, 700),
      market.minutes(0, 701),
      market.minutes(1, 700),
      new Market(43).minutes(0, 700),
    ];
    expect(new Set(days.map(hashOf)).size).toBe(4);
  });

  it('does not depend on what was asked before: random access equals sequential', () => {
    const sequential = new Market(7);
    const expected = Array.from({ length: 260 }, (_, day) => hashOf(sequential.minutes(5, day)));
    const random = new Market(7);
    for (const day of [259, 0, 130, 131, 17, 258]) {
      random.quarters((day % 7) + 1, day);
      expect(hashOf(random.minutes(5, day))).toBe(expected[day]);
    }
  });
});

describe('every candle', () => {
  it('is possible: high and low enclose open and close, prices are positive, it opens where the last one closed', () => {
    const market = new Market(42);
    fc.assert(
      fc.property(anySymbol, anyDay, (symbol, day) => {
        const before = day === 0 ? undefined : market.minutes(symbol, day - 1).close[1439];
        const { open, high, low, close, volume, quote, takerVolume } = market.minutes(symbol, day);
        for (let i = 0; i < 1440; i++) {
          const possible =
            low[i] > 0 &&
            low[i] <= Math.min(open[i], close[i]) &&
            high[i] >= Math.max(open[i], close[i]) &&
            (i === 0 ? before === undefined || open[0] === before : open[i] === close[i - 1]) &&
            volume[i] >= 1 &&
            Number.isSafeInteger(volume[i]) &&
            Number.isSafeInteger(quote[i]) &&
            takerVolume[i] <= volume[i];
          if (!possible) return false;
        }
        return true;
      }),
      { numRuns: 60 },
    );
  });

  it('of a higher timeframe is the exact aggregate of its minutes', () => {
    const market = new Market(42);
    fc.assert(
      fc.property(anySymbol, anyDay, fc.constantFrom(...TIMEFRAMES), fc.nat(1439), (symbol, day, timeframe, minute) => {
        const length = durationOf(timeframe) / MINUTE;
        const from = Math.floor(minute / length) * length;
        const { open, high, low, close, volume, tradesBefore } = market.minutes(symbol, day);
        const candle = market.candle(symbol, timeframe, GENESIS + day * DAY + from * MINUTE, Infinity);
        expect(candle).toMatchObject({
          open: open[from],
          close: close[from + length - 1],
          high: Math.max(...high.subarray(from, from + length)),
          low: Math.min(...low.subarray(from, from + length)),
          volume: volume.subarray(from, from + length).reduce((sum, value) => sum + value, 0),
          trades: tradesBefore[from + length] - tradesBefore[from],
        });
      }),
      { numRuns: 100 },
    );
  });

  it('that still forms shows only the past, and lies within what it becomes', () => {
    const market = new Market(42);
    const anyTime = fc.integer({ min: GENESIS, max: GENESIS + 1000 * DAY });
    fc.assert(
      fc.property(anySymbol, anyTime, fc.constantFrom(...TIMEFRAMES), (symbol, now, timeframe) => {
        const openTime = now - ((now - GENESIS) % durationOf(timeframe));
        const forming = market.candle(symbol, timeframe, openTime, now);
        const closed = market.candle(symbol, timeframe, openTime, openTime + durationOf(timeframe));
        expect(forming.open).toBe(closed.open);
        expect(forming.close).toBe(market.price(symbol, now));
        expect(forming.high).toBeGreaterThanOrEqual(Math.max(forming.open, forming.close));
        expect(forming.low).toBeLessThanOrEqual(Math.min(forming.open, forming.close));
        expect(forming.high).toBeLessThanOrEqual(closed.high);
        expect(forming.low).toBeGreaterThanOrEqual(closed.low);
        expect(forming.volume).toBeLessThanOrEqual(closed.volume);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the market moves like one', () => {
  const market = new Market(42);
  const bitcoin = returnsOf(market, 0, MONTH);

  it('volatility comes in clusters: the size of a move tells of the next, and of the one an hour on', () => {
    const sizes = bitcoin.map(Math.abs);
    expect(correlation(sizes.slice(1), sizes.slice(0, -1))).toBeGreaterThan(0.1);
    expect(correlation(sizes.slice(60), sizes.slice(0, -60))).toBeGreaterThan(0.02);
  });

  it('the direction of a move does not tell of the next', () => {
    expect(Math.abs(correlation(bitcoin.slice(1), bitcoin.slice(0, -1)))).toBeLessThan(0.05);
  });

  it.each(LISTINGS.map(({ symbol }, index) => [symbol, index] as const).slice(1))(
    '%s moves with BTCUSDT',
    (_, index) => {
      expect(
        correlation(returnsOf(market, index, MONTH.slice(0, 2)), returnsOf(market, 0, MONTH.slice(0, 2))),
      ).toBeGreaterThan(0.1);
    },
  );

  it('volume grows with the size of the move', () => {
    const { open, close, volume } = market.minutes(0, 400);
    const sizes = Array.from(close, (ticks, i) => Math.abs(Math.log(ticks / open[i])));
    expect(correlation(sizes, [...volume])).toBeGreaterThan(0.3);
  });

  it.each([
    ['BTCUSDT', 0, 0.35, 0.7],
    ['SOLUSDT', 3, 0.6, 1.2],
  ])('%s has about the annual volatility that it is listed with', (_, index, low, high) => {
    const daily = Array.from({ length: 900 }, (_, day) => {
      const candle = market.quarters(index, day).fold(0, 96);
      return Math.log(candle.close / candle.open);
    });
    const variance = daily.reduce((sum, value) => sum + value * value, 0) / daily.length;
    expect(Math.sqrt(variance * 365)).toBeGreaterThan(low);
    expect(Math.sqrt(variance * 365)).toBeLessThan(high);
  });
});

it('counts days from the first instant of 2024', () => {
  expect(dayOf(GENESIS)).toBe(0);
  expect(dayOf(GENESIS + DAY - 1)).toBe(0);
  expect(dayOf(GENESIS + DAY)).toBe(1);
});

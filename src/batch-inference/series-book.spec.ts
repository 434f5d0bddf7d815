import { describe, expect, it } from 'vitest';
import type { Candle, CandleColumns } from '../domain/candle.js';
import type { Pair } from '../domain/pair.js';
import { WARM_UP } from './features/feature-table.js';
import { Intake } from './intake.js';
import { SeriesBook } from './series-book.js';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 5);

function history(symbol: Pair, length: number): CandleColumns {
  const column = (value: (i: number) => number) => Float64Array.from({ length }, (_, i) => value(i));
  const close = column((i) => 100 + Math.sin(i / 7) + 0.1 * Math.sin(i * 12.9898));
  return {
    symbol,
    timeframe: '1m',
    openTime: column((i) => START + i * MINUTE),
    open: close,
    high: close.map((price) => price + 0.2),
    low: close.map((price) => price - 0.2),
    close,
    volume: column((i) => 10 + (i % 7)),
  };
}
const candle = (symbol: Pair, minute: number): Candle => ({
  symbol,
  timeframe: '1m',
  openTime: START + minute * MINUTE,
  ...{ open: 100, high: 101, low: 99, close: 100.5, volume: 12 },
  source: 'stream',
  receivedAt: 0,
});
const at = (minute: number) => START + minute * MINUTE;

function filled(): { book: SeriesBook; intake: Intake } {
  const book = new SeriesBook();
  const intake = new Intake(book);
  intake.push({ columns: history('A/USDT', 20) });
  while (!intake.empty) intake.take(7);
  return { book, intake };
}

describe('a series in the book', () => {
  it.each([
    ['answers for the interval of its newest candle', 'A/USDT', 19, undefined],
    ['has not got the candle yet', 'A/USDT', 20, 'CANDLE_MISSING'],
    ['is already past the interval', 'A/USDT', 18, 'CANDLE_LATE'],
    ['never had a candle', 'B/USDT', 19, 'CANDLE_MISSING'],
  ] as const)('%s', (_, symbol, minute, reason) => {
    expect(filled().book.absence(symbol, '1m', at(minute))).toBe(reason);
  });

  it('abstains from a gap on, until its history comes again', () => {
    const { book, intake } = filled();
    intake.push({ candles: [candle('A/USDT', 22), candle('A/USDT', 23)] });
    intake.take(10);
    expect(book.absence('A/USDT', '1m', at(23))).toBe('GAP');
    intake.push({ columns: history('A/USDT', 24) });
    intake.take(100);
    expect(book.absence('A/USDT', '1m', at(23))).toBeUndefined();
  });

  it('takes a candle that comes again for what it is', () => {
    const { book, intake } = filled();
    intake.push({ candles: [candle('A/USDT', 19), candle('A/USDT', 3), candle('A/USDT', 20)] });
    intake.take(10);
    expect(book.absence('A/USDT', '1m', at(20))).toBeUndefined();
    expect(book.close(book.find('A/USDT', '1m')!)).toBe(100.5);
  });

  it('keeps hundreds of series apart, page after page', () => {
    const book = new SeriesBook();
    const intake = new Intake(book);
    const pairs = Array.from({ length: 150 }, (_, i): Pair => `S${i}/USDT`);
    intake.push({ candles: pairs.map((pair, i) => ({ ...candle(pair, 1), close: 99.5 + i / 1000 })) });
    expect(intake.take(1000)).toBe(150);
    expect(book.count).toBe(150);
    pairs.forEach((pair, i) => expect(book.close(book.find(pair, '1m')!)).toBe(99.5 + i / 1000));
  });

  it('has the same rows whether its history came in slices or at once', () => {
    const columns = new Int32Array([0, 1, 2, 3]);
    const rowsAfter = (slice: number) => {
      const book = new SeriesBook();
      const intake = new Intake(book);
      intake.push({ columns: history('A/USDT', WARM_UP + 40) });
      while (!intake.empty) intake.take(slice);
      const into = new Float32Array(4 * 32);
      expect(book.copy(0, columns, 32, into, 0)).toBe(true);
      return into;
    };
    expect(rowsAfter(3)).toEqual(rowsAfter(10_000));
  });

  it('has no row and no window before it is warm', () => {
    const { book } = filled();
    expect(book.copy(0, new Int32Array([0]), 1, new Float32Array(1), 0)).toBe(false);
    expect(book.copy(0, new Int32Array([0]), 8, new Float32Array(8), 0)).toBe(false);
  });
});

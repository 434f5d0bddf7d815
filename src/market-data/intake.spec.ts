import { describe, expect, it } from 'vitest';
import type { Candle } from '../domain/candle.js';
import type { Pair } from '../domain/pair.js';
import type { Timeframe } from '../domain/timeframe.js';
import { Completion } from './completion.js';
import type { KlineUpdate } from './feeds/kline-update.js';
import { Intake, type Step } from './intake.js';
import { noCounters } from './market-data-status.js';
import { CandleBook } from './series/candle-book.js';
import { columnsOf, type Ohlcv } from './series/columns.js';

const M = 60_000;
/** A quarter of an hour; minute 0 of every test. */
const START = Date.UTC(2026, 0, 1, 12);
const BTC: Pair = 'BTC/USDT';
const ETH: Pair = 'ETH/USDT';
const TIMEFRAMES: readonly Timeframe[] = ['1m', '5m'];

const ohlcv = (minute: number, close = 100 + minute): Ohlcv => ({
  openTime: START + minute * M,
  open: 100,
  high: 200,
  low: 50,
  close,
  volume: 1,
});

/** Warmed up to minute 0: the next candle of each series opens then. */
function market() {
  const counters = noCounters();
  const book = new CandleBook([BTC, ETH], TIMEFRAMES);
  const intake = new Intake(book, new Completion(2, 750), TIMEFRAMES, counters);
  for (const symbol of [BTC, ETH]) {
    book.patch(
      columnsOf(
        symbol,
        '1m',
        [-3, -2, -1].map((minute) => ohlcv(minute)),
      ),
    );
    book.patch(columnsOf(symbol, '5m', [{ ...ohlcv(-5) }]));
  }
  intake.begin(START);
  const candle = (symbol: Pair, minute: number, changes: Partial<KlineUpdate> = {}) =>
    intake.note(
      { symbol, ...ohlcv(minute), closed: true, eventTime: START + (minute + 1) * M, receivedAt: 1, ...changes },
      START + 1000 * M,
    );
  const forming = (symbol: Pair, minute: number, offset: number) =>
    candle(symbol, minute, { closed: false, eventTime: START + minute * M + offset });
  const steps = () => intake.steps((time) => time, 2).map(told);
  return { book, intake, counters, candle, forming, steps };
}

const minuteOf = (openTime: number) => (openTime - START) / M;
const name = (candle: Pick<Candle, 'symbol' | 'timeframe' | 'openTime'>) =>
  `${candle.symbol.slice(0, 3)} ${candle.timeframe} ${minuteOf(candle.openTime)}`;

function told(step: Step): string {
  if (step.kind === 'gap') return `gap ${step.symbol.slice(0, 3)}`;
  if (step.kind !== 'interval') return `${step.kind} ${step.candles.map(name).join(', ')}`;
  const { timeframe, openTime, absent } = step.interval;
  const reasons = [...absent].map(([symbol, reason]) => ` ${symbol.slice(0, 3)} ${reason}`).join('');
  return `interval ${timeframe} ${minuteOf(openTime)}${reasons}`;
}

describe('from frames to closed intervals', () => {
  it('candles of a minute go together, and before the interval that contains them', () => {
    const { candle, steps } = market();
    candle(ETH, 0);
    candle(BTC, 0);
    expect(steps()).toEqual(['candles ETH 1m 0, BTC 1m 0', 'interval 1m 0']);
    expect(steps()).toEqual([]);
  });

  it('at a shared boundary the longer candle is there and the longer interval goes first', () => {
    const { candle, steps } = market();
    for (const minute of [0, 1, 2, 3]) for (const symbol of [BTC, ETH]) candle(symbol, minute);
    steps();
    candle(BTC, 4);
    candle(ETH, 4);
    expect(steps()).toEqual(['candles BTC 1m 4, ETH 1m 4, BTC 5m 0, ETH 5m 0', 'interval 5m 0', 'interval 1m 4']);
  });

  it('a backlog read in one turn is told minute by minute', () => {
    const { candle, steps } = market();
    candle(BTC, 0);
    candle(BTC, 1);
    candle(ETH, 0);
    candle(ETH, 1);
    expect(steps()).toEqual([
      'candles BTC 1m 0, ETH 1m 0',
      'interval 1m 0',
      'candles BTC 1m 1, ETH 1m 1',
      'interval 1m 1',
    ]);
  });

  it('a symbol without its candle abstains when the exchange is past the grace; its candle is then late, and kept', () => {
    const { book, candle, forming, steps, counters } = market();
    candle(BTC, 0);
    forming(BTC, 1, 749);
    expect(steps()).toEqual(['candles BTC 1m 0']);
    forming(BTC, 1, 750);
    expect(steps()).toEqual(['interval 1m 0 ETH CANDLE_MISSING']);
    candle(ETH, 0);
    expect(steps()).toEqual(['candles ETH 1m 0']);
    expect(counters.late).toBe(1);
    expect(book.state(ETH, '1m')).toBe('ok');
  });

  it('a forming frame of the next minute closes no candle', () => {
    const { book, forming, steps } = market();
    forming(BTC, 1, 100);
    expect(steps()).toEqual([]);
    expect(book.series(BTC, '1m').lastOpenTime).toBe(START - M);
  });

  it('the job speaks where the exchange is silent', () => {
    const { intake, steps } = market();
    intake.expire(START + M);
    expect(steps()).toEqual(['interval 1m 0 BTC CANDLE_MISSING ETH CANDLE_MISSING']);
  });
});

describe('a gap', () => {
  it('holds the candle back, abstains as GAP, and tells all in order once history came', () => {
    const { book, candle, steps, counters } = market();
    for (const symbol of [BTC, ETH]) candle(symbol, 0);
    steps();
    candle(BTC, 1);
    candle(BTC, 2);
    candle(ETH, 2);
    expect(steps()).toEqual([
      'candles BTC 1m 1',
      'interval 1m 1 ETH CANDLE_MISSING',
      'gap ETH',
      'candles BTC 1m 2',
      'interval 1m 2 ETH GAP',
    ]);
    expect([counters.gaps, book.state(ETH, '1m')]).toEqual([1, 'gap']);
    expect(book.need(ETH, '1m', START + 3 * M)).toEqual({ limit: 3, from: START + M });
    const { changed, released } = book.patch(columnsOf(ETH, '1m', [ohlcv(1)]));
    expect([changed, released.map(name), book.state(ETH, '1m')]).toEqual([true, ['ETH 1m 2'], 'ok']);
    expect(Array.from(book.series(ETH, '1m').columns().openTime, minuteOf)).toEqual([-3, -2, -1, 0, 1, 2]);
  });

  it('that the exchange itself has starts the series again behind it', () => {
    const { book, candle, steps } = market();
    candle(BTC, 5);
    steps();
    book.patch(columnsOf(BTC, '1m', [ohlcv(4), ohlcv(5)]));
    expect(Array.from(book.series(BTC, '1m').columns().openTime, minuteOf)).toEqual([4, 5]);
    expect(book.state(BTC, '1m')).toBe('ok');
  });

  it('a longer candle with a minute missing is not made up: its interval abstains and it is asked for', () => {
    const { book, candle, steps } = market();
    candle(BTC, 0);
    book.patch(columnsOf(BTC, '1m', [ohlcv(3)]));
    candle(BTC, 4);
    candle(ETH, 4);
    const told = steps();
    expect(told).toContain('gap BTC');
    expect(told).toContain('interval 5m 0 BTC GAP ETH GAP');
    expect(book.state(BTC, '5m')).toBe('gap');
  });

  it('a candle told before its series is warm waits for the history', () => {
    const counters = noCounters();
    const book = new CandleBook([BTC], ['1m']);
    const intake = new Intake(book, new Completion(1, 750), ['1m'], counters);
    intake.note({ symbol: BTC, ...ohlcv(0), closed: true, eventTime: START + M, receivedAt: 1 }, Infinity);
    expect(intake.steps((time) => time, 2)).toEqual([]);
    expect([counters.gaps, book.state(BTC, '1m')]).toEqual([0, 'warming']);
    book.patch(columnsOf(BTC, '1m', [ohlcv(-2), ohlcv(-1)]));
    expect(Array.from(book.series(BTC, '1m').columns().openTime, minuteOf)).toEqual([-2, -1, 0]);
  });
});

describe('at the door', () => {
  it.each<[string, Partial<KlineUpdate>, string]>([
    ['a high below the close', { high: 60 }, 'HIGH_LOW_CROSSED'],
    ['a price of zero', { low: 0 }, 'PRICE_NOT_POSITIVE'],
    ['a negative volume', { volume: -1 }, 'VOLUME_NEGATIVE'],
    ['an open time off the clock', { openTime: START + 1 }, 'OFF_CLOCK'],
    ['a candle of next year', { openTime: START + 1_000_000 * M }, 'FROM_THE_FUTURE'],
  ])('%s is refused and counted', (_, changes, reason) => {
    const { candle, steps, counters } = market();
    candle(BTC, 0, changes);
    expect(steps()).toEqual([]);
    expect(counters.refusedByReason).toEqual({ [reason]: 1 });
  });

  it('a candle told again changes nothing; with other numbers it replaces, and so do the longer ones', () => {
    const { book, candle, steps, counters } = market();
    for (const minute of [0, 1, 2, 3, 4]) for (const symbol of [BTC, ETH]) candle(symbol, minute);
    steps();
    candle(BTC, 3);
    expect(steps()).toEqual([]);
    candle(BTC, 3, { high: 999 });
    expect(steps()).toEqual(['corrected BTC 1m 3, BTC 5m 0']);
    expect(book.series(BTC, '5m').at(START)?.high).toBe(999);
    expect([counters.duplicates, counters.corrections]).toEqual([1, 1]);
  });

  it('a stamp from the future moves nothing', () => {
    const { intake, steps } = market();
    intake.note(
      { symbol: BTC, ...ohlcv(500), closed: false, eventTime: START + 501 * M, receivedAt: 1 },
      START + 2 * M,
    );
    expect(steps()).toEqual([]);
  });
});

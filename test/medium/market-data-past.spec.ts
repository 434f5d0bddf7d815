import { SchedulerRegistry } from '@nestjs/schedule';
import { describe, expect, it } from 'vitest';
import type { CandleColumns } from '../../src/domain/candle.js';
import type { Pair } from '../../src/domain/pair.js';
import { Backfill } from '../../src/market-data/backfill.service.js';
import { ClockJob } from '../../src/market-data/clock.job.js';
import { ReplayClock } from '../../src/market-data/feeds/replay.clock.js';
import { ReplayFeed } from '../../src/market-data/feeds/replay.feed.js';
import { IntervalJob } from '../../src/market-data/interval.job.js';
import { MarketDataService } from '../../src/market-data/market-data.service.js';
import { CandleBook } from '../../src/market-data/series/candle-book.js';
import { CandleRepository } from '../../src/market-data/storage/candle.repository.js';
import { CandleWriter } from '../../src/market-data/storage/candle-writer.service.js';
import { schema } from '../../src/platform/config/schema.js';
import { Settings } from '../../src/platform/config/settings.js';
import { eachOnAFreshDatabase, fresh, open, rows, start, withPosition } from '../builders/trading-process.js';
import { BTC, candleAt, columnsOf, ETH, flatAt, instrumentOf, MINUTE, signalAt, T0 } from '../builders/trading.js';

eachOnAFreshDatabase();

/** A day and a half of minutes at 100; in minute 300 a long of BTC meets its stop at 98, and the price comes back. */
const MINUTES = 2160;
const minutes = (symbol: Pair): CandleColumns =>
  columnsOf(
    Array.from({ length: MINUTES }, (_, i) =>
      symbol === BTC && i === 300 ? candleAt(i, [100, 100, 97, 100]) : flatAt(i, 100, symbol),
    ),
  );

/** Market data on a recording that stands at its last minute: a start after an outage. */
function marketData(symbols: readonly Pair[]) {
  const settings = new Settings(schema.parse({ SYMBOLS: ETH, TIMEFRAMES: '1m,1h' }), {
    databaseUrl: '',
    exchange: { restUrl: '', wsUrl: '', speed: 1 },
    home: '',
    modelsDir: '',
    version: '0',
    startedAt: 0,
  });
  const clock = new ReplayClock();
  const instruments = symbols.map((symbol) => instrumentOf(symbol));
  const feed = new ReplayFeed({ columns: symbols.map(minutes), instruments, warmUp: MINUTES }, clock);
  const candles = new CandleRepository(fresh.database);
  const interval = new IntervalJob(new SchedulerRegistry(), clock, settings);
  const writer = new CandleWriter(candles, settings);
  return new MarketDataService(settings, clock, feed, candles, writer, interval, new ClockJob(feed, clock));
}

/** Both as pipeline.ts joins them: a process that starts again after an outage. */
async function startAgain(symbols: readonly Pair[] = [BTC, ETH]) {
  const trading = await start();
  const market = marketData(symbols);
  const past: CandleColumns[] = [];
  market.instruments.to((instruments) => trading.service.list(instruments));
  market.past.tap((columns) => void past.push(columns), String);
  market.past.to((columns) => trading.service.catchUp(columns));
  market.history.to((columns) => trading.service.catchUp(columns));
  trading.clock.time = T0 + MINUTES * MINUTE;
  await market.start(() => trading.service.openSince());
  await market.settled();
  await market.stop();
  return { trading, past };
}

describe('a start after an outage that was longer than the history of a series', () => {
  it('a stop that was hit meanwhile has closed its position, in its minute and at its price', async () => {
    const before = await start();
    await withPosition(before);
    await before.service.stop();
    const { past } = await startAgain();
    expect(past.map(({ symbol, openTime }) => [symbol, openTime[0]! - T0, openTime.length])).toEqual([
      [BTC, MINUTE, 1000],
      [BTC, 1001 * MINUTE, MINUTES - 500 - 1001],
    ]);
    const found = await rows();
    expect(found['positions']).toMatchObject([
      { symbol: BTC, closed_by: 'stop_loss', closed_at: new Date(T0 + 301 * MINUTE - 1) },
    ]);
    expect(found['fills']).toMatchObject([{ side: 'buy' }, { price: '98.00000000' }]);
  });

  it('an entry that rested fills at the minute after it, and is stopped where it would have been', async () => {
    const before = await start();
    await before.service.mark([flatAt(0, 100)]);
    await before.service.execute([signalAt(0)]);
    await before.service.stop();
    await startAgain();
    expect((await rows())['fills']).toMatchObject([
      { filled_at: new Date(T0 + MINUTE) },
      { filled_at: new Date(T0 + 301 * MINUTE - 1) },
    ]);
  });

  it('asks for no past where nothing is open', async () => {
    expect((await startAgain()).past).toEqual([]);
  });
});

describe('an outage within a run', () => {
  it('every minute of it is told before the history, to whom something is open, and to nobody else', async () => {
    const clock = new ReplayClock();
    const recording = { columns: [minutes(BTC), minutes(ETH)], instruments: [], warmUp: 600 };
    const feed = new ReplayFeed(recording, clock);
    const told: [Pair, string, number, number][] = [];
    const note = (what: string) => (columns: CandleColumns) => {
      const { symbol, openTime } = columns;
      told.push([symbol, what, (openTime[0]! - T0) / MINUTE, (openTime.at(-1)! - T0) / MINUTE]);
    };
    const book = new CandleBook([BTC, ETH], ['1m']);
    const backfill = new Backfill(book, feed, clock, {
      openSince: (symbol) => (symbol === BTC ? T0 + 550 * MINUTE : Infinity),
      past: note('past'),
      fetched: note('history'),
      followed: () => undefined,
      changed: () => undefined,
      refused: () => undefined,
      corrected: () => undefined,
    });
    await Promise.all([backfill.fill(BTC), backfill.fill(ETH)]);
    clock.set(T0 + 2000 * MINUTE); // a laptop was closed for a day
    await backfill.fill(BTC);
    await backfill.fill(ETH);
    expect(told).toEqual([
      [BTC, 'history', 100, 599],
      [ETH, 'history', 100, 599],
      [BTC, 'past', 600, 1499],
      [BTC, 'history', 1500, 1999],
      [ETH, 'history', 1500, 1999],
    ]);
  });
});

describe('a symbol that is not traded any more while a position of it is open', () => {
  it('keeps the last price on record over a restart, says since when, and the others trade on', async () => {
    const before = await start();
    await withPosition(before);
    await before.service.stop();
    await fresh.database.query(
      `insert into candles (exchange, symbol, timeframe, open_time, open, high, low, close, volume, source)
       values ('simulator', $1, '1m', to_timestamp($2), 101, 101, 101, 101, 1, 'stream')`,
      [BTC, (T0 + MINUTE) / 1000],
    );
    const { trading } = await startAgain([ETH]);
    const { valuation, stalePrices } = trading.service.status();
    expect(valuation).toMatchObject({ equity: '10020', exposure: '2020' });
    expect(stalePrices).toEqual([{ symbol: BTC, pricedAt: T0 + 2 * MINUTE }]);
    await trading.service.execute([signalAt(MINUTES - 1, { symbol: ETH })]);
    await trading.service.mark([flatAt(MINUTES, 100, ETH)]);
    expect(await open()).toEqual(expect.arrayContaining([{ symbol: BTC }, { symbol: ETH }]));
  });

  it('without any price on record its worth is not known: no entry, and the status names it', async () => {
    const before = await start();
    await withPosition(before);
    await before.service.stop();
    const { trading } = await startAgain([ETH]);
    expect(trading.service.status()).toMatchObject({
      valuation: null,
      stalePrices: [{ symbol: BTC, pricedAt: null }],
    });
    await trading.service.execute([signalAt(MINUTES - 1, { symbol: ETH })]);
    expect((await rows())['signal_refusals']).toMatchObject([{ code: 'NO_EQUITY' }]);
  });
});

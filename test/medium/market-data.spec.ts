import { setTimeout as sleep } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeTime, type Candle, type CandleColumns } from '../../src/domain/candle.js';
import type { Interval } from '../../src/domain/interval.js';
import type { Pair } from '../../src/domain/pair.js';
import { closeTimeOf, durationOf } from '../../src/domain/timeframe.js';
import { startSimulator, type Simulator } from '../../src/exchange-simulator/simulator.service.js';
import { ExchangeFeed } from '../../src/market-data/feeds/exchange.feed.js';
import { MarketFeed } from '../../src/market-data/feeds/market.feed.js';
import type { KlineUpdate } from '../../src/market-data/feeds/kline-update.js';
import { ReplayClock } from '../../src/market-data/feeds/replay.clock.js';
import { ReplayFeed } from '../../src/market-data/feeds/replay.feed.js';
import { MarketDataModule } from '../../src/market-data/market-data.module.js';
import { MarketDataService } from '../../src/market-data/market-data.service.js';
import { CandleBatch } from '../../src/market-data/storage/candle-batch.js';
import { CandleRepository } from '../../src/market-data/storage/candle.repository.js';
import { columnsOf } from '../../src/market-data/series/columns.js';
import { Clock } from '../../src/platform/clock.js';
import { schema } from '../../src/platform/config/schema.js';
import { Settings } from '../../src/platform/config/settings.js';
import { Database } from '../../src/platform/database/database.service.js';
import { ExchangeClock } from '../../src/platform/exchange.clock.js';
import { RetentionJob } from '../../src/platform/retention.job.js';
import { freshDatabase } from '../builders/postgres.js';

const MINUTE = 60_000;
/** Minutes before an hour, so that a test sees every timeframe close. */
const START = Date.UTC(2026, 2, 1, 11, 54, 30);
const SPEED = 120;

let database: Awaited<ReturnType<typeof freshDatabase>>;
let simulator: Simulator;
const running: { module: TestingModule; service: MarketDataService }[] = [];

beforeEach(async () => {
  database = await freshDatabase();
  simulator = await startSimulator({ port: 0, speed: SPEED, seed: 7, start: START, allowFaults: true });
});
afterEach(async () => {
  for (const { module, service } of running.splice(0)) {
    await service.stop();
    await module.close();
  }
  await simulator.close();
  await database.close();
});

const fault = (order: object) =>
  fetch(`http://127.0.0.1:${simulator.port}/faults`, { method: 'POST', body: JSON.stringify(order) });

/** Polls; the test's own time limit is the only one. */
async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await sleep(10);
}

/** MarketData alone, on the simulator and a database of its own, and everything that it handed on, in order. */
async function marketData(
  env: Record<string, string>,
  feed?: (settings: Settings, clock: Clock) => MarketFeed,
  clock?: Clock,
) {
  const settings = new Settings(schema.parse(env), {
    databaseUrl: database.url,
    exchange: {
      restUrl: `http://127.0.0.1:${simulator.port}`,
      wsUrl: `ws://127.0.0.1:${simulator.port}`,
      speed: SPEED,
    },
    home: '/nonexistent',
    modelsDir: '/nonexistent',
    version: '0.0.0-test',
    startedAt: 0,
  });
  const own = new ExchangeClock(SPEED);
  const shared = [
    { provide: Settings, useValue: settings },
    { provide: ExchangeClock, useValue: own },
    { provide: Clock, useValue: clock ?? own },
    { provide: Database, useValue: database.database },
    RetentionJob,
  ];
  @Module({ providers: shared, exports: shared })
  class Platform {}
  const builder = Test.createTestingModule({ imports: [{ module: Platform, global: true }, MarketDataModule] });
  if (feed) builder.overrideProvider(MarketFeed).useValue(feed(settings, clock ?? own));
  const module = await builder.compile();
  await module.init();
  const service = module.get(MarketDataService);
  running.push({ module, service });
  const told = {
    history: [] as CandleColumns[],
    candles: [] as Candle[],
    intervals: [] as Interval[],
    order: [] as (Candle | Interval)[],
  };
  service.history.to((columns) => void told.history.push(columns));
  service.candles.to((candles) => {
    told.candles.push(...candles);
    told.order.push(...candles);
  });
  service.intervals.to((interval) => {
    told.intervals.push(interval);
    told.order.push(interval);
  });
  return { service, module, told, settings };
}

const consecutive = ({ openTime, timeframe }: CandleColumns) =>
  openTime.every((time, i) => i === 0 || time === openTime[i - 1]! + durationOf(timeframe));
const saved = (where = 'true') =>
  database.database.query<{ symbol: Pair; timeframe: string; revision: number; source: string; high: number }>(
    `select symbol, timeframe, revision, source, high from candles where ${where} order by symbol, timeframe, open_time`,
  );

describe('market data on a simulated exchange', () => {
  it('a symbol of which something is open is followed beside SYMBOLS: it has candles, and no interval is of it', async () => {
    const { service, told } = await marketData({ SYMBOLS: 'ETH/USDT', TIMEFRAMES: '1m,5m' });
    const listed: Pair[] = [];
    service.instruments.to((instruments) => void listed.push(...instruments.map(({ symbol }) => symbol)));
    const open = new Map<Pair, number>([
      ['BTC/USDT', Infinity],
      ['ETH/USDT', Infinity],
      ['GONE/USDT', 0],
    ]);
    await service.start(() => open);
    expect(listed).toEqual(['ETH/USDT', 'BTC/USDT']);
    expect(told.history.some(({ symbol, timeframe }) => symbol === 'BTC/USDT' && timeframe === '1m')).toBe(true);

    await fault({ withhold: { symbol: 'BTCUSDT', minutes: 2 } }); // what is only followed is not waited for
    await until(() => told.candles.some(({ symbol }) => symbol === 'BTC/USDT'));
    await until(() => told.intervals.length >= 6);
    for (const { symbols, absent } of told.intervals) expect([symbols, [...absent]]).toEqual([['ETH/USDT'], []]);
    expect(service.status().counters).toMatchObject({ late: 0, missedIntervals: 0 });
  });

  it('warms up every series by REST, then hands on closed candles before their intervals, longest first', async () => {
    const { service, told } = await marketData({ SYMBOLS: '5' });
    await service.start();
    expect(new Set(told.history.map(({ symbol, timeframe }) => `${symbol} ${timeframe}`)).size).toBe(5 * 4);
    expect(told.history.every((columns) => columns.openTime.length >= 498 && consecutive(columns))).toBe(true);

    await until(() => told.intervals.some(({ timeframe }) => timeframe === '1h'));
    await until(() => told.intervals.length >= 7);
    const hour = told.intervals.find(({ timeframe }) => timeframe === '1h')!;
    const at = told.intervals.indexOf(hour);
    expect(told.intervals.slice(at, at + 4).map(({ timeframe }) => timeframe)).toEqual(['1h', '15m', '5m', '1m']);
    expect([...hour.absent]).toEqual([]);
    expect(hour.symbols).toHaveLength(5);

    for (const interval of told.intervals) {
      const before = told.order.slice(0, told.order.indexOf(interval));
      const present = interval.symbols.filter((symbol) => !interval.absent.has(symbol));
      const here = (symbol: Pair) => (candle: Candle | Interval) =>
        'symbol' in candle &&
        candle.symbol === symbol &&
        candle.timeframe === interval.timeframe &&
        candle.openTime === interval.openTime;
      const inHistory = (symbol: Pair) =>
        told.history.some((columns) => columns.symbol === symbol && columns.openTime.includes(interval.openTime));
      expect(present.every((symbol) => before.some(here(symbol)) || inHistory(symbol))).toBe(true);
      expect(interval.receivedAt).toBeGreaterThanOrEqual(interval.exchangeClosedAt);
    }
    const minutes = told.intervals.filter(({ timeframe }) => timeframe === '1m').map(({ openTime }) => openTime);
    expect(minutes).toEqual(minutes.map((_, i) => minutes[0]! + i * MINUTE));
    expect(service.status()).toMatchObject({ connected: true, fresh: true, states: { ok: 20, gap: 0, warming: 0 } });

    await service.settled();
    expect(new Set((await saved()).map(({ timeframe }) => timeframe))).toEqual(new Set(['1m', '5m', '15m', '1h']));
    expect(await saved('revision > 0')).toEqual([]);
    expect((await saved(`source = 'aggregate'`)).length).toBeGreaterThan(0);
  });

  it('an aggregated candle equals the one that the exchange itself sums', async () => {
    const { service, told } = await marketData({ SYMBOLS: '2', TIMEFRAMES: '5m' });
    await service.start();
    await until(() => told.candles.some(({ timeframe }) => timeframe === '5m'));
    const ours = told.candles.find(({ timeframe }) => timeframe === '5m')!;
    await until(() => simulator.exchangeTime() > closeTime(ours) + MINUTE);
    const url = `http://127.0.0.1:${simulator.port}/api/v3/klines?symbol=${ours.symbol.replace('/', '')}&interval=5m&limit=1&startTime=${ours.openTime}`;
    const [[openTime, ...numbers]] = (await (await fetch(url)).json()) as [[number, ...string[]]];
    const [open, high, low, close, volume] = numbers.map(Number);
    expect(ours).toMatchObject({ openTime, open, high, low, close });
    expect(ours.volume).toBeCloseTo(volume!, 6);
  });

  it('1m is kept as the base, and no 1m interval is run, where TIMEFRAMES does not name it', async () => {
    const { service, told } = await marketData({ SYMBOLS: '2', TIMEFRAMES: '5m' });
    await service.start();
    await until(() => told.intervals.length > 0);
    expect(told.candles.some(({ timeframe }) => timeframe === '1m')).toBe(true);
    expect(told.intervals.every(({ timeframe }) => timeframe === '5m')).toBe(true);
  });

  it('reconnects after the connection is lost, and refetches what it missed: no candle is skipped', async () => {
    const slow = { reconnect: { baseMs: (2 * (2 * MINUTE)) / SPEED, maxMs: 10_000 } };
    const { service, told } = await marketData(
      { SYMBOLS: '3', TIMEFRAMES: '1m' },
      (settings, clock) => new ExchangeFeed(settings.exchange, clock, { ...slow, clockMarginMs: 100 * SPEED }),
    );
    await service.start();
    await until(() => told.intervals.length >= 1);
    const history = told.history.length;
    await fault({ drop_connections: true });
    await until(() => service.status().counters.reconnects === 1);
    await until(() => told.history.length >= history + 3);
    const before = told.intervals.length;
    await until(() => told.intervals.slice(before).filter(({ absent }) => absent.size === 0).length >= 2);
    await service.settled();
    const rows = await database.database.query<{ holes: number }>(
      `select count(*)::int as holes from (
         select open_time - lag(open_time) over (partition by symbol order by open_time) as step from candles where timeframe = '1m') s
        where step <> interval '1 minute'`,
    );
    expect(rows[0]!.holes).toBe(0);
    expect(service.status()).toMatchObject({ connected: true, states: { ok: 3 } });
  });

  it('the clock is read again before what a lost connection missed is asked for: the machine may have slept', async () => {
    const asked: string[] = [];
    class Listening extends ExchangeFeed {
      override serverTime() {
        asked.push('time');
        return super.serverTime();
      }
      override klines(...question: Parameters<ExchangeFeed['klines']>) {
        asked.push('klines');
        return super.klines(...question);
      }
    }
    const { service, module } = await marketData(
      { SYMBOLS: '2', TIMEFRAMES: '1m' },
      (settings, clock) => new Listening(settings.exchange, clock, { clockMarginMs: 100 * SPEED }),
    );
    await service.start();
    await until(() => service.status().states.ok === 2);
    asked.length = 0;
    module.get(SchedulerRegistry, { strict: false }).deleteInterval('exchange-clock'); // not by its own turn
    const clock = module.get(ExchangeClock, { strict: false });
    clock.sync(simulator.exchangeTime() - 3 * 60 * MINUTE, clock.wallNow());
    await fault({ drop_connections: true });
    await until(() => asked.length > 0);
    expect(asked[0]).toBe('time');
    await until(() => service.status().fresh && service.status().states.ok === 2);
  });

  it('a symbol whose candle does not come abstains when the grace is over; the others run', async () => {
    const { service, told } = await marketData({ SYMBOLS: '3', TIMEFRAMES: '1m' });
    await service.start();
    const [missing] = service.status().symbols;
    await fault({ withhold: { symbol: missing!.replace('/', ''), minutes: 2 } });
    await until(() => told.intervals.some(({ absent }) => absent.size > 0));
    const interval = told.intervals.find(({ absent }) => absent.size > 0)!;
    expect([...interval.absent]).toEqual([[missing, 'CANDLE_MISSING']]);
    // The exchange's next candle shows the hole; it is refetched and the symbol is back.
    await until(() => service.status().counters.gaps >= 1 && service.status().states.gap === 0);
    await until(() => told.intervals.at(-1)!.absent.size === 0);
  });

  it('an exchange that goes silent: the scheduled job closes the interval and everybody abstains', async () => {
    const { service, told } = await marketData({ SYMBOLS: '2', TIMEFRAMES: '1m' });
    await service.start();
    await until(() => told.intervals.length >= 1);
    await simulator.close();
    await until(() => told.intervals.at(-1)!.absent.size === 2);
    await until(() => !service.status().connected);
    expect(service.status().fresh).toBe(false);
  });

  it('a malformed frame is counted and dropped', async () => {
    const { service, told } = await marketData({ SYMBOLS: '3', TIMEFRAMES: '1m' });
    await service.start();
    await fault({ malformed_frames: 2 });
    await until(() => service.status().counters.malformed === 2);
    const seen = told.intervals.length;
    await until(() => told.intervals.length > seen + 1);
    expect(service.status()).toMatchObject({ connected: true, counters: { malformedByReason: { NOT_JSON: 2 } } });
  });

  it('an impossible candle is refused at the door, nothing saved is harmed, and the true one is refetched', async () => {
    let tampered: KlineUpdate | undefined;
    class Tampering extends ExchangeFeed {
      override open(...[symbols, handlers]: Parameters<ExchangeFeed['open']>): Promise<void> {
        const kline = (update: KlineUpdate) => {
          const tamper = update.closed && !tampered && told.intervals.length > 0;
          if (tamper) tampered = { ...update, high: update.low / 2 };
          handlers.kline(tamper ? tampered! : update);
        };
        return super.open(symbols, { ...handlers, kline });
      }
    }
    const { service, told } = await marketData(
      { SYMBOLS: '2', TIMEFRAMES: '1m' },
      (settings, clock) => new Tampering(settings.exchange, clock, { clockMarginMs: 100 * SPEED }),
    );
    await service.start();
    await until(() => service.status().counters.refusedCandles === 1);
    await until(() => service.status().counters.gaps === 1 && service.status().states.gap === 0);
    await service.settled();
    expect(service.status().counters.refusedByReason).toEqual({ HIGH_LOW_CROSSED: 1 });
    const { symbol, openTime } = tampered!;
    const [row] = await saved(
      `symbol = '${symbol}' and timeframe = '1m' and open_time = to_timestamp(${openTime / 1000})`,
    );
    expect(row).toMatchObject({ source: 'rest', revision: 0 });
  });

  it('a symbol that does not trade stops the start and is named', async () => {
    const { service } = await marketData({ SYMBOLS: 'BTC/USDT,NOSUCH/USDT' });
    await expect(service.start()).rejects.toThrow('does not trade NOSUCH/USDT');
  });

  it('an exchange that cannot be reached stops the start with its address', async () => {
    const nowhere = { restUrl: 'http://127.0.0.1:9', wsUrl: 'ws://127.0.0.1:9' };
    const { service } = await marketData(
      {},
      (_, clock) => new ExchangeFeed(nowhere, clock, { attempts: 2, retryBaseMs: 1 }),
    );
    await expect(service.start()).rejects.toThrow(/The exchange \(simulator, .*does not answer as it should/);
  });

  it('a path that is slower than the market misses intervals, counts them, and never runs two at once', async () => {
    const { service, told } = await marketData({ SYMBOLS: '2', TIMEFRAMES: '1m' });
    let atWork = 0;
    let most = 0;
    await service.start();
    const emit = service.intervals.emit.bind(service.intervals);
    service.intervals.emit = async (interval) => {
      most = Math.max(most, ++atWork);
      await sleep((3 * MINUTE) / SPEED);
      await emit(interval);
      atWork--;
    };
    await until(() => service.status().counters.missedIntervals >= 2);
    expect(most).toBe(1);
    await until(() => told.intervals.length >= 2);
    const times = told.intervals.map(({ openTime }) => openTime);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });
});

describe('a recording through the same service', () => {
  it('replayed twice, hands on the same to the byte, and the second time adds no row', async () => {
    const minutes = Array.from({ length: 90 }, (_, i) => i);
    const columns = (['BTC/USDT', 'ETH/USDT'] as const).map((symbol, n) =>
      columnsOf(
        symbol,
        '1m',
        minutes
          .filter((i) => n === 0 || (i !== 70 && i !== 71))
          .map((i) => ({
            openTime: Date.UTC(2026, 0, 1) + i * MINUTE,
            open: 10 + (i % 7),
            high: 20,
            low: 5,
            close: 10 + (i % 5),
            volume: i,
          })),
      ),
    );
    const replay = async () => {
      const clock = new ReplayClock();
      const exact = { tickSize: 1n, stepSize: 1n, minQuantity: 1n, minNotional: 1n };
      const instruments = columns.map(({ symbol }) => ({ symbol, ...exact }));
      const feed = new ReplayFeed({ columns, instruments: instruments as never, warmUp: 61 }, clock);
      const { service, told } = await marketData({ SYMBOLS: '2' }, () => feed, clock);
      await service.start();
      expect(await feed.play(() => service.settled())).toBe(29);
      const intervals = told.intervals.map(({ timeframe, openTime, absent }) => [timeframe, openTime, ...absent]);
      const candles = told.candles.map((candle) => ({ ...candle, receivedAt: 0 }));
      return JSON.stringify({ intervals, candles });
    };
    const first = await replay();
    const rows = await saved();
    expect(await replay()).toBe(first);
    expect(await saved()).toEqual(rows);
    expect(first).toContain('["ETH/USDT","CANDLE_MISSING"]');
    expect(first).toContain('["ETH/USDT","GAP"]');
  });
});

describe('the table of candles', () => {
  const candle = (openTime: number, changes: Partial<Candle> = {}): Candle => ({
    symbol: 'BTC/USDT',
    timeframe: '1m',
    openTime,
    open: 1.1,
    high: 3,
    low: 0.00000638,
    close: 2,
    volume: 0.1 + 0.2,
    source: 'stream',
    receivedAt: 0,
    ...changes,
  });
  const batchOf = (...candles: Candle[]) => {
    const batch = new CandleBatch();
    for (const one of candles) batch.add(one);
    return batch;
  };

  it('keeps a candle once; other numbers replace it and count its revision up', async () => {
    const repository = new CandleRepository(database.database);
    const save = (...candles: Candle[]) => repository.saveAll('binance', batchOf(...candles));
    expect(await save(candle(0), candle(MINUTE))).toBe(2);
    expect(await save(candle(0), candle(0, { volume: 0.3, source: 'rest' }))).toBe(0);
    expect(await save(candle(0, { high: 4 }), candle(0, { high: 5 }))).toBe(1);
    const rows = await repository.page('binance', { symbol: 'BTC/USDT', timeframe: '1m', limit: 10 });
    expect(rows.map(({ open_time, high, revision }) => [open_time.getTime(), high, revision])).toEqual([
      [MINUTE, 3, 0],
      [0, 5, 1],
    ]);
    expect(rows[0]).toMatchObject({ open: 1.1, low: 0.00000638, volume: 0.1 + 0.2 });
    const [older] = await repository.page('binance', { symbol: 'BTC/USDT', timeframe: '1m', before: MINUTE, limit: 1 });
    expect(older!.open_time.getTime()).toBe(0);
  });

  it('1m candles older than RETENTION_DAYS of exchange time are deleted; longer and younger ones stay', async () => {
    const { module, settings } = await marketData({ RETENTION_DAYS: '1' }, undefined, new ReplayClock(START));
    const repository = new CandleRepository(database.database);
    const edge = Math.floor((START - 86_400_000) / MINUTE) * MINUTE;
    const old = Array.from({ length: 4500 }, (_, i) => candle(edge - i * MINUTE));
    const hour = candle(closeTimeOf('1h', 0), { timeframe: '1h' });
    await repository.saveAll(settings.config.EXCHANGE, batchOf(...old, candle(edge + MINUTE), hour));
    expect(await module.get(RetentionJob, { strict: false }).sweep()).toEqual(new Map([['1m candles', 4500]]));
    expect((await saved()).map(({ timeframe }) => timeframe)).toEqual(['1h', '1m']);
  });
});

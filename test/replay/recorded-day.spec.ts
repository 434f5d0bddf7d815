import { Test } from '@nestjs/testing';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AppModule, joinStages } from '../../src/app.module.js';
import type { Instrument } from '../../src/domain/instrument.js';
import type { Money, Price, Quantity } from '../../src/domain/money.js';
import type { Pair } from '../../src/domain/pair.js';
import { MarketFeed } from '../../src/market-data/feeds/market.feed.js';
import { ReplayClock } from '../../src/market-data/feeds/replay.clock.js';
import { ReplayFeed } from '../../src/market-data/feeds/replay.feed.js';
import { start, stop } from '../../src/pipeline.js';
import { Clock } from '../../src/platform/clock.js';
import { load } from '../../src/platform/config/load.js';
import { Settings } from '../../src/platform/config/settings.js';
import { newHome } from '../builders/app.js';
import { freshDatabase } from '../builders/postgres.js';
import { recordedMinutes } from '../builders/recording.js';
import { sharedData } from '../builders/shared-data.js';

const BASES = ['BTC', 'ETH', 'BNB', 'LINK', 'LTC', 'AVAX'];
/** 1h features need some 200 candles of history: nine days before the day that is replayed. */
const HISTORY_DAYS = 9;
const DAY = Date.UTC(2025, 4, 15);
const MS_A_DAY = 86_400_000;
const HOURS = 8;

function instrument(symbol: Pair): Instrument {
  return {
    symbol,
    tickSize: 1_000_000n as Price,
    stepSize: 10_000n as Quantity,
    minQuantity: 10_000n as Quantity,
    minNotional: 500_000_000n as Money,
  };
}

interface Outcome {
  readonly signals: string;
  readonly orders: string;
  readonly fills: string;
  readonly predictions: string;
  readonly signalCount: number;
  readonly fillCount: number;
}

/** One whole life of the application on a database of its own: the day is played, everything is read back. */
async function replay(columns: ReturnType<typeof recordedMinutes>[]): Promise<Outcome> {
  const { url, database, dataSource, close } = await freshDatabase();
  const loaded = load({
    SYMBOLS: columns.map(({ symbol }) => symbol).join(','),
    INFERENCE_TIMEOUT: '60', // a busy machine must not make a row abstain: the day is compared byte for byte
    MIN_CONFIDENCE: '0.4',
    MIN_EDGE: '0.02',
    UPDATE_INTERVAL: '3600',
    LOG_LEVEL: 'warn',
  });
  if ('faults' in loaded) throw new Error(JSON.stringify(loaded.faults));
  const exchange = { restUrl: 'http://replay.invalid', wsUrl: 'ws://replay.invalid', speed: 1 };
  const resolved = {
    databaseUrl: url,
    exchange,
    home: newHome(),
    modelsDir: resolve('models'),
    version: 'test',
    startedAt: 0,
  };
  const clock = new ReplayClock();
  const recording = {
    columns,
    instruments: columns.map(({ symbol }) => instrument(symbol)),
    warmUp: HISTORY_DAYS * 1440,
  };
  const feed = new ReplayFeed(recording, clock);
  const app = await Test.createTestingModule({
    imports: [AppModule.with(new Settings(loaded.config, resolved), dataSource)],
  })
    .overrideProvider(Clock)
    .useValue(clock)
    .overrideProvider(MarketFeed)
    .useValue(feed)
    .compile();
  app.useLogger(false);
  await app.init();
  const stages = joinStages(app);
  await start(stages);
  await feed.play(async () => {
    await stages.marketData.settled();
    await stages.strategy.decisions.idle();
  });
  await stop(stages);

  const dump = async (sql: string) => JSON.stringify(await database.query(sql));
  const counted = await database.query<{ signals: number; fills: number }>(
    'select (select count(*)::int from signals) as signals, (select count(*)::int from fills) as fills',
  );
  const outcome = {
    signals: await dump(
      'select id, symbol, timeframe, open_time, decided_at, direction, confidence, entry, stop_loss, take_profits, strategy, models, because from signals order by decided_at, id',
    ),
    orders: await dump(
      'select id, signal_id, symbol, side, purpose, quantity, state, filled, created_at from orders order by id',
    ),
    fills: await dump('select id, order_id, symbol, side, price, quantity, fee, filled_at from fills order by id'),
    predictions: await dump('select run_id, symbols, probabilities from predictions order by run_id'),
    signalCount: counted[0]!.signals,
    fillCount: counted[0]!.fills,
  };
  await app.close();
  await close();
  return outcome;
}

const folder = sharedData('ohlcv/binance-usdm-2025');

describe.skipIf(folder === undefined)(
  'a recorded day of the real market, played twice through the real application',
  () => {
    it('gives byte-identical predictions, signals, orders and fills', { timeout: 600_000 }, async () => {
      const from = DAY - HISTORY_DAYS * MS_A_DAY;
      const to = DAY + HOURS * 3_600_000;
      const columns = BASES.map((base) => recordedMinutes(`${folder}/${base}USDT-1m.csv.gz`, `${base}/USDT`, from, to));
      const first = await replay(columns);
      const second = await replay(columns);
      expect(first.signalCount).toBeGreaterThan(0);
      expect(first.fillCount).toBeGreaterThan(0);
      expect(second).toEqual(first);
    });
  },
);

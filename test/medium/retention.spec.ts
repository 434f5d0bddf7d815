import { ScheduleModule } from '@nestjs/schedule';
import { expect, it } from 'vitest';
import { BatchInferenceModule } from '../../src/batch-inference/batch-inference.module.js';
import { ExchangeClock } from '../../src/platform/exchange.clock.js';
import { RetentionJob } from '../../src/platform/retention.job.js';
import { TradingModule } from '../../src/trading/trading.module.js';
import { nestApp } from '../builders/nest-app.js';
import { eachOnAFreshDatabase, fresh, rows, start, withPosition } from '../builders/trading-process.js';
import { T0 } from '../builders/trading.js';

eachOnAFreshDatabase();

const DAY = 86_400_000;
const iso = (time: number) => new Date(time).toISOString();
const count = async (what: string) =>
  (await fresh.database.query<{ n: number }>(`select count(*)::int as n from ${what}`))[0]!.n;

/** One run a minute, each with its predictions. */
async function runs(from: number, number: number): Promise<void> {
  await fresh.database.query(
    `insert into runs (id, model, version, timeframe, open_time, engine, rows, answered, abstentions)
     select $3 || '/' || i, 'gbt', '1.0.0', '1m', $1::timestamptz + i * interval '1 minute', 'onnx/cpu', 1, 1, '{}'
       from generate_series(0, $2::int - 1) i`,
    [iso(from), number, iso(from)],
  );
  await fresh.database.query(
    `insert into predictions (run_id, symbols, columns, classes, probabilities, abstentions)
     select id, '{BTC/USDT}', 3, '{short,flat,long}', '{0.2,0.3,0.5}', array[null::text] from runs on conflict do nothing`,
  );
}

async function equityAt(time: number, peak: number): Promise<void> {
  await fresh.database.query(
    `insert into equity (at, equity, cash, unrealised, peak, drawdown) values ($1, 100, 100, 0, $2, 0)`,
    [iso(time), peak],
  );
}

/** A process that looks at its clock so many days after T0, and cleans up. */
async function sweep(days: number): Promise<Record<string, number>> {
  const modules = [ScheduleModule.forRoot(), BatchInferenceModule, TradingModule];
  const { app, close } = await nestApp(modules, fresh.dataSource, { RETENTION_DAYS: '30', INFERENCE_WORKERS: '1' });
  try {
    const clock = app.get(ExchangeClock);
    clock.sync(T0 + days * DAY, clock.wallNow());
    return Object.fromEntries(await app.get(RetentionJob).sweep());
  } finally {
    await close();
  }
}

it('runs, their predictions and equity points older than RETENTION_DAYS of exchange time go; younger ones stay', async () => {
  await runs(T0, 1_201);
  await runs(T0 + 20 * DAY, 5);
  for (const day of [0, 1, 2, 20]) await equityAt(T0 + day * DAY, 100 + day);
  expect(await sweep(40)).toEqual({ 'runs, with their predictions': 1_201, 'points of the equity curve': 3 });
  expect([await count('runs'), await count('predictions'), await count('equity')]).toEqual([5, 5, 1]);
  expect(await sweep(40)).toEqual({ 'runs, with their predictions': 0, 'points of the equity curve': 0 });
});

it('the newest equity point stays, however old: the peak is in it', async () => {
  for (const day of [0, 1]) await equityAt(T0 + day * DAY, 100 + day);
  await sweep(400);
  expect(await fresh.database.query('select peak::float8 as peak from equity')).toEqual([{ peak: 101 }]);
});

it('signals, orders, fills and positions stay for ever', async () => {
  await withPosition(await start());
  const before = await rows();
  expect(before['positions']).toHaveLength(1);
  await sweep(4_000);
  expect(await rows()).toEqual(before);
});

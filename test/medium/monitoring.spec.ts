import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FEATURE_NAMES, featureHashOf } from '../../src/batch-inference/features/feature-table.js';
import { RunRepository } from '../../src/batch-inference/runs/run.repository.js';
import type { Signal } from '../../src/domain/signal.js';
import { ModelRegistryModule } from '../../src/model-registry/model-registry.module.js';
import { MonitoringModule } from '../../src/monitoring/monitoring.module.js';
import { PathMetrics } from '../../src/monitoring/path.metrics.js';
import { SystemMetrics } from '../../src/monitoring/system.metrics.js';
import { decide, NOTHING } from '../../src/strategy/decide.js';
import { SignalRepository } from '../../src/strategy/signal.repository.js';
import { nestApp, type NestApp } from '../builders/nest-app.js';
import { freshDatabase } from '../builders/postgres.js';
import { batchOf, LONG, MIDNIGHT, SHORT } from '../builders/prediction-batch.js';

const POLICY = {
  minConfidence: 0.4,
  minEdge: 0,
  minAgreement: 1,
  cooldownCandles: 0,
  stopLossAtr: 1,
  takeProfitAtr: 1,
};

let fresh: Awaited<ReturnType<typeof freshDatabase>>;
let server: NestApp;
beforeAll(async () => {
  fresh = await freshDatabase();
  const features = { names: FEATURE_NAMES, hashOf: featureHashOf };
  const registry = { ...ModelRegistryModule.withFeatures(features), global: true };
  server = await nestApp([registry, MonitoringModule], fresh.dataSource);
});
afterAll(async () => {
  await server.close();
  await fresh.close();
});

const batch = batchOf([
  { model: 'trees', rows: [LONG, SHORT, LONG] },
  { model: 'net', rows: [LONG, undefined, LONG] },
]);
Object.assign(batch.runs[0]!.moments, { exchangeClosed: 1000, received: 1010, inferring: 1020, inferred: 1025 });

describe("a signal's lineage", () => {
  let ordered: Signal, refused: Signal, bare: Signal;
  beforeAll(async () => {
    await new RunRepository(fresh.database).insertOnce(batch);
    [ordered, refused, bare] = decide(batch, POLICY, NOTHING).signals as [Signal, Signal, Signal];
    await new SignalRepository(fresh.database).insertAll([ordered, refused, bare]);
    const at = '2026-01-05T00:01:00Z';
    await fresh.database.query(
      `insert into candles (exchange, symbol, timeframe, open_time, open, high, low, close, volume, source)
       values ('simulator', 'S0/USDT', '1m', '2026-01-05T00:00:00Z', 99, 101, 98, 100, 12.5, 'stream'),
              ('binance', 'S0/USDT', '1m', '2026-01-05T00:00:00Z', 1, 1, 1, 1, 1, 'stream')`,
    );
    await fresh.database.query(
      `insert into orders (id, signal_id, symbol, side, purpose, position_id, quantity, stop_loss, take_profit, state, filled, created_at)
       values ('ap-1', $1, 'S0/USDT', 'buy', 'entry', 'ap-1', 1.5, 98, 102, 'filled', 1.5, $2),
              ('ap-1-tp', null, 'S0/USDT', 'sell', 'take_profit', 'ap-1', 1.5, null, null, 'filled', 1.5, $2::timestamptz + interval '1 minute')`,
      [ordered.id, at],
    );
    await fresh.database.query(
      `insert into fills (id, order_id, symbol, side, price, quantity, fee, filled_at)
       values ('ap-1/1', 'ap-1', 'S0/USDT', 'buy', 100.02, 1.5, 0.15003, $1), ('ap-1-tp/1', 'ap-1-tp', 'S0/USDT', 'sell', 102, 1.5, 0.153, $1)`,
      [at],
    );
    await fresh.database.query(
      `insert into positions (id, symbol, direction, quantity, entry_price, cost, realised, fees, opened_at, closed_at, closed_by)
       values ('ap-1', 'S0/USDT', 'long', 0, 100.02, 0, 2.97, 0.30303, $1, $1, 'take_profit')`,
      [at],
    );
    await fresh.database.query(
      `insert into signal_refusals (signal_id, symbol, code, detail, refused_at) values ($1, 'S1/USDT', 'HALTED', '{"why":"test"}', $2)`,
      [refused.id, at],
    );
  });

  it('runs from the candle to the closed position', async () => {
    const lineage = await server.json(`/api/v1/signals/${ordered.id}`);
    expect(lineage).toMatchObject({
      id: ordered.id,
      symbol: 'S0/USDT',
      direction: 'long',
      metadata: { because: { agreeing_timeframes: ['1m'] } },
      candle: { open_time: '2026-01-05T00:00:00.000Z', close: 100, volume: 12.5, source: 'stream', revision: 0 },
      runs: [
        { id: `net@1.0.0/1m/${MIDNIGHT}`, model: 'net', version: '1.0.0', abstained: null },
        { id: `trees@1.0.0/1m/${MIDNIGHT}`, rows: 3, answered: 3, stages_ms: { feed: 10, inference: 5, decide: null } },
      ],
      outcome: 'ordered',
      refusal: null,
      orders: [
        { id: 'ap-1', signal_id: ordered.id, purpose: 'entry', quantity: '1.5', stop_loss: '98', state: 'filled' },
        { id: 'ap-1-tp', purpose: 'take_profit' },
      ],
      fills: [
        { id: 'ap-1/1', price: '100.02', fee: '0.15003' },
        { id: 'ap-1-tp/1', price: '102' },
      ],
      position: { id: 'ap-1', quantity: '0', realised: '2.97', closed_by: 'take_profit' },
    });
    const { runs } = lineage as { runs: { probabilities: Record<string, number> }[] };
    for (const { probabilities } of runs) expect(probabilities['long']).toBeCloseTo(0.7, 6);
  });

  it('names the refusal where trading refused', async () => {
    expect(await server.json(`/api/v1/signals/${refused.id}`)).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'HALTED', detail: { why: 'test' }, refused_at: '2026-01-05T00:01:00.000Z' },
      runs: [{ model: 'trees', probabilities: { short: expect.closeTo(0.7, 6) as number } }],
      orders: [],
      fills: [],
      position: null,
      candle: null,
    });
  });

  it('says nothing of what is not on record', async () => {
    expect(await server.json(`/api/v1/signals/${bare.id}`)).toMatchObject({
      outcome: 'none',
      refusal: null,
      candle: null,
    });
  });

  it.each(['none', 'f'.repeat(32), '%00', "';--", 'x'.repeat(90)])(
    'there is no signal %s: 404, a problem',
    async (id) => {
      const response = await server.request(`/api/v1/signals/${id}`);
      expect(response.status).toBe(404);
      expect(response.headers.get('content-type')).toContain('application/problem+json');
      expect(await response.json()).toMatchObject({ status: 404, code: 'SIGNAL_UNKNOWN' });
    },
  );

  it('asks for the key', async () => {
    expect((await fetch(`${server.url}/api/v1/signals/${ordered.id}`)).status).toBe(401);
  });
});

describe('health', () => {
  it('is live without a key', async () => {
    const response = await fetch(`${server.url}/health/live`);
    expect([response.status, await response.json()]).toEqual([200, { status: 'live' }]);
  });

  it('is not ready before models are loaded and the feed is fresh, and says why', async () => {
    const response = await fetch(`${server.url}/health/ready`);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      status: 'not_ready',
      checks: { models: false, feed: false, database: true },
      reasons: [{ code: 'NO_MODEL' }, { code: 'FEED_NOT_FRESH' }],
    });
  });
});

describe('GET /api/v1/status', () => {
  it('says what runs and what it is worth', async () => {
    expect(await server.json('/api/v1/status')).toMatchObject({
      mode: { market: 'simulated', trading: 'paper' },
      versions: { alphapulse: '0.0.0-test', node: process.versions.node },
      started_at: '1970-01-01T00:00:00.000Z',
      feed: { connected: false, fresh: false, symbols: 0, counters: { missed_intervals: 0 } },
      models: { ready: false, versions: [] },
      inference: { provider: 'auto', precision: { used: 'full' } },
      abstentions: { CANDLE_MISSING: 0, DEADLINE: 0 },
      alerts: { open: [] },
      strategy: { strategy: 'ensemble-v1', signals: 0, rejections: { COOLDOWN: 0 } },
      trading: { halted: false, open_positions: 0 },
      event_loop: { lag_ms: {} },
    });
  });

  it('asks for the key', async () => {
    expect((await fetch(`${server.url}/api/v1/status`)).status).toBe(401);
  });
});

describe('/metrics', () => {
  it('shows what came down the path', async () => {
    const metrics = server.app.get(PathMetrics);
    metrics.ran(batch);
    metrics.decided(decide(batch, POLICY, NOTHING).signals);
    server.app.get(SystemMetrics).sample();
    server.app.get(SystemMetrics).sample();
    const text = await (await fetch(`${server.url}/metrics`)).text();
    for (const line of [
      'alphapulse_stage_seconds_count{stage="feed",timeframe="1m"} 1',
      'alphapulse_stage_seconds_sum{stage="inference",timeframe="1m"} 0.005',
      'alphapulse_batch_rows_sum{model="trees@1.0.0",timeframe="1m"} 3',
      'alphapulse_runs_total{model="net@1.0.0",timeframe="1m"} 1',
      'alphapulse_signals_total{timeframe="1m",direction="long"} 2',
      'alphapulse_signals_total{timeframe="1m",direction="short"} 1',
      'alphapulse_open_positions 0',
      'alphapulse_queue_depth 0',
      'alphapulse_feed_reconnects_total 0',
    ]) {
      expect(text).toContain(line);
    }
    expect(text).not.toContain('stage="decide"'); // never stamped, never shown
    expect(text).toMatch(/^alphapulse_event_loop_lag_seconds [\d.e-]+$/m);
  });
});

describe('the status page', () => {
  it('is open, says what the numbers are worth, and may load nothing else', async () => {
    const response = await fetch(`${server.url}/`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
    const page = await response.text();
    expect(page).toContain('Simulated market');
    expect(page).toContain('Paper money');
    expect(page).not.toContain(server.key);
  });
});

describe('when the database is gone', () => {
  it('ready says so, and live stays', async () => {
    await fresh.dataSource.destroy();
    const response = await fetch(`${server.url}/health/ready`);
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('DATABASE_SILENT');
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
  });
});

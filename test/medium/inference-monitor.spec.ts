import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { FEATURE_NAMES, featureHashOf } from '../../src/batch-inference/features/feature-table.js';
import type { AdHocReport } from '../../src/domain/ad-hoc.js';
import { alertId, type Alert } from '../../src/domain/alert.js';
import type { DriftReport } from '../../src/domain/drift.js';
import { FeedModule } from '../../src/feed/feed.module.js';
import { SignalFeed } from '../../src/feed/signal.feed.js';
import { ModelRegistryModule } from '../../src/model-registry/model-registry.module.js';
import { AlertRecord } from '../../src/monitoring/alerts/alert-record.service.js';
import { AlertRepository } from '../../src/monitoring/alerts/alert.repository.js';
import { InferenceMonitor } from '../../src/monitoring/inference/inference-monitor.service.js';
import { MonitoringModule } from '../../src/monitoring/monitoring.module.js';
import { ExchangeClock } from '../../src/platform/exchange.clock.js';
import { RetentionJob } from '../../src/platform/retention.job.js';
import { nestApp, type NestApp } from '../builders/nest-app.js';
import { freshDatabase } from '../builders/postgres.js';
import { batchOf, LONG, SHORT } from '../builders/prediction-batch.js';

let fresh: Awaited<ReturnType<typeof freshDatabase>>;
let server: NestApp;

async function start(env: Record<string, string> = {}): Promise<NestApp> {
  const features = { names: FEATURE_NAMES, hashOf: featureHashOf };
  const registry = { ...ModelRegistryModule.withFeatures(features), global: true };
  return nestApp([registry, MonitoringModule, FeedModule], fresh.dataSource, { INFERENCE_WORKERS: '1', ...env });
}
const monitor = () => server.app.get(InferenceMonitor);

/** A batch of one active model and its shadow; published so many ms after the close. */
function batch(totalMs = 100) {
  const made = batchOf([
    { model: 'gbt', rows: [LONG, SHORT, undefined] },
    { model: 'gbt', rows: [LONG, LONG, LONG], role: 'shadow' },
  ]);
  Object.assign(made.runs[1]!, { model: { name: 'gbt', version: '1.1.0' } });
  Object.assign(made.runs[0]!, { abstentions: new Map([['S2/USDT', 'DEADLINE']]) });
  for (const { moments } of made.runs) {
    Object.assign(moments, { exchangeClosed: 0, featured: 10, inferring: 12, inferred: 32, published: totalMs });
  }
  return made;
}
const REPORT: AdHocReport = {
  ...{ model: { name: 'gbt', version: '1.0.0' }, engine: 'tree', rows: 4, outcome: 'ANSWERED', batchRows: 8 },
  ...{ queueMs: 1, inferenceMs: 2, totalMs: 4 },
};

describe('what is measured', () => {
  beforeAll(async () => {
    fresh = await freshDatabase();
    server = await start();
    monitor().ran(batchOf([])); // the first interval is not timed
    monitor().ran(batch());
    monitor().ran(batch(300));
    monitor().adHoc(REPORT);
    monitor().adHoc({ ...REPORT, outcome: 'DEADLINE' });
    monitor().adHoc({ ...REPORT, model: { name: 'who', version: '1' }, outcome: 'MODEL_UNKNOWN' });
  });
  afterAll(async () => {
    await server.close();
    await fresh.close();
  });

  const near = (value: number) => expect.closeTo(value, -Math.log10(value * 0.02)) as number;

  it('GET /api/v1/inference: by model, engine and timeframe, ad hoc requests apart', async () => {
    expect(await server.json('/api/v1/inference')).toMatchObject({
      ...{ window: '5m', relative_error: 0.01 },
      data: [
        {
          ...{ model: 'gbt', version: '1.0.0', engine: 'none', timeframe: '1m', runs: 2, rows: 6, answered: 4 },
          ...{ unanswered: { DEADLINE: 2 }, compared: 0, flip_rate: null },
          stages_ms: {
            queue: { count: 2, p50: near(2), max: 2 },
            inference: { count: 2, p50: near(20), p95: near(20), p99: near(20), p999: near(20), max: 20 },
            total: { count: 2, p50: near(100), p99: near(300), max: 300 },
          },
        },
        {
          ...{ model: 'gbt', version: '1.0.0', engine: 'tree', timeframe: null, runs: 2, rows: 8, answered: 4 },
          ...{ unanswered: { DEADLINE: 4 }, stages_ms: { total: { count: 1, max: 4 } } },
        },
        { version: '1.1.0', answered: 6, unanswered: {}, compared: 4, flip_rate: 0.5 },
      ],
    });
  });

  it.each([
    ['model=gbt', 3],
    ['model=gbt@1.1.0', 1],
    ['model=other', 0],
    ['timeframe=1m', 2],
    ['timeframe=5m', 0],
    ['window=start', 3],
    ['window=1m&model=gbt@1.0.0&timeframe=1m', 1],
  ])('filters: %s', async (query, many) => {
    expect((await server.json<{ data: [] }>(`/api/v1/inference?${query}`)).data).toHaveLength(many);
  });

  it.each([
    'inference?window=7m',
    'inference?timeframe=2m',
    'inference?model=@',
    'inference?colour=red',
    'inference/history?limit=0',
    'inference/history?cursor=rubbish',
    'inference/history?from=yesterday',
    'alerts?state=loud',
    'alerts?code=NOISE',
  ])('%s is refused with a problem', async (path) => {
    const response = await server.request(`/api/v1/${path}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it("/metrics: Triton's counters beside ours", async () => {
    await monitor().show();
    const text = await (await fetch(`${server.url}/metrics`)).text();
    for (const line of [
      'nv_inference_request_success{model="gbt",version="1.0.0"} 1', // the runs had rows past their deadline
      'nv_inference_request_failure{model="gbt",version="1.0.0",reason="REJECTED"} 3',
      'nv_inference_request_success{model="gbt",version="1.1.0"} 2',
      'nv_inference_count{model="gbt",version="1.1.0"} 6',
      'nv_inference_exec_count{model="gbt",version="1.1.0"} 2',
      'nv_inference_exec_count{model="gbt",version="1.0.0"} 2.5',
      'nv_inference_queue_duration_us{model="gbt",version="1.1.0"} 4000',
      'nv_inference_compute_infer_duration_us{model="gbt",version="1.1.0"} 40000',
      'nv_inference_request_duration_us{model="gbt",version="1.1.0"} 44000',
      'alphapulse_ad_hoc_requests_total{outcome="MODEL_UNKNOWN"} 1',
      'alphapulse_alerts_open{code="LATENCY"} 0',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
    const labels = 'version="1.1.0",engine="none",timeframe="1m",stage="total",window="5m",quantile="0.99"';
    const [, p99] = new RegExp(`alphapulse_inference_quantile_seconds{model="gbt",${labels}} (.*)`).exec(text)!;
    expect(Number(p99)).toBeCloseTo(0.3, 2);
    expect(text).not.toContain('model="who"');
  });

  it('each minute is saved, and is there after a restart', async () => {
    await monitor().save();
    await monitor().save(); // nothing was measured since: nothing is added
    monitor().ran(batch(500));
    await server.close(); // what is left of the minute is saved at the end
    server = await start();
    const first = await server.json<Page>('/api/v1/inference/history?model=gbt@1.1.0&limit=1');
    expect(first.data).toMatchObject([{ version: '1.1.0', runs: 1, stages_ms: { total: { count: 1, max: 500 } } }]);
    const second = await server.json<Page>(`/api/v1/inference/history?model=gbt@1.1.0&limit=1&cursor=${first.next}`);
    expect(second.data).toMatchObject([{ version: '1.1.0', runs: 2, stages_ms: { total: { count: 2, max: 300 } } }]);
    expect(second.next).toBeNull();
    const all = await server.json<Page>('/api/v1/inference/history');
    expect(all.data.map(({ version, timeframe }) => [version, timeframe])).toEqual([
      ['1.1.0', '1m'],
      ['1.0.0', '1m'],
      ['1.0.0', null],
      ['1.1.0', '1m'],
      ['1.0.0', '1m'],
    ]);
    expect((await server.json<{ data: [] }>('/api/v1/inference')).data).toEqual([]);
  });
});

interface Page {
  readonly data: Record<string, unknown>[];
  readonly next: string | null;
}

describe('alerts', () => {
  const DRIFTED: DriftReport = {
    ...{ model: { name: 'gbt', version: '1.0.0' }, timeframe: '1m', rows: 1_000, outputs: [] },
    features: [{ name: 'rsi_14', psi: 0.4, ks: 0.2 }],
  };
  async function evaluate(times: number): Promise<void> {
    for (let i = 0; i < times; i += 1) await monitor().evaluate();
  }
  beforeEach(async () => {
    fresh = await freshDatabase();
    server = await start();
  });
  afterEach(async () => {
    await server.close();
    await fresh.close();
  });

  it('are handed on once when raised and once when cleared, whatever their hearers throw', async () => {
    const heard: Alert[] = [];
    monitor().alerts.tap(
      (alert) => void heard.push(alert),
      () => undefined,
    );
    monitor().alerts.to(() => Promise.reject(new Error('the registry is busy')));
    monitor().drifted(DRIFTED);
    await evaluate(20);
    expect(monitor().open).toEqual(heard);
    monitor().drifted({ ...DRIFTED, features: [{ name: 'rsi_14', psi: 0.1, ks: 0.1 }] });
    await evaluate(20);
    expect(heard.map(({ code, state, value }) => [code, state, value])).toEqual([
      ['DRIFT', 'raised', 0.4],
      ['DRIFT', 'cleared', 0.1],
    ]);
    expect(monitor().open).toEqual([]);
  });

  it('are on record from being raised to being cleared, in either order, and over REST', async () => {
    const record = server.app.get(AlertRecord);
    const at = 1_764_000_000_000;
    const alerts = [1, 2, 3].map((n): Alert => {
      const watched = { code: 'DRIFT', model: { name: 'gbt', version: `1.${n}.0` }, timeframe: '1m' } as const;
      const id = alertId(watched, at + n);
      return { ...watched, id, state: 'raised', value: n, limit: 0.25, message: `raised ${n}`, at: at + n };
    });
    const over = (alert: Alert): Alert => ({
      ...alert,
      state: 'cleared',
      value: 0.1,
      message: 'over',
      at: at + 60_000,
    });
    for (const alert of alerts) await record.keep(alert);
    await record.keep(alerts[0]!); // told twice
    await record.keep(over(alerts[0]!));
    const late = { ...alerts[1]!, id: alertId(alerts[1]!, at + 9) };
    await record.keep(over(late)); // cleared before the database heard that it was raised
    await record.keep(late);

    const page = await server.json<Page>('/api/v1/alerts?limit=3');
    expect(page.data).toMatchObject([
      { id: late.id, state: 'cleared', value: 2, message: 'raised 2', cleared_value: 0.1, note: 'over' },
      { id: alerts[2]!.id, code: 'DRIFT', model: 'gbt', version: '1.3.0', timeframe: '1m', state: 'open', value: 3 },
      { id: alerts[1]!.id, state: 'open', limit: 0.25, cleared_at: null, note: null },
    ]);
    const rest = await server.json<Page>(`/api/v1/alerts?limit=3&cursor=${page.next}`);
    expect(rest).toMatchObject({
      data: [{ id: alerts[0]!.id, raised_at: '2025-11-24T16:00:00.001Z', cleared_at: '2025-11-24T16:01:00.000Z' }],
      next: null,
    });
    const many = async (query: string) => (await server.json<Page>(`/api/v1/alerts?${query}`)).data.length;
    expect(await many('state=open')).toBe(2);
    expect(await many('state=cleared')).toBe(2);
    expect(await many('code=LATENCY')).toBe(0);
    expect(await many('model=gbt@1.3.0&timeframe=1m&state=open&code=DRIFT')).toBe(1);
  });

  it('left open by a process that died are closed at the next start, with a note', async () => {
    const watched = { code: 'QUEUE_DEPTH', model: null, timeframe: null } as const;
    const id = alertId(watched, 1_764_000_000_000);
    await new AlertRepository(fresh.database).save(
      { ...watched, id, state: 'raised', value: 99, limit: 32, message: 'deep', at: 1_764_000_000_000 },
      0,
    );
    const next = await start();
    try {
      expect(await next.json('/api/v1/alerts')).toMatchObject({
        data: [{ id, state: 'cleared', cleared_value: null, note: expect.stringContaining('ended') as string }],
      });
    } finally {
      await next.close();
    }
  });

  it('that are over, and minutes, are deleted after RETENTION_DAYS of exchange time; open ones stay', async () => {
    const [clock, repository] = [server.app.get(ExchangeClock), server.app.get(AlertRepository)];
    const exchangeTime = clock.now();
    for (const [i, timeframe] of (['1m', '5m'] as const).entries()) {
      const watched = { code: 'LATENCY', model: null, timeframe } as const;
      const id = alertId(watched, 1_764_000_000_000);
      const alert: Alert = { ...watched, id, state: 'raised', value: 2, limit: 1, message: '', at: 1_764_000_000_000 };
      await repository.save(alert, exchangeTime);
      if (i === 0) await repository.save({ ...alert, state: 'cleared' }, exchangeTime);
    }
    monitor().ran(batch());
    await monitor().save();
    clock.sync(exchangeTime + 31 * 86_400_000, clock.wallNow());
    const swept = Object.fromEntries(await server.app.get(RetentionJob).sweep());
    expect(swept).toMatchObject({ 'alerts that are over': 1, 'minutes of latencies': 2 });
    expect((await server.json<Page>('/api/v1/alerts')).data).toMatchObject([{ timeframe: '5m', state: 'open' }]);
  });

  it('are told over the websocket', async () => {
    const headers = { authorization: `Bearer ${server.key}` };
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`, { headers });
    await once(socket, 'message');
    monitor().alerts.tap(
      (alert) => server.app.get(SignalFeed).alert(alert),
      () => undefined,
    );
    monitor().drifted(DRIFTED);
    const heard = once(socket, 'message') as Promise<[Buffer]>;
    await evaluate(3);
    const [raw] = await heard;
    socket.close();
    expect(JSON.parse(raw.toString())).toMatchObject({
      type: 'alert',
      data: {
        code: 'DRIFT',
        state: 'raised',
        model: 'gbt',
        version: '1.0.0',
        timeframe: '1m',
        value: 0.4,
        limit: 0.25,
      },
    });
  });
});

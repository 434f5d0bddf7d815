import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import WebSocket from 'ws';
import { AdHocService } from '../../src/batch-inference/ad-hoc/ad-hoc.service.js';
import { BatchInferenceService } from '../../src/batch-inference/batch-inference.service.js';
import { FEATURE_NAMES, featureHashOf, WARM_UP } from '../../src/batch-inference/features/feature-table.js';
import { randomWalk } from '../../src/batch-inference/features/random-walk.js';
import { RunRepository } from '../../src/batch-inference/runs/run.repository.js';
import { WorkerPool } from '../../src/batch-inference/pool/worker-pool.service.js';
import type { AlertJson } from '../../src/domain/alert-json.js';
import type { ActiveModel } from '../../src/domain/model.js';
import type { Pair } from '../../src/domain/pair.js';
import { FeedModule } from '../../src/feed/feed.module.js';
import { SignalFeed } from '../../src/feed/signal.feed.js';
import { ModelRegistryModule } from '../../src/model-registry/model-registry.module.js';
import { AlertRecord } from '../../src/monitoring/alerts/alert-record.service.js';
import { AlertWebhook } from '../../src/monitoring/alerts/alert-webhook.service.js';
import { AlertLog } from '../../src/monitoring/alerts/alert.log.js';
import { InferenceLatencyRepository } from '../../src/monitoring/inference/inference-latency.repository.js';
import { InferenceMonitor } from '../../src/monitoring/inference/inference-monitor.service.js';
import { InferenceMetrics } from '../../src/monitoring/inference/inference.metrics.js';
import { MonitoringModule } from '../../src/monitoring/monitoring.module.js';
import { tellOfAlerts } from '../../src/pipeline.js';
import { ExchangeClock } from '../../src/platform/exchange.clock.js';
import { StrategyService } from '../../src/strategy/strategy.service.js';
import { CLASSIFIER } from '../builders/active-model.js';
import { compiled } from '../builders/compiled.js';
import { eventually } from '../builders/eventually.js';
import { logLines } from '../builders/log-lines.js';
import { nestApp, settingsOf, type NestApp } from '../builders/nest-app.js';
import { writeNet } from '../builders/onnx-model.js';
import { freshDatabase } from '../builders/postgres.js';
import { WebhookSink } from '../builders/webhook-sink.js';

const MINUTE = 60_000;
const SYMBOLS: Pair[] = ['A/USDT', 'B/USDT', 'C/USDT'];
const DEADLINE_MS = 500;

/** A wall clock that somebody may put forward: minutes pass in no time. */
class AheadClock extends ExchangeClock {
  ahead = 0;
  override wallNow(): number {
    return super.wallNow() + this.ahead;
  }
}

const folder = mkdtempSync(join(tmpdir(), 'stalling-'));
const stall = join(folder, 'stall');
const code = compiled('batch-inference', 'engines', 'domain', 'platform');
const clock = new AheadClock(1);
let fresh: Awaited<ReturnType<typeof freshDatabase>>;
let server: NestApp;
let sink: WebhookSink;
let lines: string[];
let pool: WorkerPool;
let inference: BatchInferenceService;
let monitor: InferenceMonitor;
/** Rows of each interval so far. */
const answered: number[] = [];

/** The real worker, whose thread stands still for a while before each run as long as the file `stall` is there. */
function stallingWorker(): URL {
  const real = pathToFileURL(join(code.src, 'batch-inference/pool/inference.worker.js')).href;
  const file = join(code.src, 'batch-inference/stalling.worker.js');
  writeFileSync(
    file,
    `import { existsSync } from 'node:fs';
     import { parentPort } from 'node:worker_threads';
     parentPort.on('message', (message) => {
       if (message.kind === 'run' && existsSync(${JSON.stringify(stall)}))
         Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${3 * DEADLINE_MS});
     });
     await import(${JSON.stringify(real)});`,
  );
  return pathToFileURL(file);
}

const model: ActiveModel = {
  ...{ name: 'net', version: '1.0.0', file: join(folder, 'net.onnx'), timeframes: ['1m'], window: 1, ...CLASSIFIER },
  ...{ input: 'x', output: 'probabilities', variant: { engine: 'onnx', provider: 'cpu', precision: 'full' } },
  features: FEATURE_NAMES.slice(0, 12).map((name) => ({ name, mean: 0, std: 1, importance: 1 / 12 })),
};

/** One interval, from its candles to what the monitor makes of it. @returns rows answered */
async function interval(): Promise<number> {
  const at = randomWalk(0, 1, '1m', WARM_UP + answered.length).openTime[0]!;
  const candle = { timeframe: '1m', openTime: at, open: 100, high: 101, low: 99, close: 100, volume: 9 } as const;
  const receivedAt = clock.wallNow();
  inference.absorb(SYMBOLS.map((symbol) => ({ ...candle, symbol, source: 'stream', receivedAt })));
  await inference.run({
    ...{ timeframe: '1m', openTime: at, symbols: SYMBOLS, absent: new Map() },
    ...{ exchangeClosedAt: receivedAt, receivedAt },
  });
  return answered.at(-1)!;
}

beforeAll(async () => {
  [fresh, sink] = await Promise.all([freshDatabase(), WebhookSink.open()]);
  const registry = ModelRegistryModule.withFeatures({ names: FEATURE_NAMES, hashOf: featureHashOf });
  const modules = [{ ...registry, global: true }, MonitoringModule, FeedModule];
  server = await nestApp(modules, fresh.dataSource, { ALERT_WEBHOOK_URL: sink.url });
  lines = logLines();

  writeNet(model.file, { features: 12, hidden: 16, layers: 1 });
  const settings = settingsOf();
  pool = new WorkerPool({ workers: 1, timeoutMs: DEADLINE_MS, entry: stallingWorker() });
  inference = new BatchInferenceService(settings, clock, pool, new RunRepository(fresh.database));
  const of = <T>(type: new (...injected: never[]) => T): T => server.app.get<T>(type);
  const adHoc = new AdHocService(settings, clock, inference, pool);
  const history = new InferenceLatencyRepository(fresh.database);
  monitor = new InferenceMonitor(settings, clock, of(StrategyService), inference, adHoc, of(InferenceMetrics), history);
  tellOfAlerts({
    ...{
      monitor,
      alertLog: of(AlertLog),
      alertRecord: of(AlertRecord),
      feed: of(SignalFeed),
      webhook: of(AlertWebhook),
    },
    report: (error) => lines.push(`error ${String(error)}`),
  });
  inference.predictions.to((batch) => {
    answered.push(batch.runs[0]!.answered.reduce((sum, one) => sum + one, 0));
    monitor.ran(batch);
  });
  await inference.start();
  await inference.adopt([model]);
  for (const symbol of SYMBOLS) inference.warmUp({ ...randomWalk(symbol.charCodeAt(0), WARM_UP, '1m'), symbol });
});
afterAll(async () => {
  await inference.stop();
  await server.close();
  await Promise.all([fresh.close(), sink.close()]);
  code.remove();
  rmSync(folder, { recursive: true, force: true });
});

it('a model that stalls raises one alert, and clears it once after it has recovered, for everyone who hears', async () => {
  const headers = { authorization: `Bearer ${server.key}` };
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`, { headers });
  const heard: AlertJson[] = [];
  socket.on('message', (raw: Buffer) => {
    const { type, data } = JSON.parse(raw.toString()) as { type: string; data: AlertJson };
    if (type === 'alert') heard.push(data);
  });
  await once(socket, 'open');
  const states = (alerts: readonly AlertJson[]) =>
    alerts.filter(({ code: of }) => of === 'MISSED_DEADLINES').map(({ state, model: name }) => `${name} ${state}`);
  const evaluate = async (times: number) => {
    for (let i = 0; i < times; i += 1) await monitor.evaluate();
  };
  // A busy machine may raise others besides.
  const isOpen = () => monitor.open.some(({ code: of }) => of === 'MISSED_DEADLINES');

  expect(await interval()).toBe(SYMBOLS.length);
  await evaluate(20);
  expect(isOpen()).toBe(false);
  await monitor.show();
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toContain('nv_inference_pending_request_count{model="net",version="1.0.0"} 0\n');

  writeFileSync(stall, '');
  for (let i = 0; i < 3; i += 1) {
    expect(await interval()).toBe(0);
    await evaluate(20);
  }
  await eventually('the webhook', () => states(sink.taken).length > 0);
  expect(isOpen()).toBe(true);

  rmSync(stall);
  await eventually('a worker that answers again', async () => (await interval()) === SYMBOLS.length);
  await evaluate(20);
  expect(isOpen()).toBe(true); // it was less than five minutes ago
  clock.ahead += 6 * MINUTE;
  expect(await interval()).toBe(SYMBOLS.length);
  await evaluate(20);
  expect(isOpen()).toBe(false);
  await monitor.alerts.idle();
  await eventually('the webhook', () => states(sink.taken).length > 1);
  await eventually('the websocket', () => states(heard).length > 1);
  socket.close();

  expect(states(sink.taken)).toEqual(['net raised', 'net cleared']);
  expect(states(heard)).toEqual(['net raised', 'net cleared']);
  const said = lines.filter((line) => line.includes('MISSED_DEADLINES'));
  expect(said).toEqual([
    expect.stringMatching(
      /^error \[Alert\] MISSED_DEADLINES raised: net@1\.0\.0 1m: .* above 5 %; roll the version back/,
    ),
    expect.stringMatching(/^info \[Alert\] MISSED_DEADLINES cleared: net@1\.0\.0 1m: /),
  ]);
  const { data } = await server.json<{ data: object[] }>('/api/v1/alerts?code=MISSED_DEADLINES');
  expect(data).toEqual([
    expect.objectContaining({ model: 'net', version: '1.0.0', timeframe: '1m', state: 'cleared', cleared_value: 0 }),
  ]);
});

import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchInferenceService } from '../src/batch-inference/batch-inference.service.js';
import { workerCount } from '../src/engines/provider.js';
import { RunRepository } from '../src/batch-inference/runs/run.repository.js';
import { WorkerPool } from '../src/batch-inference/pool/worker-pool.service.js';
import type { Interval } from '../src/domain/interval.js';
import type { Pair } from '../src/domain/pair.js';
import type { PredictionBatch } from '../src/domain/prediction.js';
import { durationOf, TIMEFRAMES } from '../src/domain/timeframe.js';
import { load } from '../src/platform/config/load.js';
import { Settings } from '../src/platform/config/settings.js';
import { Database } from '../src/platform/database/database.service.js';
import { EmbeddedPostgres } from '../src/platform/database/embedded-postgres.service.js';
import { openDatabase } from '../src/platform/database/postgres.data-source.js';
import { ExchangeClock, wallNow } from '../src/platform/exchange.clock.js';
import { SignalRepository } from '../src/strategy/signal.repository.js';
import { StrategyService } from '../src/strategy/strategy.service.js';
import { Alone, type Market } from './alone.js';
import { LoopDelay } from './loop-delay.js';
import { shippedModels } from './models.js';
import { RandomWalk } from './random-walk.js';
import { quantile, ratio, round, type BenchReport, type Ratio } from './report.js';

const SIZES = [
  { symbols: 25, timeframes: 2 },
  { symbols: 125, timeframes: 4 },
  { symbols: 500, timeframes: 4 },
] as const;
const ROUNDS = 30;
const UNCOUNTED = 3;
const HISTORY = 300;
/** Every timeframe of the bench closes here. */
const BOUNDARY = Date.UTC(2026, 0, 1);

const STAGES = [
  'wait for features',
  'inference',
  'decide',
  'between',
  'total',
  'saved',
  'features alone, one thread',
  'models alone, ready tensors, one thread',
] as const;
type Samples = Record<(typeof STAGES)[number], number[]>;

const METHOD = `${ROUNDS} boundaries at which all timeframes close at once, the longest run first; every row saved to a
durable PostgreSQL beside the path. "wait for features": from the candles' arrival, and then from each run's start, until
the first model's tensor is ready (later models' rows are packed while the first infers); "inference": first model begun to
last model's output, a run; "between": what is left of the total. "features alone": absorbing the same candles and packing
the same rows for all models, nothing hidden behind inference. The reference runs the same models on the same kind of rows,
engine and options, round by round beside the runs so that a loaded machine loads both; each of its rounds is run twice and
the second counts. Main-loop delay: how late 1 ms timers fire while a boundary goes on, saving included.`.replaceAll(
  '\n',
  ' ',
);

function settingsFor(databaseUrl: string): Settings {
  const loaded = load({ INFERENCE_TIMEOUT: '60' }); // a bench waits; the deadline has its own tests
  if ('faults' in loaded) throw new Error(JSON.stringify(loaded.faults));
  const exchange = { restUrl: 'none:', wsUrl: 'none:', speed: 1 };
  const home = tmpdir();
  const resolved = { databaseUrl, exchange, home, modelsDir: resolve('models'), version: 'bench', startedAt: 0 };
  return new Settings(loaded.config, resolved);
}

/** The stages that are measured, joined as in pipeline.ts, with the real database beside them. */
function assemble(database: Database, settings: Settings) {
  const clock = new ExchangeClock(1);
  const workers = workerCount(0, availableParallelism());
  const pool = new WorkerPool({ workers, timeoutMs: 60_000 });
  const inference = new BatchInferenceService(settings, clock, pool, new RunRepository(database));
  const strategy = new StrategyService(settings, new SignalRepository(database), clock);
  const report = (error: unknown) => {
    throw error;
  };
  inference.predictions.to((batch) => strategy.decide(batch));
  strategy.decisions.tap(async ({ batch, signals }) => {
    await Promise.all([inference.record(batch), strategy.record(signals)]);
    inference.stamp(batch, 'saved');
    inference.stamp(batch, 'published');
    await inference.complete(batch);
  }, report);
  const handedOn: { batch?: PredictionBatch } = {};
  strategy.decisions.to(({ batch }) => void (handedOn.batch = batch));
  return { inference, strategy, handedOn };
}

type System = ReturnType<typeof assemble>;

function marketOf(symbolCount: number, timeframeCount: number): Market {
  const timeframes = TIMEFRAMES.slice(0, timeframeCount);
  const symbols = Array.from({ length: symbolCount }, (_, i): Pair => `C${i}/USDT`);
  const walks = timeframes.flatMap((timeframe) =>
    symbols.map(
      (symbol, i) => new RandomWalk(symbol, timeframe, BOUNDARY - HISTORY * durationOf(timeframe), i * 7 + 1),
    ),
  );
  return { walks, symbols, timeframes };
}

/** One boundary at which every series closes: candles in, all signals handed on. Longest timeframe first, as in life. */
async function closeAll(
  { inference, strategy, handedOn }: System,
  { walks, symbols, timeframes }: Market,
  samples?: Samples,
): Promise<void> {
  const candles = walks.map((walk) => walk.next());
  const began = wallNow();
  inference.absorb(candles);
  let features = wallNow() - began;
  let inferenceMs = 0;
  let decide = 0;
  for (const timeframe of [...timeframes].reverse()) {
    const openTime = candles.find((candle) => candle.timeframe === timeframe)!.openTime;
    const interval: Interval = {
      timeframe,
      openTime,
      symbols,
      absent: new Map(),
      exchangeClosedAt: began,
      receivedAt: began,
    };
    await inference.run(interval);
    const moments = handedOn.batch!.runs.map((run) => run.moments);
    features += Math.min(...moments.map(({ featured }) => featured!)) - moments[0]!.started!;
    inferenceMs +=
      Math.max(...moments.map(({ inferred }) => inferred!)) - Math.min(...moments.map(({ inferring }) => inferring!));
    decide += moments[0]!.decided! - Math.max(...moments.map(({ inferred }) => inferred!));
  }
  const ended = wallNow();
  await strategy.decisions.idle();
  if (!samples) return;
  samples['wait for features'].push(features);
  samples.inference.push(inferenceMs);
  samples.decide.push(decide);
  samples.between.push(ended - began - features - inferenceMs - decide);
  samples.total.push(ended - began);
  samples.saved.push(wallNow() - began);
}

async function measureAlone(alone: Alone, samples: Samples): Promise<void> {
  samples['features alone, one thread'].push(alone.features());
  await alone.models();
  samples['models alone, ready tensors, one thread'].push(await alone.models());
}

/** One size of the system. */
async function measure(system: System, symbols: number, timeframes: number): Promise<[Samples, LoopDelay]> {
  await system.inference.start();
  await system.inference.adopt(shippedModels('served'));
  const market = marketOf(symbols, timeframes);
  market.walks.forEach((walk) => system.inference.warmUp(walk.columns(HISTORY)));
  const alone = new Alone(marketOf(symbols, timeframes), HISTORY);
  await alone.load();
  const samples = Object.fromEntries(STAGES.map((stage) => [stage, [] as number[]])) as Samples;
  const delay = new LoopDelay();
  for (let i = -UNCOUNTED; i < ROUNDS; i++) {
    if (i >= 0) delay.on();
    await closeAll(system, market, i >= 0 ? samples : undefined);
    delay.off();
    await sleep(20);
    await measureAlone(alone, i >= 0 ? samples : structuredClone(samples));
    await sleep(20);
  }
  await system.inference.stop();
  await alone.release();
  return [samples, delay];
}

function percentiles(series: number, stage: string, samples: readonly number[]): Record<string, string | number> {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => round(quantile(samples, q)));
  return { series, stage, 'ms p50': p50!, 'ms p95': p95!, 'ms p99': p99! };
}

function judge(series: number, samples: Samples, delay: LoopDelay): Ratio[] {
  const p50 = (stage: (typeof STAGES)[number]) => quantile(samples[stage], 0.5);
  const goal = (text: string) => (series === 2000 ? text : null);
  const run = `candles closed → signals handed on, ${series} series`;
  const models = 'the same ONNX models alone on ready tensors, one thread';
  return [
    ratio(run, models, p50('total') / p50('models alone, ready tensors, one thread'), goal('<= 1.5')),
    ratio(
      `wait for features, ${series} series`,
      'the whole run',
      p50('wait for features') / p50('total'),
      goal('<= 0.2'),
    ),
    ratio(`features alone, ${series} series`, 'the whole run', p50('features alone, one thread') / p50('total'), null),
    ratio(`main-loop delay p99 in runs, ${series} series`, '5 ms', quantile(delay.samples, 0.99) / 5, goal('<= 1')),
  ];
}

/** Candles closed → all signals handed on, at one boundary where every timeframe closes. */
export default async function pipeline(): Promise<BenchReport> {
  const home = mkdtempSync(join(tmpdir(), 'alphapulse-bench-'));
  const server = await EmbeddedPostgres.start({ home });
  const table: Record<string, string | number>[] = [];
  const ratios: Ratio[] = [];
  try {
    const dataSource = await openDatabase(server.url);
    const settings = settingsFor(server.url);
    for (const { symbols, timeframes } of SIZES) {
      const series = symbols * timeframes;
      const [samples, delay] = await measure(assemble(new Database(dataSource), settings), symbols, timeframes);
      table.push(...STAGES.map((stage) => percentiles(series, stage, samples[stage])));
      table.push(percentiles(series, 'main-loop delay', delay.samples));
      ratios.push(...judge(series, samples, delay));
    }
    await dataSource.destroy();
  } finally {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  }
  return { name: 'pipeline', method: METHOD, table, ratios };
}

import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchInferenceService } from '../src/batch-inference/batch-inference.service.js';
import { OnnxEngine } from '../src/batch-inference/engines/onnx.engine.js';
import { workerCount } from '../src/batch-inference/engines/provider.js';
import { featureColumnsOf } from '../src/batch-inference/features/feature-table.js';
import { specOf } from '../src/batch-inference/model-spec.js';
import { RunRepository } from '../src/batch-inference/run.repository.js';
import { SeriesBook } from '../src/batch-inference/series-book.js';
import { WorkerPool } from '../src/batch-inference/worker-pool.service.js';
import type { Interval } from '../src/domain/interval.js';
import type { Pair } from '../src/domain/pair.js';
import type { PredictionBatch } from '../src/domain/prediction.js';
import { durationOf, TIMEFRAMES, type Timeframe } from '../src/domain/timeframe.js';
import { load } from '../src/platform/config/load.js';
import { Settings } from '../src/platform/config/settings.js';
import { Database } from '../src/platform/database/database.service.js';
import { EmbeddedPostgres } from '../src/platform/database/embedded-postgres.service.js';
import { openDatabase } from '../src/platform/database/postgres.data-source.js';
import { ExchangeClock, wallNow } from '../src/platform/exchange.clock.js';
import { SignalRepository } from '../src/strategy/signal.repository.js';
import { StrategyService } from '../src/strategy/strategy.service.js';
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

type Stage = 'absorb' | 'features' | 'inference' | 'decide' | 'total' | 'saved';
type Samples = Record<Stage, number[]>;

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
  const workers = workerCount(0, availableParallelism(), 'auto');
  const pool = new WorkerPool({ workers, timeoutMs: 60_000, provider: 'auto' });
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

interface Market {
  readonly walks: readonly RandomWalk[];
  readonly symbols: readonly Pair[];
  readonly timeframes: readonly Timeframe[];
}

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
  const absorbed = wallNow();
  let features = 0;
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
    features += Math.max(...moments.map(({ featured }) => featured!)) - moments[0]!.started!;
    inferenceMs +=
      Math.max(...moments.map(({ inferred }) => inferred!)) - Math.min(...moments.map(({ inferring }) => inferring!));
    decide += moments[0]!.decided! - Math.max(...moments.map(({ inferred }) => inferred!));
  }
  const ended = wallNow();
  await strategy.decisions.idle();
  if (!samples) return;
  samples.absorb.push(absorbed - began);
  samples.features.push(absorbed - began + features);
  samples.inference.push(inferenceMs);
  samples.decide.push(decide);
  samples.total.push(ended - began);
  samples.saved.push(wallNow() - began);
}

/** The reference: the same models on the same rows, their tensors ready, alone on one thread. @returns ms, median */
async function modelsAlone({ symbols, timeframes }: Market): Promise<number> {
  const book = new SeriesBook();
  const { walks } = marketOf(symbols.length, timeframes.length);
  for (const walk of walks) {
    const columns = walk.columns(HISTORY + UNCOUNTED + 1);
    columns.openTime.forEach((_, row) => book.absorbRow(columns, row));
  }
  const calls = await Promise.all(
    shippedModels().map(async (model) => {
      const engine = new OnnxEngine('cpu');
      await engine.load(specOf(model));
      const columns = featureColumnsOf(model.features.map(({ name }) => name));
      const width = model.window * columns.length;
      const inputs = timeframes.map((timeframe) => {
        const input = new Float32Array(symbols.length * width);
        symbols.forEach((symbol, row) => {
          const series = book.find(symbol, timeframe)!;
          if (!book.copy(series, columns, model.window, input, row * width)) throw new Error(`${symbol} is not warm`);
        });
        return input;
      });
      return { engine, inputs };
    }),
  );
  const output = new Float32Array(symbols.length * 3);
  const times: number[] = [];
  for (let i = 0; i < ROUNDS + UNCOUNTED; i++) {
    const from = performance.now();
    for (let t = 0; t < timeframes.length; t++) {
      for (const { engine, inputs } of calls) await engine.run(symbols.length, inputs[t]!, output);
    }
    if (i >= UNCOUNTED) times.push(performance.now() - from);
    await sleep(20);
  }
  await Promise.all(calls.map(({ engine }) => engine.release()));
  return quantile(times, 0.5);
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
      const system = assemble(new Database(dataSource), settings);
      await system.inference.start();
      await system.inference.adopt(shippedModels());
      const market = marketOf(symbols, timeframes);
      market.walks.forEach((walk) => system.inference.warmUp(walk.columns(HISTORY)));
      const samples: Samples = { absorb: [], features: [], inference: [], decide: [], total: [], saved: [] };
      for (let i = 0; i < UNCOUNTED; i++) await closeAll(system, market);
      const delay = new LoopDelay();
      for (let i = 0; i < ROUNDS; i++) {
        delay.on();
        await closeAll(system, market, samples);
        delay.off();
        await sleep(20);
      }
      await system.inference.stop();
      const alone = await modelsAlone(market);
      for (const stage of ['absorb', 'features', 'inference', 'decide', 'total', 'saved'] as const) {
        const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => round(quantile(samples[stage], q)));
        table.push({ series, stage, 'ms p50': p50!, 'ms p95': p95!, 'ms p99': p99! });
      }
      table.push({ series, stage: 'models alone, ready tensors', 'ms p50': round(alone), 'ms p95': '', 'ms p99': '' });
      table.push({
        series,
        stage: 'main-loop delay',
        'ms p50': round(quantile(delay.samples, 0.5)),
        'ms p95': round(quantile(delay.samples, 0.95)),
        'ms p99': round(quantile(delay.samples, 0.99)),
      });
      const total = quantile(samples.total, 0.5);
      ratios.push(
        ratio(
          `candles closed → signals handed on, ${series} series`,
          'the same ONNX models alone on ready tensors, one thread',
          total / alone,
          series === 2000 ? '<= 1.5' : null,
        ),
      );
      ratios.push(
        ratio(
          `features, ${series} series`,
          'the whole run',
          quantile(samples.features, 0.5) / total,
          series === 2000 ? '<= 0.2' : null,
        ),
      );
      ratios.push(
        ratio(
          `main-loop delay p99 in runs, ${series} series`,
          '5 ms',
          quantile(delay.samples, 0.99) / 5,
          series === 2000 ? '<= 1' : null,
        ),
      );
    }
    await dataSource.destroy();
  } finally {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  }
  return {
    name: 'pipeline',
    method: `${ROUNDS} boundaries at which all timeframes close at once; every row saved to a durable PostgreSQL beside the path; features = absorbing the candles + gathering the rows.`,
    table,
    ratios,
  };
}

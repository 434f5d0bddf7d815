import { Histogram, Registry } from 'prom-client';
import { CLASSES, type ModelRef } from '../src/domain/model.js';
import type { Pair } from '../src/domain/pair.js';
import { runId, type ModelRun, type PredictionBatch } from '../src/domain/prediction.js';
import type { Role } from '../src/domain/role.js';
import { stageDurations } from '../src/domain/stage.js';
import { TIMEFRAMES, type Timeframe } from '../src/domain/timeframe.js';
import { readingsOf } from '../src/monitoring/alerts/readings.js';
import { InferenceRecord } from '../src/monitoring/inference/inference-record.js';
import { quantile, ratio, round, type BenchReport } from './report.js';

const SYMBOLS = 500;
const BATCHES = 20_000;
const UNCOUNTED = 2_000;
const POLICY = {
  ...{ minConfidence: 0.4, minEdge: 0, minAgreement: 1, cooldownCandles: 0 },
  ...{ stopLossAtr: 1, takeProfitAtr: 1 },
};

const METHOD =
  `One completed batch of ${SYMBOLS} symbols, two models and a shadow of one of them, ${BATCHES} times, on ${TIMEFRAMES.length} timeframes: recorded
by model, engine and timeframe into 1, 5 and 15 minutes and since start, every stage, reasons and flips. Against prom-client
observing the same durations once. Evaluating reads every alert's value of all that is on record.`.replaceAll(
    '\n',
    ' ',
  );

/** What watching a batch costs the main loop beside the path. */
export default async function monitor(): Promise<BenchReport> {
  const record = new InferenceRecord();
  const observed = new Histogram({
    ...{ name: 'stage', help: 'stage', labelNames: ['stage', 'timeframe'], registers: [new Registry()] },
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  });
  const batches = TIMEFRAMES.map((timeframe) => batch(timeframe));
  let now = 1_764_000_000_000;
  const ours = timed(BATCHES, (i) => record.ran(batches[i % batches.length]!, POLICY, (now += 100)));
  const theirs = timed(BATCHES, (i) => {
    const { runs, timeframe } = batches[i % batches.length]!;
    for (const { moments } of runs) {
      for (const [stage, ms] of Object.entries(stageDurations(moments)))
        observed.observe({ stage, timeframe }, ms / 1000);
    }
  });
  const evaluated = timed(BATCHES / 10, () => record.all.flatMap((one) => readingsOf(one, now)));
  const row = (what: string, us: readonly number[]) => ({
    ...{ what, p50_us: round(quantile(us, 0.5), 1), p99_us: round(quantile(us, 0.99), 1) },
  });
  return {
    name: 'monitor',
    method: METHOD,
    table: [
      row('one batch recorded', ours),
      row('the same stages, prom-client', theirs),
      row(`one evaluation of ${record.all.length} models and timeframes`, evaluated),
    ],
    ratios: [
      ratio(
        'one batch recorded, p50',
        'prom-client, the same stages',
        quantile(ours, 0.5) / quantile(theirs, 0.5),
        null,
      ),
      ratio('one batch recorded, p50', '1 ms of the main loop', quantile(ours, 0.5) / 1_000, '<= 1'),
      ratio('one evaluation, p50', '1 ms of the main loop', quantile(evaluated, 0.5) / 1_000, '<= 1'),
    ],
  };
}

function batch(timeframe: Timeframe): PredictionBatch {
  const symbols = Array.from({ length: SYMBOLS }, (_, i): Pair => `S${i}/USDT`);
  const price = new Float64Array(SYMBOLS).fill(100);
  const run = (model: ModelRef, role: Role) => runOf(model, role, timeframe);
  return {
    ...{ timeframe, openTime: 0, symbols, close: price, atr: price },
    runs: [
      run({ name: 'gbt', version: '1.0.0' }, 'active'),
      run({ name: 'tcn', version: '1.0.0' }, 'active'),
      run({ name: 'gbt', version: '1.1.0' }, 'shadow'),
    ],
  };
}

function runOf(model: ModelRef, role: Role, timeframe: Timeframe): ModelRun {
  const moments = { exchangeClosed: 0, received: 20, started: 21, featured: 24, inferring: 25, inferred: 32 };
  return {
    ...{ id: runId(model, timeframe, 0), model, role, weight: 1, engine: 'tree', abstentions: new Map() },
    ...{ columns: CLASSES.length, classes: CLASSES },
    voting: new Uint8Array(SYMBOLS).fill(role === 'active' ? 1 : 0),
    probabilities: Float32Array.from(
      { length: SYMBOLS * CLASSES.length },
      (_, i) => [0.1, 0.2, 0.7][(i + (i % 7)) % 3]!,
    ),
    answered: new Uint8Array(SYMBOLS).fill(1),
    moments: { ...moments, decided: 33, saved: 41, published: 42 },
    topFeatures: () => [],
  };
}

/** @returns µs of each counted call */
function timed(calls: number, work: (i: number) => unknown): number[] {
  const times: number[] = [];
  for (let i = 0; i < calls; i += 1) {
    const began = performance.now();
    work(i);
    if (i >= Math.min(UNCOUNTED, calls / 2)) times.push((performance.now() - began) * 1000);
  }
  return times;
}

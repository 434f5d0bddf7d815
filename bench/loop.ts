import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FEATURE_NAMES } from '../src/batch-inference/features/feature-table.js';
import { CLASSES, refOf, variantLabel, type ActiveModel } from '../src/domain/model.js';
import { CandlePath, TIMEFRAME, walksOf } from './candle-path.js';
import { LoopDelay } from './loop-delay.js';
import { ON_CPU, shippedModels } from './models.js';
import { quantile, ratio, round, type BenchReport } from './report.js';
import { mlp } from './seeded-nets.js';

const ROWS = 10_000;
const ROUNDS = 20;
const UNCOUNTED = 3;

const METHOD =
  `${ROWS} symbols of one timeframe close at once, ${ROUNDS} times: features, then one batch of ${ROWS} rows a model
through one worker, saved to a durable PostgreSQL beside the path. Main-loop delay: how late 1 ms timers fire from the candles'
arrival until everything is saved.`.replaceAll('\n', ' ');

/** Of all counted rounds, ms. */
interface Samples {
  readonly handedOn: number[];
  readonly saved: number[];
  /** Main-loop delays until the predictions were handed on, and from then on. */
  readonly onPath: number[];
  readonly beside: number[];
}

/** How long a batch of 10,000 rows keeps the main loop from its other work. */
export default async function loop(): Promise<BenchReport> {
  const folder = mkdtempSync(join(tmpdir(), 'alphapulse-bench-'));
  const path = await CandlePath.start();
  try {
    const models = [net(folder), ...shippedModels('served').filter(({ name }) => name === 'gbt')];
    await path.adopt(models.map((model) => ({ ...model, timeframes: [TIMEFRAME] })));
    const { handedOn, saved, onPath, beside } = await measure(path);
    const all = [...onPath, ...beside];
    const names = models.map((model) => `${refOf(model)} (${variantLabel(model.variant)})`).join(' and ');
    const row = (what: string, samples: readonly number[]) => ({ what, ...percentiles(samples) });
    return {
      name: 'loop',
      method: `${METHOD} Models: ${names}.`,
      table: [
        row('candles closed → predictions handed on', handedOn),
        row('candles closed → all saved', saved),
        row('main-loop delay until the predictions are handed on', onPath),
        row('main-loop delay after that, while they are saved', beside),
        row('main-loop delay, all', all),
      ],
      ratios: [ratio(`main-loop delay p99, batches of ${ROWS} rows`, '5 ms', quantile(all, 0.99) / 5, '<= 1')],
    };
  } finally {
    await path.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(path: CandlePath): Promise<Samples> {
  const samples: Samples = { handedOn: [], saved: [], onPath: [], beside: [] };
  const walks = walksOf(ROWS);
  await path.warmUp(walks);
  for (let i = -UNCOUNTED; i < ROUNDS; i += 1) {
    const candles = walks.map((walk) => walk.next());
    await sleep(50);
    const delay = new LoopDelay();
    const began = performance.now();
    delay.on();
    const { ms, batch } = await path.close(candles);
    const onPath = delay.samples.length;
    await path.saved();
    const saved = performance.now() - began;
    await sleep(2); // the timer that is due fires too
    delay.off();
    const silent = batch.runs.find(({ answered }) => answered.includes(0));
    if (silent) throw new Error(`${refOf(silent.model)} left rows unanswered`);
    if (i < 0) continue;
    samples.handedOn.push(ms);
    samples.saved.push(saved);
    samples.onPath.push(...delay.samples.slice(0, onPath));
    samples.beside.push(...delay.samples.slice(onPath));
  }
  return samples;
}

function net(folder: string): ActiveModel {
  const { bytes, features, window } = mlp(64, 256, 128);
  const file = join(folder, 'mlp.onnx');
  writeFileSync(file, bytes);
  return {
    ...{ name: 'mlp', version: '1.0.0', file, variant: ON_CPU, timeframes: [TIMEFRAME], window, weight: 1 },
    ...{ columns: CLASSES.length, classes: CLASSES, dtype: { input: 'float32', output: 'float32' } },
    ...{ role: 'active', share: 0 },
    features: FEATURE_NAMES.slice(0, features).map((name) => ({ name, mean: 0, std: 1, importance: 0 })),
    ...{ input: 'x', output: 'y' },
  };
}

function percentiles(samples: readonly number[]): Record<string, number> {
  const [p50, p99, most] = [0.5, 0.99, 1].map((q) => round(quantile(samples, q)));
  return { 'ms p50': p50!, 'ms p99': p99!, 'ms most': most! };
}

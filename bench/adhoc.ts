import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { Worker } from 'node:worker_threads';
import { DataSource } from 'typeorm';
import { AdHocService } from '../src/batch-inference/ad-hoc/ad-hoc.service.js';
import { BatchInferenceService } from '../src/batch-inference/batch-inference.service.js';
import { RunRepository } from '../src/batch-inference/runs/run.repository.js';
import { WorkerPool } from '../src/batch-inference/pool/worker-pool.service.js';
import { refOf, type ActiveModel } from '../src/domain/model.js';
import { load } from '../src/platform/config/load.js';
import { Settings } from '../src/platform/config/settings.js';
import { Database } from '../src/platform/database/database.service.js';
import { ExchangeClock } from '../src/platform/exchange.clock.js';
import type { BareModel } from './bare-session.js';
import { shippedModels } from './models.js';
import { quantile, ratio, round, type BenchReport, type Ratio } from './report.js';

const MODELS = ['tcn', 'gbt'];
const ROUNDS = 5_000;
const UNCOUNTED = 500;
const CLIENTS = 64;
const CROWD_MS = 3_000;

const METHOD =
  `One row from the main thread and back, ${ROUNDS} times each in turn. AlphaPulse: AdHocService.predict, one worker of the
real pool. Against: a bare worker that calls session.run on each message's row, the same file, one thread. Then ${CLIENTS}
clients at once, each asking for one row after another, for ${CROWD_MS / 1000} s.`.replaceAll('\n', ' ');

/** Asks for one row's answer. */
type Ask = (row: Float32Array) => Promise<unknown>;

/** The micro-batcher against nothing at all around the session. */
export default async function adhoc(): Promise<BenchReport> {
  const models = shippedModels('onnx').filter(({ name }) => MODELS.includes(name));
  const ours = await Ours.start(models);
  const table: Record<string, string | number>[] = [];
  const ratios: Ratio[] = [];
  try {
    for (const model of models) {
      const bare = await Bare.start(model);
      const [asked, told]: [number[], number[]] = [[], []];
      const ask: Ask = (row) => ours.ask(model, row);
      for (let i = -UNCOUNTED; i < ROUNDS; i += 1) {
        const [mine, theirs] = [await timed(ask, rowOf(model, i)), await timed(bare.ask, rowOf(model, i))];
        if (i >= 0) asked.push(mine);
        if (i >= 0) told.push(theirs);
      }
      const crowd = { ours: await crowded(ask, model), bare: await crowded(bare.ask, model) };
      await bare.end();
      const row = (work: string, samples: readonly number[], perSecond: number) => ({
        ...{
          model: refOf(model),
          work,
          'ms p50': round(quantile(samples, 0.5)),
          'ms p99': round(quantile(samples, 0.99)),
        },
        [`rows/s, ${CLIENTS} clients`]: Math.round(perSecond),
      });
      table.push(row('AdHocService.predict', asked, crowd.ours), row('bare session.run in a worker', told, crowd.bare));
      const compare = (what: string, value: number, goal: string | null) =>
        ratios.push(ratio(`${refOf(model)}: one row, ${what}`, 'bare session.run in a worker', value, goal));
      compare('p99', quantile(asked, 0.99) / quantile(told, 0.99), '<= 2');
      compare('p50', quantile(asked, 0.5) / quantile(told, 0.5), null);
      compare(`rows a second of ${CLIENTS} clients`, crowd.ours / crowd.bare, null);
    }
    return { name: 'adhoc', method: METHOD, table, ratios };
  } finally {
    await ours.stop();
  }
}

async function timed(ask: Ask, row: Float32Array): Promise<number> {
  const from = performance.now();
  await ask(row);
  return performance.now() - from;
}

/** @returns answers a second */
async function crowded(ask: Ask, model: ActiveModel): Promise<number> {
  const from = performance.now();
  let answers = 0;
  const client = async (seed: number) => {
    for (; performance.now() - from < CROWD_MS; answers += 1) await ask(rowOf(model, seed + answers));
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, i) => client(i)));
  return (answers * 1000) / (performance.now() - from);
}

function rowOf({ window, features }: ActiveModel, seed: number): Float32Array {
  return Float32Array.from({ length: window * features.length }, (_, i) => {
    const { mean, std } = features[i % features.length]!;
    return mean + std * Math.sin((i + seed) * 12.9898);
  });
}

/** BatchInference as it is in life, without a database: no interval closes. */
class Ours {
  private constructor(
    private readonly inference: BatchInferenceService,
    private readonly adHoc: AdHocService,
  ) {}

  static async start(models: readonly ActiveModel[]): Promise<Ours> {
    const loaded = load({ INFERENCE_TIMEOUT: '60' }); // a bench waits; the deadline has its own tests
    if ('faults' in loaded) throw new Error(JSON.stringify(loaded.faults));
    const exchange = { restUrl: 'none:', wsUrl: 'none:', speed: 1 };
    const where = {
      databaseUrl: 'none:',
      exchange,
      home: tmpdir(),
      modelsDir: tmpdir(),
      version: 'bench',
      startedAt: 0,
    };
    const settings = new Settings(loaded.config, where);
    const pool = new WorkerPool({ workers: 1, timeoutMs: 60_000 });
    const runs = new RunRepository(new Database(new DataSource({ type: 'postgres' })));
    const clock = new ExchangeClock(1);
    const inference = new BatchInferenceService(settings, clock, pool, runs);
    await inference.start();
    await inference.adopt(models);
    return new Ours(inference, new AdHocService(settings, clock, inference, pool));
  }

  async ask({ name, version }: ActiveModel, input: Float32Array): Promise<void> {
    const answer = await this.adHoc.predict({ name, version, rows: 1, input, timeoutMs: 60_000 });
    if (!answer.answered) throw new Error(`${answer.code}: ${answer.message}`);
  }

  stop(): Promise<void> {
    return this.inference.stop();
  }
}

/** Answers come in the order of the rows. */
class Bare {
  readonly #waiting: (() => void)[] = [];

  private constructor(private readonly worker: Worker) {
    worker.on('message', () => this.#waiting.shift()!());
  }

  static async start({ file, input, output, window, features }: ActiveModel): Promise<Bare> {
    const dims = window > 1 ? [1, window, features.length] : [1, features.length];
    const workerData: BareModel = { file, input, output, dims };
    const worker = new Worker(new URL('./bare-session.js', import.meta.url), { workerData });
    await once(worker, 'message');
    return new Bare(worker);
  }

  readonly ask: Ask = (row) => {
    const answered = new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.worker.postMessage(row.buffer, [row.buffer as ArrayBuffer]);
    return answered;
  };

  async end(): Promise<void> {
    this.worker.postMessage(null);
    await once(this.worker, 'exit');
  }
}

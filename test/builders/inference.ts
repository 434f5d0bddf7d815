import type { AdHocReport } from '../../src/domain/ad-hoc.js';
import type { Interval } from '../../src/domain/interval.js';
import type { ActiveModel } from '../../src/domain/model.js';
import type { Pair } from '../../src/domain/pair.js';
import type { PredictionBatch } from '../../src/domain/prediction.js';
import { durationOf } from '../../src/domain/timeframe.js';
import { AdHocService } from '../../src/batch-inference/ad-hoc/ad-hoc.service.js';
import { BatchInferenceService } from '../../src/batch-inference/batch-inference.service.js';
import { FEATURE_NAMES, WARM_UP } from '../../src/batch-inference/features/feature-table.js';
import { RunRepository } from '../../src/batch-inference/runs/run.repository.js';
import { WorkerPool, type PoolOptions } from '../../src/batch-inference/pool/worker-pool.service.js';
import type { Database } from '../../src/platform/database/database.service.js';
import { ExchangeClock, wallNow } from '../../src/platform/exchange.clock.js';
import { RandomWalk } from '../../bench/random-walk.js';
import { CLASSIFIER } from './active-model.js';
import { settingsOf } from './nest-app.js';

const TIMEFRAME = '1m';
const CANDLES = WARM_UP + 40;
const START = Date.UTC(2026, 0, 5);
const LAST = START + (CANDLES - 1) * durationOf(TIMEFRAME);

/** A net of the trading path that `writeNet` wrote, over the first features of the table. */
export function modelOf(name: string, file: string, features: number, extra: Partial<ActiveModel> = {}): ActiveModel {
  return {
    ...{ name, version: '1.0.0', file, timeframes: [TIMEFRAME], window: 1, ...CLASSIFIER },
    ...{ input: 'x', output: 'probabilities', variant: { engine: 'onnx', provider: 'cpu', precision: 'full' } },
    features: FEATURE_NAMES.slice(0, features).map((feature) => ({ name: feature, mean: 0, std: 1, importance: 0 })),
    ...extra,
  };
}

/** BatchInference as the application makes it, around a pool and a database of the test's own, with warm series. */
export class Inference {
  readonly pool: WorkerPool;
  readonly service: BatchInferenceService;
  readonly adHoc: AdHocService;
  readonly batches: PredictionBatch[] = [];
  readonly reports: AdHocReport[] = [];
  readonly #walks: readonly RandomWalk[];
  #openTime = LAST;

  /** @param pool its time limit, in ms, is INFERENCE_TIMEOUT too */
  constructor(
    database: Database,
    readonly symbols: readonly Pair[],
    pool: PoolOptions,
    env: Readonly<Record<string, string>> = {},
  ) {
    const settings = settingsOf({ INFERENCE_TIMEOUT: String(pool.timeoutMs / 1000), ...env });
    const clock = new ExchangeClock(1);
    this.pool = new WorkerPool(pool);
    this.service = new BatchInferenceService(settings, clock, this.pool, new RunRepository(database));
    this.adHoc = new AdHocService(settings, clock, this.service, this.pool);
    this.service.predictions.to((batch) => void this.batches.push(batch));
    this.adHoc.reports.tap(
      (report) => void this.reports.push(report),
      (error) => {
        throw error;
      },
    );
    this.#walks = symbols.map((symbol, i) => new RandomWalk(symbol, TIMEFRAME, START, i * 7 + 1));
  }

  async start(models: readonly ActiveModel[]): Promise<this> {
    await this.service.start();
    await this.service.adopt(models);
    for (const walk of this.#walks) this.service.warmUp(walk.columns(CANDLES));
    while (this.service.status().candlesAbsorbed < CANDLES * this.symbols.length) await new Promise(setImmediate);
    return this;
  }

  /** The newest interval closes, the next one after a candle of every symbol. @returns its predictions */
  async close(): Promise<PredictionBatch> {
    if (this.batches.length > 0) {
      this.#openTime += durationOf(TIMEFRAME);
      this.service.absorb(this.#walks.map((walk) => walk.next()));
    }
    const now = wallNow();
    const interval: Interval = {
      ...{ timeframe: TIMEFRAME, openTime: this.#openTime, symbols: this.symbols, absent: new Map() },
      ...{ exchangeClosedAt: now, receivedAt: now },
    };
    await this.service.run(interval);
    return this.batches.at(-1)!;
  }
}

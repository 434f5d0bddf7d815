import { Injectable, Logger } from '@nestjs/common';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Candle, CandleColumns } from '../domain/candle.js';
import type { Interval } from '../domain/interval.js';
import { refOf, type ActiveModel } from '../domain/model.js';
import { runId, type ModelRun, type PredictionBatch } from '../domain/prediction.js';
import { votingRows } from '../domain/role.js';
import type { Moment, Moments } from '../domain/stage.js';
import { Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { Outlet } from '../platform/outlet.js';
import { BufferPool } from './buffers.js';
import { precisionOf } from '../engines/provider.js';
import { FEATURE_NAMES } from './features/feature-table.js';
import { InferenceStatus, type BatchInferenceStatus } from './inference-status.js';
import { Intake } from './intake.js';
import { ModelBatch } from './model-batch.js';
import { specOf } from '../engines/model-spec.js';
import { presentIn, type Present } from './present.js';
import { RunRepository } from './run.repository.js';
import { SeriesBook } from './series-book.js';
import { shardsOf } from './sharding.js';
import { WorkerPool } from './worker-pool.service.js';

/** Candles absorbed before the main loop gets its turn: half a millisecond (2 µs each together, 5 µs one by one). */
const CANDLES_A_SLICE = 128;
/** Rows gathered between two looks at the clock, and how long a slice of gathering may last. */
const ROWS_A_LOOK = 16;
const SLICE_MS = 0.5;

/**
 * How long saving waits for runs that follow one another. Where several timeframes close at once, the workers and the
 * main loop have the cores to themselves until the last signal is handed on; the database gets its turn after that.
 */
const PATIENCE_MS = 250;

/** A run was asked for while one is going on: whoever joins the stages must wait for `run`. */
export class RunOverlap extends Error {
  constructor({ timeframe, openTime }: Pick<Interval, 'timeframe' | 'openTime'>) {
    super(`RUN_OVERLAP: the run of ${timeframe} ${new Date(openTime).toISOString()} was asked for during another run`);
  }
}

interface Served {
  readonly model: ActiveModel;
  readonly key: string;
  /** Where its features stand in the feature table. */
  readonly columns: Int32Array;
}

/** Interval → feature rows → one batch a model, on the workers → predictions. */
@Injectable()
export class BatchInferenceService {
  readonly predictions = new Outlet<PredictionBatch>('predictions');
  readonly #log = new Logger('BatchInference');
  readonly #book = new SeriesBook();
  readonly #intake = new Intake(this.#book);
  readonly #buffers = new BufferPool();
  readonly #status = new InferenceStatus();
  readonly #kept = new WeakMap<PredictionBatch, readonly ModelBatch[]>();
  #served: readonly Served[] = [];
  #current: Promise<void> | undefined;
  #absorbing = false;
  #gathering = false;

  constructor(
    private readonly settings: Settings,
    private readonly clock: Clock,
    private readonly pool: WorkerPool,
    private readonly runs: RunRepository,
  ) {}

  /** The workers come up, without models yet. */
  async start(): Promise<void> {
    await this.pool.hold([]);
  }

  /**
   * Serves exactly these models from the next run on: loaded and warmed in every worker first, swapped then, the old
   * ones dropped last. A model that the engine refuses is left out, by name and with the reason.
   * @throws when a feature is not in the table (the registry refuses such a model) or no worker can start
   */
  async adopt(models: readonly ActiveModel[]): Promise<void> {
    const wanted = this.settings.config.ONNX_ENABLED ? models.map(served) : [];
    const specs = wanted.map(({ model }) => specOf(model));
    const leaving = this.#served.filter(({ key }) => !specs.some((spec) => spec.key === key));
    const refused = await this.pool.hold([...specs, ...leaving.map(({ model }) => specOf(model))]);
    refused.forEach((reason, key) => this.#log.error(`${key} is not served: ${reason}`));
    this.#status.refused = refused;
    this.#served = wanted.filter(({ key }) => !refused.has(key));
    const windowed = this.#served.filter(({ model }) => model.window > 1 && model.timeframes.length > 0);
    this.#book.keepNarrow(windowed.map(({ columns }) => columns));
    if (leaving.length === 0) return;
    await this.#current?.catch(() => undefined);
    await this.pool.hold(specs);
  }

  /** A series begins anew: its history, oldest first. */
  warmUp(columns: CandleColumns): void {
    this.#intake.push({ columns });
    this.#absorb();
  }

  /** Closed candles, in time order a series. */
  absorb(candles: readonly Candle[]): void {
    this.#intake.push({ candles });
    this.#absorb();
  }

  /**
   * One batch through every model that serves the timeframe; hands on the predictions and waits for who takes them.
   * @throws RunOverlap while another run goes on
   */
  async run(interval: Interval): Promise<void> {
    if (this.#current) throw new RunOverlap(interval);
    this.#current = this.#run(interval);
    try {
      await this.#current;
    } finally {
      this.#current = undefined;
    }
  }

  /** Stamps a moment that all models of the interval share. */
  stamp(batch: PredictionBatch, moment: Moment): void {
    const now = this.clock.wallNow();
    for (const { moments } of batch.runs) moments[moment] = now;
  }

  /** Saves the runs and their predictions, once the path is at rest; a replay adds nothing. */
  async record(batch: PredictionBatch): Promise<void> {
    await this.#rest();
    await this.runs.insertOnce(batch);
  }

  /** Saves the later stages' times, and gives the feature rows' buffers back: `topFeatures` ends here. */
  async complete(batch: PredictionBatch): Promise<void> {
    this.#kept.get(batch)?.forEach((modelBatch) => modelBatch.release());
    this.#kept.delete(batch);
    this.#status.completed(batch);
    await this.runs.finish(batch.runs);
  }

  /** Waits for the run in flight. What it made may still be on its way to the database: see the outlets' `idle`. */
  async drain(): Promise<void> {
    await this.#current?.catch(() => undefined);
  }

  async stop(): Promise<void> {
    await this.drain();
    await this.pool.close();
  }

  status(): BatchInferenceStatus {
    const { config } = this.settings;
    const pool = this.pool.status();
    return this.#status.report({
      enabled: config.ONNX_ENABLED,
      pool,
      models: this.#served.map(({ key, model }) => ({
        model: key,
        engine: pool.engines[key] ?? 'none',
        timeframes: model.timeframes,
      })),
      provider: config.EXECUTION_PROVIDER,
      precision: precisionOf(
        config.MIXED_PRECISION_ENABLED,
        this.#served.map(({ model }) => model.variant),
      ),
      series: this.#book.count,
      candlesAbsorbed: this.#intake.absorbed,
      running: this.#current !== undefined,
    });
  }

  /** Resolves when no run goes on and none follows at once, or when the patience of those beside the path ends. */
  async #rest(): Promise<void> {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    const ended = new Promise((resolve) => patience.addEventListener('abort', resolve, { once: true }));
    while (this.#current && !patience.aborted) {
      await Promise.race([this.#current.catch(() => undefined), ended]);
      await nextTurn();
    }
  }

  async #run(interval: Interval): Promise<void> {
    const { timeframe, openTime, symbols } = interval;
    const started = this.clock.wallNow();
    this.#gathering = true;
    const runs: Promise<readonly [ModelRun, ModelBatch]>[] = [];
    let present: Present;
    try {
      await this.#catchUp(interval);
      present = presentIn(this.#book, interval);
      const running = this.#served.filter(
        ({ model }) => model.role !== 'standby' && model.timeframes.includes(timeframe),
      );
      const voters = running.map(({ model }) => model);
      for (const one of running) {
        const moments: Moments = { exchangeClosed: interval.exchangeClosedAt, received: interval.receivedAt, started };
        const batch = await this.#gather(one, interval, present);
        moments.featured = this.clock.wallNow();
        runs.push(this.#infer(one, interval, batch, moments, votingRows(one.model, voters, symbols)));
      }
    } finally {
      this.#gathering = false;
      this.#absorb();
    }
    const done = await Promise.all(runs);
    if (done.length === 0) this.#status.unserved(symbols.length);
    const { close, atr } = present;
    const predictions: PredictionBatch = { timeframe, openTime, symbols, close, atr, runs: done.map(([run]) => run) };
    this.#kept.set(
      predictions,
      done.map(([, batch]) => batch),
    );
    this.#status.ran(predictions);
    await this.predictions.emit(predictions);
  }

  /** Packs the rows of one model. Nothing is absorbed meanwhile: the main loop has its turns, the series stand still. */
  async #gather(
    { model, key, columns }: Served,
    { symbols }: Interval,
    { rows, series, absent }: Present,
  ): Promise<ModelBatch> {
    const shards = shardsOf(rows.length, this.settings.config.BATCH_SIZE, this.pool.workersOf(key));
    const batch = new ModelBatch(symbols, model.window * columns.length, shards, this.#buffers);
    absent.forEach((reason, row) => batch.abstain(row, reason));
    let sliceBegan = this.clock.wallNow();
    let number = 0;
    const copy = (into: Float32Array, offset: number) => this.#book.copy(number, columns, model.window, into, offset);
    for (let i = 0; i < rows.length; i += 1) {
      number = series[i]!;
      batch.pack(rows[i]!, copy);
      if (i % ROWS_A_LOOK !== 0 || this.clock.wallNow() - sliceBegan < SLICE_MS) continue;
      await nextTurn();
      sliceBegan = this.clock.wallNow();
    }
    return batch;
  }

  async #infer(
    { model, key }: Served,
    interval: Interval,
    batch: ModelBatch,
    moments: Moments,
    voting: Uint8Array,
  ): Promise<readonly [ModelRun, ModelBatch]> {
    await Promise.all(
      batch.parts
        .filter(({ rows }) => rows > 0)
        .map(async (part) => (part.outcome = await this.pool.infer(key, part.rows, part.input, part.output))),
    );
    batch.collect();
    const answers = batch.parts.flatMap(({ outcome }) => (outcome?.answered ? [outcome] : []));
    if (answers.length > 0) {
      moments.inferring = Math.min(...answers.map(({ inferring }) => inferring));
      moments.inferred = Math.max(...answers.map(({ inferred }) => inferred));
    }
    const { probabilities, answered, abstentions } = batch;
    const { name, version, weight, features, role } = model;
    const run: ModelRun = {
      id: runId(model, interval.timeframe, interval.openTime),
      model: { name, version },
      weight,
      role,
      voting,
      probabilities,
      answered,
      abstentions,
      moments,
      engine: this.pool.engineOf(key),
      topFeatures: (row, count) => batch.topFeatures(row, features, count),
    };
    return [run, batch];
  }

  /** Absorbs what the interval needs, in slices. What came after it stays in line until its rows are gathered. */
  async #catchUp({ timeframe, openTime }: Interval): Promise<void> {
    while (this.#intake.waits(timeframe, openTime)) {
      this.#intake.takeOf(timeframe, CANDLES_A_SLICE, openTime);
      await nextTurn();
    }
  }

  /** Absorbs what came, a slice a turn of the main loop; never while rows are gathered: the series stand still then. */
  #absorb(): void {
    if (this.#gathering || this.#absorbing || this.#intake.empty) return;
    this.#intake.take(CANDLES_A_SLICE);
    this.#absorbing = true;
    setImmediate(() => {
      this.#absorbing = false;
      this.#absorb();
    });
  }
}

function served(model: ActiveModel): Served {
  const columns = Int32Array.from(model.features, ({ name }) => FEATURE_NAMES.indexOf(name));
  const unknown = model.features[columns.indexOf(-1)];
  if (unknown && model.timeframes.length > 0)
    throw new Error(`${refOf(model)} reads an unknown feature ${unknown.name}`);
  return { model, key: refOf(model), columns };
}

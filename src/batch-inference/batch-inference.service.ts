import { Injectable } from '@nestjs/common';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Candle, CandleColumns } from '../domain/candle.js';
import type { DriftReport } from '../domain/drift.js';
import type { Interval } from '../domain/interval.js';
import type { ActiveEnsemble, Activation } from '../domain/ensemble.js';
import { refOf, type ActiveModel } from '../domain/model.js';
import type { Pair } from '../domain/pair.js';
import type { PredictionBatch } from '../domain/prediction.js';
import type { Moment } from '../domain/stage.js';
import type { Timeframe } from '../domain/timeframe.js';
import { Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { Outlet } from '../platform/outlet.js';
import { latestRowsOf, type LatestRows } from './ad-hoc/latest-rows.js';
import { BufferPool } from './buffers.js';
import { precisionOf } from '../engines/provider.js';
import { DriftWatch } from './drift/drift-watch.js';
import { lineUp } from './ensemble/line-up.js';
import { InferenceStatus, type BatchInferenceStatus } from './inference-status.js';
import { Intake } from './intake.js';
import { IntervalRun, type Kept, type RunTools } from './interval-run.service.js';
import type { ModelBatch } from './model-batch.js';
import { RunRepository } from './runs/run.repository.js';
import { SeriesBook } from './series-book.js';
import { Serving, type Served } from './serving.service.js';
import { WorkerPool } from './pool/worker-pool.service.js';

/** Candles absorbed before the main loop gets its turn: half a millisecond (2 µs each together, 5 µs one by one). */
const CANDLES_A_SLICE = 128;

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

/** Interval → feature rows → one batch a model, on the workers → ensembles out of them → predictions. */
@Injectable()
export class BatchInferenceService {
  readonly predictions = new Outlet<PredictionBatch>('predictions');
  /** What the live rows of a run's model and timeframe come to beside its training rows, once enough of them are known. */
  readonly driftReports = new Outlet<DriftReport>('driftReports');
  /** Live rows beside the training rows. */
  readonly drift = new DriftWatch();
  readonly #book = new SeriesBook();
  readonly #intake = new Intake(this.#book);
  readonly #buffers = new BufferPool();
  readonly #status = new InferenceStatus();
  readonly #kept = new WeakMap<PredictionBatch, readonly Kept[]>();
  readonly #tools: RunTools;
  readonly #serving: Serving;
  #current: Promise<void> | undefined;
  #absorbing = false;
  #gathering = false;

  constructor(
    private readonly settings: Settings,
    private readonly clock: Clock,
    private readonly pool: WorkerPool,
    private readonly runs: RunRepository,
  ) {
    const { BATCH_SIZE: batchSize, ONNX_ENABLED: enabled, OOD_GATE: gated } = settings.config;
    this.#tools = { book: this.#book, buffers: this.#buffers, pool, clock, batchSize };
    this.#serving = new Serving(pool, {
      ...{ enabled, gated },
      rest: () => this.drain(),
      swapped: (served) => {
        this.drift.keep(served.map(({ model }) => model));
        const windowed = served.filter(({ model, columns }) => model.window > 1 && columns.length > 0);
        this.#book.keepNarrow(windowed.map(({ columns }) => columns));
      },
    });
  }

  /** The workers come up, without models yet. */
  async start(): Promise<void> {
    await this.pool.hold([]);
  }

  /**
   * Serves exactly these models from the next run on. Those not loaded yet are loaded and warmed in every worker first;
   * what left is dropped once the run in flight has ended. A model that the engine refuses is left out, by name and with
   * the reason; ensembles that name it have a member that fails.
   * @throws when a feature is not in the table (the registry refuses such a model) or no worker can start
   */
  adopt(activations: readonly Activation[]): Promise<void> {
    return this.#serving.adopt(activations);
  }

  /** Every model that is loaded, whatever its role. */
  models(): readonly ActiveModel[] {
    return this.#served.map(({ model }) => model);
  }

  /** Those that are made of loaded models. */
  ensembles(): readonly ActiveEnsemble[] {
    return this.#serving.ensembles;
  }

  /** @returns why a version that was once asked for is not among `models`; undefined when none such was */
  absence(name: string, version?: string): string | undefined {
    return this.#serving.absence(name, version);
  }

  /** The newest warm feature rows of live series, as a loaded model reads them. */
  latestRows(model: ActiveModel, timeframe: Timeframe, symbols: readonly Pair[]): LatestRows {
    const gone = { model, columns: new Int32Array(0), gate: undefined };
    return latestRowsOf(this.#book, this.#served.find((one) => one.model === model) ?? gone, timeframe, symbols);
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

  /**
   * Compares the rows with those of the training, gives their buffers back (`topFeatures` ends here), and saves the later
   * stages' times.
   */
  async complete(batch: PredictionBatch): Promise<void> {
    for (const { model, rows } of this.#kept.get(batch) ?? []) {
      await this.#compare(model, batch.timeframe, rows).finally(() => rows.release());
    }
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
    this.#status.refused = this.#serving.refused;
    const pool = this.pool.status();
    return this.#status.report({
      enabled: config.ONNX_ENABLED,
      pool,
      models: this.#served.map(({ key, model }) => ({
        model: refOf(model),
        engine: pool.engines[key] ?? 'none',
        timeframes: model.timeframes,
      })),
      ensembles: this.#serving.ensembles.map(({ ensemble, timeframes, ...ref }) => ({
        model: refOf(ref),
        engine: ensemble.method,
        timeframes,
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

  get #served(): readonly Served[] {
    return this.#serving.served;
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

  async #compare(model: ActiveModel, timeframe: Timeframe, rows: ModelBatch): Promise<void> {
    const comparing = this.drift.absorb(model, timeframe, rows.answeredRows(model.features.length));
    let step = comparing.next();
    for (; !step.done; step = comparing.next()) await nextTurn();
    if (step.value) await this.driftReports.emit(step.value);
  }

  async #run(interval: Interval): Promise<void> {
    const { timeframe, openTime, symbols } = interval;
    const started = this.clock.wallNow();
    this.#gathering = true;
    this.pool.reserve();
    let run: IntervalRun;
    try {
      await this.#catchUp(interval);
      run = new IntervalRun(this.#tools, interval, lineUp(this.#serving, timeframe), started);
      await run.gather();
    } finally {
      this.#gathering = false;
      this.pool.open();
      this.#absorb();
    }
    const { runs, kept } = await run.answers();
    if (runs.length === 0) this.#status.unserved(symbols.length);
    const { close, atr } = run.present;
    const predictions: PredictionBatch = { timeframe, openTime, symbols, close, atr, runs };
    this.#kept.set(predictions, kept);
    this.#status.ran(predictions);
    await this.predictions.emit(predictions);
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

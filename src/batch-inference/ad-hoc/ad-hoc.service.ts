import { Injectable, Logger } from '@nestjs/common';
import type { AdHocReport } from '../../domain/ad-hoc.js';
import { refOf, type ActiveModel, type ModelRef } from '../../domain/model.js';
import type { Pair } from '../../domain/pair.js';
import type { Timeframe } from '../../domain/timeframe.js';
import { specOf } from '../../engines/model-spec.js';
import { Clock } from '../../platform/clock.js';
import { Settings } from '../../platform/config/settings.js';
import { Outlet } from '../../platform/outlet.js';
import { BatchInferenceService } from '../batch-inference.service.js';
import { BufferPool } from '../buffers.js';
import type { Job, JobSource, Outcome } from '../pool/job.js';
import { WorkerPool } from '../pool/worker-pool.service.js';
import type { AdHocAnswer, AdHocRequest } from './ad-hoc-request.js';
import { costOf, sliceRows, turnedAway, type Turned } from './admission.js';
import type { LatestRows } from './latest-rows.js';
import { AdHocLine, type Batch } from './line.js';
import { FLOATS, Pending } from './pending.js';
import { pickVersion } from './pick-version.js';

/** What is reported of a model that there is not. */
const NOBODY: ModelRef = { name: '-', version: '-' };
const ABANDONED = { answered: false, code: 'ABANDONED', message: 'whoever asked has gone' } as const;

/** Who waits for the answer to a request. */
interface Asker {
  answered(answer: AdHocAnswer): void;
  readonly timer: NodeJS.Timeout;
  /** Stops listening for whether it goes. */
  ignore(): void;
}

/**
 * Predictions that somebody asks for, beside the trading path: they take what its runs leave free. A batch forms when a
 * worker is free, of what waits then; a request that cannot be answered in time is refused at once.
 */
@Injectable()
export class AdHocService implements JobSource {
  /** What became of each request, once. */
  readonly reports = new Outlet<AdHocReport>('ad hoc reports');
  readonly #log = new Logger('AdHoc');
  readonly #line = new AdHocLine<Pending>();
  readonly #askers = new Map<Pending, Asker>();
  readonly #buffers = new BufferPool();
  readonly #keys = new WeakMap<ActiveModel, string>();
  readonly #timeoutMs: number;
  readonly #mostRows: number;

  constructor(
    { config }: Settings,
    private readonly clock: Clock,
    private readonly inference: BatchInferenceService,
    private readonly pool: WorkerPool,
  ) {
    this.#timeoutMs = config.INFERENCE_TIMEOUT * 1000;
    this.#mostRows = config.AD_HOC_QUEUE_ROWS;
    pool.beside(this);
  }

  /** Every version that is loaded, whatever its role. */
  models(): readonly ActiveModel[] {
    return this.inference.models();
  }

  /** Loaded versions of a name; empty where there is none. */
  versionsOf(name: string): readonly ActiveModel[] {
    return this.models().filter((model) => model.name === name);
  }

  /** @returns the version asked for; where none is, the active one, and without one the highest that is loaded */
  find(name: string, version?: string): ActiveModel | undefined {
    return pickVersion(this.models(), name, version);
  }

  /** The newest warm feature rows of live series, as the model reads them. */
  latestRows(model: ActiveModel, timeframe: Timeframe, symbols: readonly Pair[]): LatestRows {
    return this.inference.latestRows(model, timeframe, symbols);
  }

  /** Rows of requests that wait for a worker. */
  get waiting(): number {
    return this.#line.rows;
  }

  /** Requests for a model that wait for a worker, the interval's jobs included. */
  waitingOf(model: ActiveModel): number {
    const key = this.#keyOf(model);
    return this.pool.queuedOf(key) + this.#line.requestsOf(key);
  }

  /**
   * @returns the answer, or why there is none, within the request's own timeout and INFERENCE_TIMEOUT
   * @throws when `input` is not what `rows` and the model's shape and type say: whoever calls has checked that
   */
  async predict(request: AdHocRequest): Promise<AdHocAnswer> {
    const arrival = this.clock.wallNow();
    const model = this.find(request.name, request.version);
    if (!model) return this.#unknown(request, arrival);
    const timeoutMs = Math.min(request.timeoutMs, this.#timeoutMs);
    const pending = new Pending(request, model, this.#keyOf(model), arrival, timeoutMs);
    const turned = this.#turnedAway(pending);
    const refusal = request.signal?.aborted ? ABANDONED : turned && ({ answered: false, ...turned } as const);
    if (!refusal) return this.#join(pending, request.signal);
    this.#report(pending, refusal);
    return refusal;
  }

  next(can: (key: string) => boolean): Job | undefined {
    const limitOf = (key: string) => sliceRows(this.pool.costOf(key));
    const { batch, late } = this.#line.next(can, limitOf, this.clock.wallNow());
    for (const pending of late) this.#settle(pending, pending.late());
    return batch && this.#jobOf(batch);
  }

  waits(key: string): boolean {
    return this.#line.waits(key);
  }

  flush(code: 'DEADLINE' | 'ENGINE_FAILED', message: string): void {
    for (const pending of [...this.#line]) this.#settle(pending, { answered: false, code, message });
  }

  #turnedAway({ key, rows, timeoutMs, arrival }: Pending): Turned | undefined {
    const load = this.pool.loadBefore(key, arrival);
    let ms = load.ms;
    for (const [other, waiting] of this.#line.rowsByModel()) ms += costOf(waiting, this.pool.costOf(other));
    const ahead = { workers: load.workers, ms, rows: this.#line.rows, mostRows: this.#mostRows };
    return turnedAway(rows, timeoutMs, this.pool.costOf(key), ahead);
  }

  #join(pending: Pending, signal: AbortSignal | undefined): Promise<AdHocAnswer> {
    return new Promise((answered) => {
      // An answer that is already here when the timer fires late (this thread was busy) is read before it is judged.
      const late = () => setImmediate(() => this.#settle(pending, pending.late()));
      const timer = setTimeout(late, pending.timeoutMs);
      const gone = () => this.#settle(pending, ABANDONED);
      signal?.addEventListener('abort', gone, { once: true });
      const ignore = () => signal?.removeEventListener('abort', gone);
      this.#askers.set(pending, { answered, timer, ignore });
      this.#line.push(pending);
      this.pool.wake();
    });
  }

  /** Ends a request; harmless once it has ended. Its rows that still wait cost nothing then. */
  #settle(pending: Pending, answer: AdHocAnswer): void {
    const asker = this.#askers.get(pending);
    if (!asker) return;
    this.#askers.delete(pending);
    this.#line.remove(pending);
    clearTimeout(asker.timer);
    asker.ignore();
    this.#report(pending, answer);
    asker.answered(answer);
  }

  #jobOf(batch: Batch<Pending>): Job {
    const { key, rows, shares } = batch;
    const { model, width } = shares[0]!.request;
    const { dtype, columns } = model;
    const input = this.#buffers.take(rows * width * FLOATS[dtype.input].BYTES_PER_ELEMENT);
    const output = this.#buffers.take(rows * columns * FLOATS[dtype.output].BYTES_PER_ELEMENT);
    const view = new FLOATS[dtype.input](input);
    let at = 0;
    for (const { request, from, rows } of shares) {
      view.set(request.rowsFrom(from, rows), at * width);
      at += rows;
    }
    return { key, rows, input, output, dtype, settle: (outcome) => this.#ran(batch, outcome) };
  }

  #ran({ key, rows, shares }: Batch<Pending>, outcome: Outcome): void {
    if (!outcome.answered) {
      const { code, reason } = outcome;
      if (code === 'ENGINE_FAILED') this.#log.error(`an ad hoc batch of ${rows} rows failed: ${reason}`);
      for (const { request } of shares) this.#settle(request, { answered: false, code, message: reason });
      return;
    }
    const { columns, dtype } = shares[0]!.request.model;
    const answers = new FLOATS[dtype.output](outcome.output);
    const [engine, now] = [this.pool.engineOf(key), this.clock.wallNow()];
    let at = 0;
    for (const { request, from, rows: count } of shares) {
      const part = answers.subarray(at * columns, (at + count) * columns);
      if (request.take(from, part, { ...outcome, batchRows: rows })) this.#settle(request, request.answer(engine, now));
      at += count;
    }
    this.#buffers.give(outcome.input);
    this.#buffers.give(outcome.output);
  }

  #keyOf(model: ActiveModel): string {
    let key = this.#keys.get(model);
    if (key === undefined) this.#keys.set(model, (key = specOf(model).key));
    return key;
  }

  #unknown({ name, version, rows }: AdHocRequest, arrival: number): AdHocAnswer {
    const reason = this.inference.absence(name, version);
    const asked = version === undefined ? name : refOf({ name, version });
    const code = reason === undefined ? 'MODEL_UNKNOWN' : 'MODEL_NOT_READY';
    const totalMs = this.clock.wallNow() - arrival;
    const model = reason !== undefined && version !== undefined ? { name, version } : NOBODY;
    void this.reports.emit({ model, engine: 'none', rows, outcome: code, totalMs });
    return { answered: false, code, message: reason ?? `there is no model ${asked}` };
  }

  #report({ model, key, rows, arrival, batchRows }: Pending, answer: AdHocAnswer): void {
    const { name, version } = model;
    void this.reports.emit({
      ...{ model: { name, version }, engine: this.pool.engineOf(key), rows },
      ...(answer.answered
        ? { outcome: 'ANSWERED', queueMs: answer.queueMs, inferenceMs: answer.inferenceMs }
        : { outcome: answer.code }),
      totalMs: this.clock.wallNow() - arrival,
      ...(batchRows !== undefined && { batchRows }),
    });
  }
}

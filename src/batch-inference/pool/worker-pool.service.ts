import { Logger } from '@nestjs/common';
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import type { ModelSpec } from '../../engines/model-spec.js';
import { onlyOnce } from '../../engines/provider.js';
import { CostLine } from './cost-line.js';
import { IntervalLine } from './interval-line.js';
import { FLOAT32, nextJob, type Job, type JobSource, type Outcome } from './job.js';
import { Slot, type SlotState } from './slot.worker.js';

export interface PoolOptions {
  readonly workers: number;
  readonly timeoutMs: number;
  /** The worker's script; absent: this module's. */
  readonly entry?: URL;
  /** Models that a worker's thread drops before another takes its place; absent: see Slot. */
  readonly unloadsALife?: number;
}

export interface PoolStatus {
  readonly workers: readonly SlotState[];
  readonly queued: number;
  readonly running: number;
  readonly timeouts: number;
  readonly failures: number;
  readonly replacements: number;
  /** Threads that another followed because they had dropped many models. */
  readonly renewals: number;
  /** Model → what runs it. */
  readonly engines: Readonly<Record<string, string>>;
}

/** What lies before a job of one model that comes now. */
export interface Load {
  /** Workers that can run it, in their turn. */
  readonly workers: number;
  /** What is left of the jobs that run, and the interval's jobs in line: ms of one worker, by what such jobs cost. */
  readonly ms: number;
}

/** @returns the worker's built script; run from sources (tests), the one that the last build left in dist/ */
function ownEntry(): URL {
  if (!import.meta.url.endsWith('.ts')) return new URL('./inference.worker.js', import.meta.url);
  return pathToFileURL(resolve(process.cwd(), 'dist/src/batch-inference/pool/inference.worker.js'));
}

/**
 * Worker threads that each hold every model (those on a GPU only the first). A worker that is free takes the next job of
 * the interval, and only without one what waits beside the trading path. One job at a time a worker; its deadline starts
 * when a worker takes it.
 */
export class WorkerPool {
  readonly #log = new Logger('WorkerPool');
  readonly #slots: readonly Slot[];
  readonly #intervals = new IntervalLine();
  readonly #sources: JobSource[] = [this.#intervals];
  readonly #engines = new Map<string, string>();
  readonly #costs = new Map<string, CostLine>();
  #reserved = false;
  #stranded: NodeJS.Timeout | undefined;
  #timeouts = 0;
  #failures = 0;
  #replacements = 0;
  #renewals = 0;
  #closed = false;

  constructor(private readonly options: PoolOptions) {
    const { timeoutMs, entry = ownEntry(), unloadsALife } = options;
    this.#slots = Array.from(
      { length: options.workers },
      (_, index) =>
        new Slot(
          index,
          { entry, timeoutMs, unloadsALife },
          {
            free: () => this.#dispatch(),
            away: (slot, state, reason) => this.#away(slot, state, reason),
            loaded: (key, engine, timings) => {
              this.#engines.set(key, engine);
              if (!this.#costs.has(key)) this.#costs.set(key, new CostLine(timings));
            },
            waits: (key) => this.#sources.some((source) => source.waits(key)),
            worn: () => this.#renewNext(),
            renewed: (slot, fault) => this.#renewed(slot, fault),
          },
        ),
    );
  }

  /** Adds what is asked for a job when the interval has none. */
  beside(source: JobSource): void {
    this.#sources.push(source);
  }

  /** Something new waits beside the trading path. */
  wake(): void {
    this.#dispatch();
  }

  /** The interval's jobs are coming: until `open`, free workers wait for them and take nothing else. */
  reserve(): void {
    this.#reserved = true;
  }

  open(): void {
    this.#reserved = false;
    this.#dispatch();
  }

  /** The interval's jobs of a model that wait for a worker. */
  queuedOf(key: string): number {
    return this.#intervals.countOf(key);
  }

  /** How many workers hold the model: a version on a GPU has one, others all. */
  workersOf(key: string): number {
    return this.#slots.filter((slot) => slot.holds(key)).length;
  }

  /** Whether every worker holds its part of these models: nothing is to be loaded. */
  wants(models: readonly ModelSpec[]): boolean {
    return this.#slots.every((slot) => partOf(models, slot).every(({ key }) => slot.wants(key)));
  }

  /**
   * Every worker loads and warms these models and drops the others; jobs go on in between.
   * @returns the models that an engine refused, each with its reason
   * @throws when a worker cannot start
   */
  async hold(models: readonly ModelSpec[]): Promise<ReadonlyMap<string, string>> {
    if (this.#closed) return new Map();
    await Promise.all(this.#slots.map((slot) => slot.hold(partOf(models, slot))));
    const wanted = new Set(models.map(({ key }) => key));
    for (const known of [this.#engines, this.#costs]) {
      for (const key of known.keys()) if (!wanted.has(key)) known.delete(key);
    }
    return new Map(this.#slots.flatMap(({ refused }) => [...refused].filter(([key]) => wanted.has(key))));
  }

  /** What runs a model, `onnx/cpu`. */
  engineOf(key: string): string {
    return this.#engines.get(key) ?? 'none';
  }

  /** What a call of a model costs, learnt from the warm-up and every job since. */
  costOf(key: string): CostLine {
    return this.#costs.get(key) ?? new CostLine();
  }

  /** @param now wall time, epoch ms */
  loadBefore(key: string, now: number): Load {
    const cost = (job: Job) => this.costOf(job.key).of(job.rows);
    const left = this.#slots.map(({ running }) =>
      running ? Math.max(0, cost(running.job) - (now - running.since)) : 0,
    );
    return {
      workers: this.#slots.filter((slot) => slot.alive && slot.can(key)).length,
      ms: left.reduce((sum, ms) => sum + ms, this.#intervals.cost(cost)),
    };
  }

  /**
   * Queues one call of the trading path. Both buffers leave the caller; they come back in an answered outcome.
   * @param input float32 [rows × width] @param output float32 [rows × columns], to be filled
   */
  infer(key: string, rows: number, input: ArrayBuffer, output: ArrayBuffer): Promise<Outcome> {
    return new Promise((settle) => {
      const job: Job = { key, rows, input, output, dtype: FLOAT32, settle: (outcome) => this.#settle(outcome, settle) };
      if (this.#closed) return job.settle({ answered: false, code: 'ENGINE_FAILED', reason: 'the pool is closed' });
      this.#intervals.push(job);
      this.#dispatch();
    });
  }

  status(): PoolStatus {
    return {
      workers: this.#slots.map(({ state }) => state),
      queued: this.#intervals.length,
      running: this.#slots.filter(({ state }) => state === 'busy').length,
      timeouts: this.#timeouts,
      failures: this.#failures,
      replacements: this.#replacements,
      renewals: this.#renewals,
      engines: Object.fromEntries(this.#engines),
    };
  }

  /** Jobs still queued are refused; those in flight are awaited, and each worker ends by itself. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#stranded);
    for (const source of this.#sources) source.flush('ENGINE_FAILED', 'the pool is closing');
    await Promise.all(this.#slots.map((slot) => slot.close()));
  }

  #dispatch(): void {
    const sources = this.#reserved ? [this.#intervals] : this.#sources;
    for (const slot of this.#slots) {
      if (slot.state !== 'idle') continue;
      const job = nextJob(sources, (key) => slot.can(key) || this.workersOf(key) === 0);
      if (job) slot.take({ ...job, settle: (outcome) => this.#ran(job, outcome) });
    }
    this.#watch();
  }

  /**
   * While every worker is draining or dead, nobody could begin a queued job: it then waits as long as a run
   * may take, and abstains. The path must not stand still behind a run that does not end.
   */
  #watch(): void {
    if (this.#intervals.length === 0 || this.#slots.some(({ alive }) => alive)) {
      clearTimeout(this.#stranded);
      this.#stranded = undefined;
    } else {
      this.#stranded ??= setTimeout(() => {
        this.#stranded = undefined;
        if (!this.#slots.some(({ alive }) => alive)) this.#intervals.flush('DEADLINE', 'no worker was free to begin');
      }, this.options.timeoutMs);
    }
  }

  #away(slot: Slot, state: 'draining' | 'down', reason: string): void {
    this.#replacements += 1;
    if (state === 'down') this.#log.error(`worker ${slot.index} is lost and will be replaced: ${reason}`);
    else this.#log.warn(`worker ${slot.index} is replaced once it has finished: ${reason}`);
    this.#watch();
  }

  #renewed(slot: Slot, fault: string | undefined): void {
    if (fault === undefined) this.#renewals += 1;
    else this.#log.warn(`worker ${slot.index} goes on with its thread: the one that was to follow it failed: ${fault}`);
    this.#renewNext();
  }

  /** One worker at a time: a second set of models lies in memory meanwhile. */
  #renewNext(): void {
    if (this.#slots.some(({ renewing }) => renewing)) return;
    this.#slots.find(({ worn }) => worn)?.renew();
  }

  #ran({ key, rows, settle }: Job, outcome: Outcome): void {
    if (outcome.answered) this.#costs.get(key)?.observe(rows, outcome.inferred - outcome.inferring);
    settle(outcome);
  }

  #settle(outcome: Outcome, settle: (outcome: Outcome) => void): void {
    if (!outcome.answered && outcome.code === 'DEADLINE') this.#timeouts += 1;
    if (!outcome.answered && outcome.code === 'ENGINE_FAILED') {
      this.#failures += 1;
      this.#log.error(`a run failed: ${outcome.reason}`);
    }
    settle(outcome);
  }
}

/** What a worker is to hold: a version on a GPU is in the first only. */
function partOf(models: readonly ModelSpec[], { index }: Slot): readonly ModelSpec[] {
  return index === 0 ? models : models.filter(({ variant }) => !onlyOnce(variant));
}

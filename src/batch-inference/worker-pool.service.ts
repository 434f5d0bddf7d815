import { Logger } from '@nestjs/common';
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import type { Job, Outcome } from './job.js';
import type { ModelSpec } from '../engines/model-spec.js';
import { onlyOnce } from '../engines/provider.js';
import { Slot, type SlotState } from './slot.worker.js';

export interface PoolOptions {
  readonly workers: number;
  readonly timeoutMs: number;
  /** The worker's script; absent: this module's. */
  readonly entry?: URL;
}

export interface PoolStatus {
  readonly workers: readonly SlotState[];
  readonly queued: number;
  readonly running: number;
  readonly timeouts: number;
  readonly failures: number;
  readonly replacements: number;
  /** Model → what runs it. */
  readonly engines: Readonly<Record<string, string>>;
}

/** @returns the worker's built script; run from sources (tests), the one that the last build left in dist/ */
function ownEntry(): URL {
  if (!import.meta.url.endsWith('.ts')) return new URL('./inference.worker.js', import.meta.url);
  return pathToFileURL(resolve(process.cwd(), 'dist/src/batch-inference/inference.worker.js'));
}

/**
 * Worker threads that each hold every active model (those on a GPU only the first), and the queue in front of them. First come, first served, one job at
 * a time per worker; a job's deadline starts when a worker takes it.
 */
export class WorkerPool {
  readonly #log = new Logger('WorkerPool');
  readonly #slots: readonly Slot[];
  readonly #queue: Job[] = [];
  readonly #engines = new Map<string, string>();
  readonly #refusals = new Map<string, string>();
  #stranded: NodeJS.Timeout | undefined;
  #timeouts = 0;
  #failures = 0;
  #replacements = 0;
  #closed = false;

  constructor(private readonly options: PoolOptions) {
    const { timeoutMs, entry = ownEntry() } = options;
    this.#slots = Array.from(
      { length: options.workers },
      (_, index) =>
        new Slot(
          index,
          { entry, timeoutMs },
          {
            free: () => this.#dispatch(),
            away: (slot, state, reason) => this.#away(slot, state, reason),
            loaded: (key, engine) => void this.#engines.set(key, engine),
            refused: (key, reason) => this.#refusals.set(key, reason),
          },
        ),
    );
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
    this.#refusals.clear();
    await Promise.all(this.#slots.map((slot) => slot.hold(partOf(models, slot))));
    for (const key of [...this.#engines.keys()]) {
      if (!models.some((model) => model.key === key)) this.#engines.delete(key);
    }
    return new Map(this.#refusals);
  }

  /** What runs a model, `onnx/cpu`. */
  engineOf(key: string): string {
    return this.#engines.get(key) ?? 'none';
  }

  /**
   * Queues one call. Both buffers leave the caller; they come back in an answered outcome.
   * @param input float32 [rows × width] @param output float32 [rows × 3], to be filled
   */
  infer(key: string, rows: number, input: ArrayBuffer, output: ArrayBuffer): Promise<Outcome> {
    return new Promise((settle) => {
      const job: Job = { key, rows, input, output, settle: (outcome) => this.#settle(outcome, settle) };
      if (this.#closed) return job.settle({ answered: false, code: 'ENGINE_FAILED', reason: 'the pool is closed' });
      this.#queue.push(job);
      this.#dispatch();
    });
  }

  status(): PoolStatus {
    return {
      workers: this.#slots.map(({ state }) => state),
      queued: this.#queue.length,
      running: this.#slots.filter(({ state }) => state === 'busy').length,
      timeouts: this.#timeouts,
      failures: this.#failures,
      replacements: this.#replacements,
      engines: Object.fromEntries(this.#engines),
    };
  }

  /** Jobs still queued are refused; those in flight are awaited, and each worker ends by itself. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#stranded);
    this.#flush('ENGINE_FAILED', 'the pool is closing');
    await Promise.all(this.#slots.map((slot) => slot.close()));
  }

  #dispatch(): void {
    for (const slot of this.#slots) {
      if (slot.state !== 'idle') continue;
      const next = this.#queue.findIndex(({ key }) => slot.holds(key) || this.workersOf(key) === 0);
      if (next >= 0) slot.take(this.#queue.splice(next, 1)[0]!);
    }
    this.#watch();
  }

  /**
   * While every worker is draining or dead, nobody could begin a queued job: it then waits as long as a run
   * may take, and abstains. The path must not stand still behind a run that does not end.
   */
  #watch(): void {
    if (this.#queue.length === 0 || this.#slots.some(({ alive }) => alive)) {
      clearTimeout(this.#stranded);
      this.#stranded = undefined;
    } else {
      this.#stranded ??= setTimeout(() => {
        this.#stranded = undefined;
        if (!this.#slots.some(({ alive }) => alive)) this.#flush('DEADLINE', 'no worker was free to begin');
      }, this.options.timeoutMs);
    }
  }

  #flush(code: 'DEADLINE' | 'ENGINE_FAILED', reason: string): void {
    for (const job of this.#queue.splice(0)) job.settle({ answered: false, code, reason });
  }

  #away(slot: Slot, state: 'draining' | 'down', reason: string): void {
    this.#replacements += 1;
    if (state === 'down') this.#log.error(`worker ${slot.index} is lost and will be replaced: ${reason}`);
    else this.#log.warn(`worker ${slot.index} is replaced once it has finished: ${reason}`);
    this.#watch();
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

import { Worker } from 'node:worker_threads';
import type { Job, Outcome } from './job.js';
import type { ModelSpec } from '../engines/model-spec.js';
import type { FromWorker, ToWorker } from './worker-protocol.js';

const BACKOFF_MS = [100, 250, 1000, 5000] as const;

/**
 * starting  the thread comes up and loads its models          → idle
 * idle      nothing in flight                                  → starting (models to load or drop), busy, closing
 * busy      one job in flight                                  → idle, draining (past its deadline)
 * draining  the job is abandoned, the thread still computes    → closing, when it answers
 * closing   told to release its sessions; nothing in flight    → down, when the thread has ended
 * down      no thread; a fresh one comes after a backoff       → starting
 *
 * A thread is never terminated: during a run that aborts the whole process.
 */
export type SlotState = 'starting' | 'idle' | 'busy' | 'draining' | 'closing' | 'down';

export interface SlotOptions {
  readonly entry: URL;
  /** Counted from the moment the job is posted to an idle thread; waiting in the queue is not in it. */
  readonly timeoutMs: number;
}

export interface SlotEvents {
  /** The slot is idle: it can take a job. */
  free(slot: Slot): void;
  /** It takes no jobs for a while: `draining` past a deadline, `down` when its thread died. */
  away(slot: Slot, state: 'draining' | 'down', reason: string): void;
  loaded(key: string, engine: string): void;
  refused(key: string, reason: string): void;
}

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

/** One place in the pool: the worker thread that is in it now, and the fresh one that follows it. */
export class Slot {
  #state: SlotState = 'down';
  #worker: Worker | undefined;
  #job: Job | undefined;
  #timer: NodeJS.Timeout | undefined;
  #respawn: NodeJS.Timeout | undefined;
  #wanted: readonly ModelSpec[] = [];
  readonly #loaded = new Set<string>();
  readonly #refused = new Set<string>();
  #holding: Waiter[] = [];
  #failures = 0;
  #lastError = '';
  #stopping: (() => void) | undefined;

  constructor(
    readonly index: number,
    private readonly options: SlotOptions,
    private readonly events: SlotEvents,
  ) {}

  get state(): SlotState {
    return this.#state;
  }

  /** Will take a job in its turn: not lost to a run past its deadline, nor to a thread that died and did not answer since. */
  get alive(): boolean {
    return this.#state === 'idle' || this.#state === 'busy' || (this.#state === 'starting' && this.#failures === 0);
  }

  /** A model that it has loaded, or will when its thread is up again. */
  holds(key: string): boolean {
    return this.#loaded.has(key) || this.wants(key);
  }

  /** One that it was told to hold, and did not refuse. */
  wants(key: string): boolean {
    return this.#wanted.some((model) => model.key === key) && !this.#refused.has(key);
  }

  /**
   * Makes the thread hold exactly these models, between jobs.
   * @returns when each of them is loaded or refused
   * @throws when the thread cannot even start
   */
  hold(models: readonly ModelSpec[]): Promise<void> {
    this.#wanted = models;
    return new Promise((resolve, reject) => {
      this.#holding.push({ resolve, reject });
      if (this.#state === 'idle') this.#prepare();
      else if (this.#state === 'down' && !this.#respawn) this.#spawn();
    });
  }

  /** The slot must be idle. The job's buffers leave this thread. */
  take(job: Job): void {
    if (this.#state !== 'idle') throw new Error(`slot ${this.index} is ${this.#state}`);
    this.#state = 'busy';
    this.#job = job;
    const { key, rows, input, output } = job;
    this.#post({ kind: 'run', key, rows, input, output }, [input, output]);
    // An answer that is already here when the timer fires late (this thread was busy) is read before it is judged.
    this.#timer = setTimeout(() => setImmediate(() => this.#abandon(job)), this.options.timeoutMs);
  }

  /** Waits for the job in flight, releases the sessions, ends the thread. */
  close(): Promise<void> {
    clearTimeout(this.#respawn);
    return new Promise((resolve) => {
      this.#stopping = resolve;
      if (!this.#worker) resolve();
      else if (this.#state === 'idle') this.#end();
    });
  }

  #spawn(): void {
    this.#respawn = undefined;
    this.#state = 'starting';
    this.#loaded.clear();
    this.#refused.clear();
    const worker = new Worker(this.options.entry, {
      name: `inference-${this.index}`,
      execArgv: [],
    });
    this.#worker = worker;
    worker.on('message', (message: FromWorker) => this.#hear(message));
    worker.on('error', (error) => (this.#lastError = error.message));
    worker.on('exit', (code) => this.#ended(code));
  }

  #post(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker!.postMessage(message, transfer);
  }

  #hear(message: FromWorker): void {
    if (message.kind === 'ran') return this.#answered(message);
    if (message.kind === 'loaded') {
      this.#loaded.add(message.key);
      this.events.loaded(message.key, message.engine);
    } else if (message.kind === 'refused') {
      this.#refused.add(message.key);
      this.events.refused(message.key, message.reason);
    }
    if (message.kind === 'unloaded') this.#loaded.delete(message.key);
    this.#prepare();
  }

  /** Next thing to load or drop; idle when there is none. */
  #prepare(): void {
    if (this.#stopping) return this.#end();
    this.#state = 'starting';
    const missing = this.#wanted.find(({ key }) => !this.#loaded.has(key) && !this.#refused.has(key));
    if (missing) return this.#post({ kind: 'load', model: missing });
    const surplus = [...this.#loaded].find((key) => !this.#wanted.some((model) => model.key === key));
    if (surplus !== undefined) return this.#post({ kind: 'unload', key: surplus });
    // A refused model is tried again when it is asked for again.
    this.#refused.forEach((key) => this.#wanted.some((model) => model.key === key) || this.#refused.delete(key));
    this.#state = 'idle';
    this.#holding.splice(0).forEach(({ resolve }) => resolve());
    this.events.free(this);
  }

  #answered(message: Extract<FromWorker, { kind: 'ran' }>): void {
    clearTimeout(this.#timer);
    const job = this.#job;
    this.#job = undefined;
    if (this.#state === 'draining') return this.#end();
    this.#failures = 0;
    const { input, output, inferring, inferred, error } = message;
    const late = inferred - inferring > this.options.timeoutMs;
    if (error !== undefined) job?.settle({ answered: false, code: 'ENGINE_FAILED', reason: error });
    else if (late) job?.settle(deadline(this.options.timeoutMs));
    else job?.settle({ answered: true, input, output, inferring, inferred });
    this.#prepare();
  }

  #abandon(job: Job): void {
    if (this.#job !== job || this.#state !== 'busy') return;
    this.#job = undefined;
    this.#state = 'draining';
    const outcome = deadline(this.options.timeoutMs);
    job.settle(outcome);
    this.events.away(this, 'draining', `${job.key}: ${outcome.reason}`);
  }

  #end(): void {
    this.#state = 'closing';
    this.#post({ kind: 'close' });
  }

  #ended(code: number): void {
    clearTimeout(this.#timer);
    const before = this.#state;
    this.#worker = undefined;
    this.#state = 'down';
    const reason = `the worker ended (${code}) ${this.#lastError}`.trim();
    this.#lastError = '';
    this.#job?.settle({ answered: false, code: 'ENGINE_FAILED', reason });
    this.#job = undefined;
    if (before === 'starting') this.#holding.splice(0).forEach(({ reject }) => reject(new Error(reason)));
    if (this.#stopping) return this.#stopping();
    if (before === 'closing') return this.#spawn();
    this.#respawn = setTimeout(() => this.#spawn(), BACKOFF_MS[Math.min(this.#failures, BACKOFF_MS.length - 1)]);
    this.#failures += 1;
    this.events.away(this, 'down', reason);
  }
}

function deadline(timeoutMs: number): Extract<Outcome, { answered: false }> {
  return { answered: false, code: 'DEADLINE', reason: `no answer within ${timeoutMs} ms` };
}

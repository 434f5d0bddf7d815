import { Worker } from 'node:worker_threads';
import type { ModelSpec } from '../../engines/model-spec.js';
import type { Job } from './job.js';
import type { FromWorker, ToWorker } from './worker-protocol.js';

export interface ThreadEvents {
  /** It has answered what it was told last, or is up: it waits for the next. */
  heard(thread: Thread, message: FromWorker): void;
  ended(thread: Thread, reason: string): void;
}

/** One worker thread and what it has loaded. It is told one thing at a time. */
export class Thread {
  /** Resolves when the thread has ended. */
  readonly ended: Promise<void>;
  readonly #worker: Worker;
  readonly #loaded = new Set<string>();
  readonly #refused = new Map<string, string>();
  #unloads = 0;
  #occupied = true;
  #lastError = '';

  constructor(
    entry: URL,
    name: string,
    private readonly events: ThreadEvents,
  ) {
    this.#worker = new Worker(entry, { name, execArgv: [] });
    this.#worker.on('message', (message: FromWorker) => this.#hear(message));
    this.#worker.on('error', (error) => (this.#lastError = error.message));
    this.ended = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        resolve();
        events.ended(this, `the worker ended (${code}) ${this.#lastError}`.trim());
      });
    });
  }

  /** Whether it is at work: coming up, loading, dropping or running. */
  get occupied(): boolean {
    return this.#occupied;
  }

  get loaded(): ReadonlySet<string> {
    return this.#loaded;
  }

  /** Models that its engines refused, each with the reason. */
  get refused(): ReadonlyMap<string, string> {
    return this.#refused;
  }

  /** How many models it has dropped in its life. */
  get unloads(): number {
    return this.#unloads;
  }

  /** Whether it holds what is wanted, as far as its engines took it, and nothing else. */
  settled(wanted: readonly ModelSpec[]): boolean {
    return this.#missing(wanted) === undefined && this.#surplus(wanted, () => false) === undefined;
  }

  /**
   * Loads or drops the next thing.
   * @param kept models that are not dropped yet
   * @returns false where there is nothing to do
   */
  step(wanted: readonly ModelSpec[], kept: (key: string) => boolean): boolean {
    const missing = this.#missing(wanted);
    if (missing) return this.#tell({ kind: 'load', model: missing });
    const key = this.#surplus(wanted, kept);
    if (key !== undefined) return this.#tell({ kind: 'unload', key });
    // A refused model is tried again when it is asked for again.
    for (const key of this.#refused.keys()) {
      if (!wanted.some((model) => model.key === key)) this.#refused.delete(key);
    }
    return false;
  }

  /** The job's buffers leave this thread. */
  run({ key, rows, input, output, dtype }: Job): void {
    this.#tell({ kind: 'run', key, rows, input, output, dtype }, [input, output]);
  }

  /** Once it has done what it was told, it releases its sessions and ends. It is never terminated: see Slot. */
  end(): void {
    this.#tell({ kind: 'close' });
  }

  #tell(message: ToWorker, transfer: ArrayBuffer[] = []): true {
    this.#occupied = true;
    this.#worker.postMessage(message, transfer);
    return true;
  }

  #hear(message: FromWorker): void {
    this.#occupied = false;
    if (message.kind === 'loaded') this.#loaded.add(message.key);
    if (message.kind === 'refused') this.#refused.set(message.key, message.reason);
    if (message.kind === 'unloaded') {
      this.#loaded.delete(message.key);
      this.#unloads += 1;
    }
    this.events.heard(this, message);
  }

  #missing(wanted: readonly ModelSpec[]): ModelSpec | undefined {
    return wanted.find(({ key }) => !this.#loaded.has(key) && !this.#refused.has(key));
  }

  #surplus(wanted: readonly ModelSpec[], kept: (key: string) => boolean): string | undefined {
    return [...this.#loaded].find((key) => !kept(key) && !wanted.some((model) => model.key === key));
  }
}

import { wallNow } from '../../platform/exchange.clock.js';
import type { ModelSpec } from '../../engines/model-spec.js';
import { onlyOnce } from '../../engines/provider.js';
import type { Timing } from './cost-line.js';
import type { Job, Outcome } from './job.js';
import { Thread } from './thread.worker.js';
import type { FromWorker } from './worker-protocol.js';

const BACKOFF_MS = [100, 250, 1000, 5000] as const;

/**
 * Models that a thread drops before another takes its place. Measured over 1,500 swaps: a dropped session leaves about 5 KB
 * in the process, a thread that has ended about 1 MB (its malloc arena, in pieces). Threads that follow one another sooner
 * would cost more than they give back.
 */
const UNLOADS_A_LIFE = 256;

/**
 * starting  the thread comes up, loads or drops models         → idle (between two models too: waiting jobs go on)
 * idle      nothing in flight                                  → starting (models to load or drop), busy, closing
 * busy      one job in flight                                  → idle, starting, draining (past its deadline)
 * draining  the job is abandoned, the thread still computes    → closing, when it answers
 * closing   told to release its sessions; nothing in flight    → down, when the thread has ended
 * down      no thread; a fresh one comes after a backoff       → starting
 *
 * A worn thread is followed without a pause: its successor comes up beside it, loads what is wanted, and takes its place
 * between two jobs. A thread is never terminated: during a run that aborts the whole process.
 */
export type SlotState = 'starting' | 'idle' | 'busy' | 'draining' | 'closing' | 'down';

export interface SlotOptions {
  readonly entry: URL;
  /** Counted from the moment the job is posted to an idle thread; waiting in the queue is not in it. */
  readonly timeoutMs: number;
  /** Models that a thread drops before another takes its place; absent: 256. */
  readonly unloadsALife?: number | undefined;
}

export interface SlotEvents {
  /** The slot is idle: it can take a job. */
  free(slot: Slot): void;
  /** It takes no jobs for a while: `draining` past a deadline, `down` when its thread died. */
  away(slot: Slot, state: 'draining' | 'down', reason: string): void;
  loaded(key: string, engine: string, timings: readonly Timing[]): void;
  /** Whether jobs still wait for a model that is to be dropped. */
  waits(key: string): boolean;
  /** Its thread has dropped so many models that another should follow it: `renew`. */
  worn(slot: Slot): void;
  /** A successor has taken over and the old thread has ended, or why not. */
  renewed(slot: Slot, fault?: string): void;
}

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

export interface Running {
  readonly job: Job;
  /** Wall time, epoch ms. */
  readonly since: number;
}

/** One place in the pool: the worker thread that is in it now, and the one that follows it. */
export class Slot {
  #state: SlotState = 'down';
  #thread: Thread | undefined;
  /** Comes up beside the thread, to follow it. */
  #successor: Thread | undefined;
  /** All that have not ended: those two, and one that was followed. */
  readonly #threads = new Set<Thread>();
  /** Why the last successor did not take over. */
  #fault: string | undefined;
  /** Unloads until the thread is worn. */
  #lifetime: number;
  #running: Running | undefined;
  #timer: NodeJS.Timeout | undefined;
  #respawn: NodeJS.Timeout | undefined;
  #wanted: readonly ModelSpec[] = [];
  #holding: Waiter[] = [];
  #failures = 0;
  #stopping = false;

  constructor(
    readonly index: number,
    private readonly options: SlotOptions,
    private readonly events: SlotEvents,
  ) {
    this.#lifetime = this.#unloadsALife;
  }

  get state(): SlotState {
    return this.#state;
  }

  get running(): Running | undefined {
    return this.#running;
  }

  /** Will take a job in its turn: not lost to a run past its deadline, nor to a thread that died and did not answer since. */
  get alive(): boolean {
    return this.#state === 'idle' || this.#state === 'busy' || (this.#state === 'starting' && this.#failures === 0);
  }

  get worn(): boolean {
    return !this.renewing && (this.#thread?.unloads ?? 0) >= this.#lifetime;
  }

  get renewing(): boolean {
    return this.#threads.size > 1;
  }

  /** Models that its thread refused, each with the reason. */
  get refused(): ReadonlyMap<string, string> {
    return this.#thread?.refused ?? new Map();
  }

  /** A model that it can run now. */
  can(key: string): boolean {
    return this.#thread?.loaded.has(key) ?? false;
  }

  /** A model that it has loaded, or will when its thread is up again. */
  holds(key: string): boolean {
    return this.can(key) || this.wants(key);
  }

  /** One that it was told to hold, and did not refuse. */
  wants(key: string): boolean {
    return this.#wanted.some((model) => model.key === key) && !this.refused.has(key);
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
      if (this.#state === 'idle') this.#proceed();
      else if (this.#state === 'down' && !this.#respawn) this.#start();
    });
  }

  /** The slot must be idle. The job's buffers leave this thread. */
  take(job: Job): void {
    if (this.#state !== 'idle') throw new Error(`slot ${this.index} is ${this.#state}`);
    this.#state = 'busy';
    this.#running = { job, since: wallNow() };
    this.#thread!.run(job);
    // An answer that is already here when the timer fires late (this thread was busy) is read before it is judged.
    this.#timer = setTimeout(() => setImmediate(() => this.#abandon(job)), this.options.timeoutMs);
  }

  /** Brings up the thread that will follow the present one. A GPU's models are left out: see `#follow`. */
  renew(): void {
    this.#successor = this.#spawn();
  }

  /** Waits for the job in flight; each thread releases its sessions and ends. */
  async close(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#respawn);
    this.#successor?.end();
    if (this.#thread?.occupied === false) this.#end();
    await Promise.all([...this.#threads].map(({ ended }) => ended));
  }

  get #unloadsALife(): number {
    return this.options.unloadsALife ?? UNLOADS_A_LIFE;
  }

  #start(): void {
    this.#respawn = undefined;
    this.#state = 'starting';
    this.#thread = this.#spawn();
  }

  #spawn(): Thread {
    const thread = new Thread(this.options.entry, `inference-${this.index}`, {
      heard: (thread, message) => this.#hear(thread, message),
      ended: (thread, reason) => this.#ended(thread, reason),
    });
    this.#threads.add(thread);
    return thread;
  }

  #hear(thread: Thread, message: FromWorker): void {
    if (message.kind === 'loaded') this.events.loaded(message.key, message.engine, message.timings);
    if (thread === this.#successor) return this.#raise(thread);
    if (thread !== this.#thread) return;
    if (message.kind === 'ran') return this.#answered(message);
    if (message.kind === 'loaded' && this.#offer()) return;
    this.#proceed();
  }

  /** Between two models, jobs that wait go on. @returns whether one was taken */
  #offer(): boolean {
    if (this.#stopping) return false;
    this.#state = 'idle';
    this.events.free(this);
    return this.#running !== undefined;
  }

  /** Nothing is in flight: the next thing to load or drop; idle when there is none. */
  #proceed(): void {
    if (this.#stopping) return this.#end();
    if (this.#followed()) this.#follow();
    this.#state = 'starting';
    if (this.#thread!.occupied || this.#awaitsCard()) return;
    if (this.#thread!.step(this.#wanted, (key) => this.events.waits(key))) return;
    this.#state = 'idle';
    this.#holding.splice(0).forEach(({ resolve }) => resolve());
    if (this.worn) this.events.worn(this);
    this.events.free(this);
  }

  /** The successor loads what is wanted; then it takes over, at once or after the job in flight. */
  #raise(successor: Thread): void {
    if (this.#stopping || successor.step(this.#shared(), () => false)) return;
    const lost = [...successor.refused].find(([key]) => this.can(key));
    if (lost) {
      // What the present thread serves it goes on serving.
      this.#successor = undefined;
      this.#fault = lost.join(': ');
      successor.end();
    } else if (this.#state === 'idle') this.#proceed();
  }

  /** Whether the successor can do all that is still asked of the present thread. */
  #followed(): boolean {
    const successor = this.#successor;
    if (!successor || successor.occupied || !successor.settled(this.#shared())) return false;
    return [...this.#thread!.loaded].every(
      (key) => this.wants(key) || successor.loaded.has(key) || !this.events.waits(key),
    );
  }

  #follow(): void {
    this.#thread!.end();
    this.#thread = this.#successor;
    this.#successor = undefined;
    this.#lifetime = this.#unloadsALife;
  }

  /** What two threads may hold at once: sessions on one GPU in two threads end the process. */
  #shared(): readonly ModelSpec[] {
    return this.#wanted.filter(({ variant }) => !onlyOnce(variant));
  }

  /** A GPU's models are loaded once the thread that was followed has ended: `#ended` then goes on. */
  #awaitsCard(): boolean {
    return this.#wanted.some(({ variant }) => onlyOnce(variant)) && this.#threads.size > (this.#successor ? 2 : 1);
  }

  #answered(message: Extract<FromWorker, { kind: 'ran' }>): void {
    clearTimeout(this.#timer);
    const job = this.#running?.job;
    this.#running = undefined;
    if (this.#state === 'draining') return this.#end();
    this.#failures = 0;
    const { input, output, inferring, inferred, error } = message;
    const late = inferred - inferring > this.options.timeoutMs;
    if (error !== undefined) job?.settle({ answered: false, code: 'ENGINE_FAILED', reason: error });
    else if (late) job?.settle(deadline(this.options.timeoutMs));
    else job?.settle({ answered: true, input, output, inferring, inferred });
    this.#proceed();
  }

  #abandon(job: Job): void {
    if (this.#running?.job !== job || this.#state !== 'busy') return;
    this.#running = undefined;
    this.#state = 'draining';
    const outcome = deadline(this.options.timeoutMs);
    job.settle(outcome);
    this.events.away(this, 'draining', `${job.key}: ${outcome.reason}`);
  }

  #end(): void {
    this.#state = 'closing';
    this.#thread!.end();
  }

  #ended(thread: Thread, reason: string): void {
    this.#threads.delete(thread);
    if (thread === this.#thread) return this.#lost(reason);
    if (thread === this.#successor) {
      this.#successor = undefined;
      this.#fault = reason;
    }
    if (this.#stopping) return;
    if (this.#fault !== undefined) this.#lifetime = (this.#thread?.unloads ?? 0) + this.#unloadsALife;
    this.events.renewed(this, this.#fault);
    this.#fault = undefined;
    if (this.#state === 'starting' && this.#thread?.occupied === false) this.#proceed();
  }

  #lost(reason: string): void {
    clearTimeout(this.#timer);
    const before = this.#state;
    this.#thread = undefined;
    this.#state = 'down';
    this.#running?.job.settle({ answered: false, code: 'ENGINE_FAILED', reason });
    this.#running = undefined;
    if (before === 'starting') this.#holding.splice(0).forEach(({ reject }) => reject(new Error(reason)));
    if (this.#stopping) return;
    if (before === 'closing') return this.#start();
    this.#respawn = setTimeout(() => this.#start(), BACKOFF_MS[Math.min(this.#failures, BACKOFF_MS.length - 1)]);
    this.#failures += 1;
    this.events.away(this, 'down', reason);
  }
}

function deadline(timeoutMs: number): Extract<Outcome, { answered: false }> {
  return { answered: false, code: 'DEADLINE', reason: `no answer within ${timeoutMs} ms` };
}

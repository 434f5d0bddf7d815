interface Job {
  readonly key: string | undefined;
  readonly work: () => Promise<void>;
  readonly settle: (error?: unknown) => void;
}

/**
 * One thing at a time, in the order it was put in: what the path is fed from, so that the stream never waits for the path.
 *
 * A job with a key takes the place of a job with the same key that still waits: where the path is slower than the market,
 * the newest interval of a timeframe is run and the older one is dropped and reported. A job at work is never dropped.
 */
export class PathQueue {
  #waiting: Job[] = [];
  #closed = false;
  #working: Promise<void> | undefined;

  /** @param dropped told the key of each job that was superseded or, at the end, not begun */
  constructor(private readonly dropped: (key: string) => void) {}

  /** @returns resolves when the work is done or dropped; rejects with what it threw */
  put(work: () => Promise<void>, key?: string): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const settle = (error?: unknown) => (error === undefined ? resolve() : reject(error));
      if (key !== undefined) this.#supersede(key);
      this.#waiting.push({ key, work, settle });
      this.#working ??= this.#drain();
    });
  }

  get busy(): boolean {
    return this.#working !== undefined;
  }

  get depth(): number {
    return this.#waiting.length;
  }

  /** Resolves when nothing waits and nothing is at work. */
  async idle(): Promise<void> {
    while (this.#working) await this.#working;
  }

  /**
   * Takes no more: what waits is dropped, each job with a key reported; the one at work finishes. What is dropped is as if
   * the process had ended a moment earlier: the next start's history tells it again.
   */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { key, settle } of this.#waiting.splice(0)) {
      if (key !== undefined) this.dropped(key);
      settle();
    }
    await this.idle();
  }

  async #drain(): Promise<void> {
    for (let job = this.#waiting.shift(); job; job = this.#waiting.shift()) {
      try {
        await job.work();
        job.settle();
      } catch (error) {
        job.settle(error ?? new Error('the path failed without saying why'));
      }
    }
    this.#working = undefined; // in the same turn as the last look: what is put in from here on begins anew
  }

  #supersede(key: string): void {
    const older = this.#waiting.find((job) => job.key === key);
    if (!older) return;
    this.#waiting = this.#waiting.filter((job) => job !== older);
    this.dropped(key);
    older.settle();
  }
}

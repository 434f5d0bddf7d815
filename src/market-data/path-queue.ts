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
  #working: Promise<void> | undefined;

  /** @param dropped told the key of each superseded job */
  constructor(private readonly dropped: (key: string) => void) {}

  /** @returns resolves when the work is done or superseded; rejects with what it threw */
  put(work: () => Promise<void>, key?: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: unknown) => (error === undefined ? resolve() : reject(error));
      if (key !== undefined) this.#supersede(key);
      this.#waiting.push({ key, work, settle });
      this.#working ??= this.#drain().finally(() => (this.#working = undefined));
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

  async #drain(): Promise<void> {
    for (let job = this.#waiting.shift(); job; job = this.#waiting.shift()) {
      try {
        await job.work();
        job.settle();
      } catch (error) {
        job.settle(error ?? new Error('the path failed without saying why'));
      }
    }
  }

  #supersede(key: string): void {
    const older = this.#waiting.find((job) => job.key === key);
    if (!older) return;
    this.#waiting = this.#waiting.filter((job) => job !== older);
    this.dropped(key);
    older.settle();
  }
}

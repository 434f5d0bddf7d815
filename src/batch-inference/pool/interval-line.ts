import type { Job, JobSource } from './job.js';

/** The interval's jobs, first come, first served. */
export class IntervalLine implements JobSource {
  readonly #jobs: Job[] = [];

  get length(): number {
    return this.#jobs.length;
  }

  push(job: Job): void {
    this.#jobs.push(job);
  }

  next(can: (key: string) => boolean): Job | undefined {
    const next = this.#jobs.findIndex(({ key }) => can(key));
    return next < 0 ? undefined : this.#jobs.splice(next, 1)[0];
  }

  waits(key: string): boolean {
    return this.#jobs.some((job) => job.key === key);
  }

  flush(code: 'DEADLINE' | 'ENGINE_FAILED', reason: string): void {
    for (const job of this.#jobs.splice(0)) job.settle({ answered: false, code, reason });
  }

  /** @returns what its jobs cost together, by the cost of each */
  cost(of: (job: Job) => number): number {
    return this.#jobs.reduce((sum, job) => sum + of(job), 0);
  }

  countOf(key: string): number {
    return this.#jobs.reduce((count, job) => count + (job.key === key ? 1 : 0), 0);
  }
}

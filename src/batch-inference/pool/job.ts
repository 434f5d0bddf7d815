import type { ActiveModel } from '../../domain/model.js';

/** How a job ended. Buffers are back where the worker gave them back. */
export type Outcome =
  | {
      readonly answered: true;
      readonly input: ArrayBuffer;
      readonly output: ArrayBuffer;
      /** Wall time, epoch ms, in the worker. */
      readonly inferring: number;
      readonly inferred: number;
    }
  | { readonly answered: false; readonly code: 'DEADLINE' | 'ENGINE_FAILED'; readonly reason: string };

/** What numbers the buffers hold. */
export type FloatTypes = ActiveModel['dtype'];

/** The trading path's: features are float32, and so are its answers. */
export const FLOAT32: FloatTypes = { input: 'float32', output: 'float32' };

/** One call of one model on one worker. */
export interface Job {
  readonly key: string;
  readonly rows: number;
  readonly input: ArrayBuffer;
  readonly output: ArrayBuffer;
  readonly dtype: FloatTypes;
  /** Called once. */
  readonly settle: (outcome: Outcome) => void;
}

/** Where a free worker finds its next job. */
export interface JobSource {
  /** @returns the next job of a model that the worker can run, no longer in line; undefined where none waits */
  next(can: (key: string) => boolean): Job | undefined;
  /** Whether anything waits for the model. */
  waits(key: string): boolean;
  /** Refuses all that waits. */
  flush(code: 'DEADLINE' | 'ENGINE_FAILED', reason: string): void;
}

/** Asks the sources in their order: as long as the first has a job for the worker, the others wait. */
export function nextJob(sources: readonly JobSource[], can: (key: string) => boolean): Job | undefined {
  for (const source of sources) {
    const job = source.next(can);
    if (job) return job;
  }
  return undefined;
}

import type { ModelRef } from './model.js';

/** Why an ad hoc request got no answer. Codes are stable. */
export const AD_HOC_CODES = [
  'MODEL_UNKNOWN', // no such model or version
  'MODEL_NOT_READY', // it is not loaded: refused, retired, or still warming
  'QUEUE_FULL', // as many rows wait as may; try again after the time given
  'DEADLINE_UNREACHABLE', // by what such batches cost, it would be late: refused at once
  'DEADLINE', // it was admitted, and was late all the same
  'ENGINE_FAILED', // the engine threw
  'ABANDONED', // whoever asked has gone: nobody reads this answer
] as const;
export type AdHocCode = (typeof AD_HOC_CODES)[number];

/** What became of one ad hoc request; told to whoever watches. */
export interface AdHocReport {
  /** As it was found; of an unknown one `-`: whoever counts by model must not count every name that is thought up. */
  readonly model: ModelRef;
  readonly engine: string;
  readonly rows: number;
  readonly outcome: 'ANSWERED' | AdHocCode;
  /** ms, in order: in line, in a worker, from arrival to answer. Absent where it did not get that far. */
  readonly queueMs?: number;
  readonly inferenceMs?: number;
  readonly totalMs: number;
  /** Rows of the batch that it was part of. */
  readonly batchRows?: number;
}

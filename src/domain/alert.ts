import { refOf, type ModelRef } from './model.js';
import type { Timeframe } from './timeframe.js';

/** What is watched. Codes are stable: users route alerts by them. */
export const ALERT_CODES = [
  'LATENCY', // candle close to published, p99 over 5 minutes, ms
  'CRITICAL_LATENCY', // the same, beyond what anybody may trade on
  'FEED_LATENCY', // candle close until its last candle is here, p99 over 5 minutes, ms
  'FEATURES_LATENCY', // feature rows gathered for a model, p99 over 5 minutes, ms
  'INFERENCE_LATENCY', // the inference stage, p99 over 5 minutes, ms
  'DECIDE_LATENCY', // predictions to decisions, p99 over 5 minutes, ms
  'SAVE_LATENCY', // decisions to rows on disk, p99 over 5 minutes, ms
  'MISSED_DEADLINES', // share of rows that abstained with DEADLINE, 5 minutes
  'ABSTENTION_RATE', // share of rows without an answer, 5 minutes
  'BAD_ANSWERS', // rows whose answer was no number, or no distribution, 5 minutes
  'QUEUE_DEPTH', // jobs that wait for a worker
  'DRIFT', // largest PSI of a feature or output against the training reference
  'FLIP_RATE', // share of rows that a version decides otherwise than the one it stands beside
] as const;
export type AlertCode = (typeof ALERT_CODES)[number];

/** Something crossed its limit, or came back. Raised once and cleared once: the limits of the two differ. */
export interface Alert {
  /** Computed: `<code>/<model or ->/<timeframe or ->/<when it was raised>`; the same when it is cleared. */
  readonly id: string;
  readonly code: AlertCode;
  readonly state: 'raised' | 'cleared';
  readonly model: ModelRef | null;
  readonly timeframe: Timeframe | null;
  readonly value: number;
  readonly limit: number;
  /** A sentence: what, where, what to do. */
  readonly message: string;
  /** Wall time, epoch ms. */
  readonly at: number;
}

/** What is watched where; null: everywhere. */
export type Watched = Pick<Alert, 'code' | 'model' | 'timeframe'>;

/** @returns `<code>/<model or ->/<timeframe or ->`: of its alerts, one at most is open */
export function watchedKey({ code, model, timeframe }: Watched): string {
  return `${code}/${model ? refOf(model) : '-'}/${timeframe ?? '-'}`;
}

/** @param raisedAt wall time, epoch ms; whole milliseconds count */
export function alertId(watched: Watched, raisedAt: number): string {
  return `${watchedKey(watched)}/${Math.floor(raisedAt)}`;
}

/** @returns when the alert was raised, wall time, epoch ms: its id says it, cleared or not */
export function raisedAt({ id }: Pick<Alert, 'id'>): number {
  return Number(id.slice(id.lastIndexOf('/') + 1));
}

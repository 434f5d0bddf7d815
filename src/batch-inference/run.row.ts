import type { Abstention } from '../domain/abstention.js';
import type { Role } from '../domain/role.js';
import { STAGES, type Stage } from '../domain/stage.js';
import type { Timeframe } from '../domain/timeframe.js';

export const TIMED: readonly Stage[] = [...STAGES, 'total'];

/** A row of `runs`. */
export type RunRow = {
  readonly id: string;
  readonly model: string;
  readonly version: string;
  readonly timeframe: Timeframe;
  readonly open_time: Date;
  readonly engine: string;
  readonly role: Role;
  readonly rows: number;
  readonly answered: number;
  readonly abstentions: Partial<Record<Abstention, number>>;
  readonly recorded_at: Date;
} & Readonly<Record<`${Stage}_ms`, number | null>>;

/** A row of `predictions`. */
export interface PredictionRow {
  readonly symbols: readonly string[];
  /** short, flat, long of each symbol in turn; null where abstained */
  readonly probabilities: readonly (number | null)[];
  readonly abstentions: readonly (Abstention | null)[];
}

/** p50, p95, p99 and maximum of one stage, ms; null when no run has it. */
export interface StagePercentiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

import type { Abstention } from '../../domain/abstention.js';
import type { Method } from '../../domain/ensemble.js';
import type { Role } from '../../domain/role.js';
import { STAGES, type Stage } from '../../domain/stage.js';
import type { Timeframe } from '../../domain/timeframe.js';

export const TIMED: readonly Stage[] = [...STAGES, 'total'];

/** What an ensemble's answers were made of: `MadeOf` as it is kept. */
export interface MadeOfRecord {
  readonly method: Method;
  readonly members: readonly {
    readonly run_id: string;
    readonly part: 'gate' | 'member';
    readonly weight: number | null;
    readonly regime: string | null;
  }[];
  /** `name@version` */
  readonly meta: string | null;
}

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
  /** null: it is no ensemble's */
  readonly made_of: MadeOfRecord | null;
  readonly recorded_at: Date;
} & Readonly<Record<`${Stage}_ms`, number | null>>;

/** A row of `predictions`. */
export interface PredictionRow {
  readonly run_id: string;
  readonly symbols: readonly string[];
  /** Numbers a symbol. */
  readonly columns: number;
  /** What each is the probability of; null: they are no classes. */
  readonly classes: readonly string[] | null;
  /** `columns` numbers of each symbol in turn; null where abstained */
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

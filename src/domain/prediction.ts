import type { Abstention } from './abstention.js';
import type { Method } from './ensemble.js';
import type { ModelRef } from './model.js';
import type { Pair } from './pair.js';
import type { Role } from './role.js';
import type { Moments } from './stage.js';
import type { Timeframe } from './timeframe.js';

/** A feature that moved a row away from what training saw, most salient first: importance × |value − mean| / std. */
export interface TopFeature {
  readonly name: string;
  readonly value: number;
  readonly zScore: number;
}

/** A run whose answers went into an ensemble's. */
export interface MemberRun {
  readonly runId: string;
  readonly part: 'gate' | 'member';
  /** Its share of a vote, > 0; null where there is no vote. */
  readonly weight: number | null;
  /** The one that it answers in; null where no gate decides. */
  readonly regime: string | null;
}

/** What an ensemble's answers were made of. */
export interface MadeOf {
  readonly method: Method;
  readonly members: readonly MemberRun[];
  /** The version that read the members' answers; its answers are the ensemble's. */
  readonly meta: ModelRef | null;
}

/** One version's answer to one interval. Row i belongs to `PredictionBatch.symbols[i]`. */
export interface ModelRun {
  /** Computed: `<model>@<version>/<timeframe>/<open time>`. A replay adds no row. */
  readonly id: string;
  readonly model: ModelRef;
  readonly weight: number;
  readonly role: Role;
  /** [rows] 1 where its answer counts as a vote; a shadow's never does. */
  readonly voting: Uint8Array;
  /** Numbers a row: 3 of every version that may vote. */
  readonly columns: number;
  /** What each column is the probability of; null: the columns are no classes. */
  readonly classes: readonly string[] | null;
  /** [rows × columns]; short, flat, long of every version that may vote. Meaningless where `answered` is 0. */
  readonly probabilities: Float32Array;
  /** [rows] 1 where the model answered. */
  readonly answered: Uint8Array;
  /** Rows that got no answer, each with its reason. */
  readonly abstentions: ReadonlyMap<Pair, Abstention>;
  /** Stamped as the run goes on; the stages after inference are shared with the other models of the interval. */
  readonly moments: Moments;
  readonly engine: string;
  /** Of an ensemble only. */
  readonly madeOf?: MadeOf;
  topFeatures(row: number, count: number): readonly TopFeature[];
}

/** Every active model's answers to one interval, with what the strategy needs to price a signal. */
export interface PredictionBatch {
  readonly timeframe: Timeframe;
  /** Open time of the interval's candles, UTC ms, exchange time. */
  readonly openTime: number;
  readonly symbols: readonly Pair[];
  /** [rows] last close, quote per base; NaN where the candle is absent. */
  readonly close: Float64Array;
  /** [rows] ATR(14) on this timeframe, quote per base; NaN where not known. */
  readonly atr: Float64Array;
  readonly runs: readonly ModelRun[];
}

/** @returns the run's computed id */
export function runId(model: ModelRef, timeframe: Timeframe, openTime: number): string {
  return `${model.name}@${model.version}/${timeframe}/${openTime}`;
}

import type { Abstention } from './abstention.js';
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

/** One model's answer to one interval. Row i belongs to `PredictionBatch.symbols[i]`. */
export interface ModelRun {
  /** Computed: `<model>@<version>/<timeframe>/<open time>`. A replay adds no row. */
  readonly id: string;
  readonly model: ModelRef;
  readonly weight: number;
  readonly role: Role;
  /** [rows] 1 where its answer counts as a vote; a shadow's never does. */
  readonly voting: Uint8Array;
  /** [rows × 3] short, flat, long. Meaningless where `answered` is 0. */
  readonly probabilities: Float32Array;
  /** [rows] 1 where the model answered. */
  readonly answered: Uint8Array;
  /** Rows that got no answer, each with its reason. */
  readonly abstentions: ReadonlyMap<Pair, Abstention>;
  /** Stamped as the run goes on; the stages after inference are shared with the other models of the interval. */
  readonly moments: Moments;
  readonly engine: string;
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

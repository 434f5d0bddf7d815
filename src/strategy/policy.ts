/** What the strategy asks of a vote before it becomes a signal. */
export interface Policy {
  /** Ensemble probability that a direction must reach, 0..1. */
  readonly minConfidence: number;
  /** By how much it must exceed the opposite direction's probability, 0..1. */
  readonly minEdge: number;
  /** Timeframes, the signal's own included, that must point the same way. */
  readonly minAgreement: number;
  /** Candles of the timeframe after a signal in which the same series gives no second one in that direction. */
  readonly cooldownCandles: number;
  /** Distance of the stop from entry, in ATR. */
  readonly stopLossAtr: number;
  /** Distance of the first target from entry, in ATR. */
  readonly takeProfitAtr: number;
}

/** Why a row of a batch became no signal. Codes are stable: users alert on them. */
export const REJECTIONS = [
  'TOO_FEW_MODELS', // models that hold half of the total weight did not all answer with finite numbers
  'LOW_CONFIDENCE', // neither direction is probable enough
  'LOW_EDGE', // the opposite direction is nearly as probable
  'NO_AGREEMENT', // fewer timeframes than asked point the same way
  'OPPOSED', // as many timeframes point the other way
  'COOLDOWN', // the series gave the same signal a few candles ago
  'NO_ATR', // no volatility to set stop and targets by
  'LEVELS_NOT_POSITIVE', // a stop or a target would lie at or below zero
] as const;
export type Rejection = (typeof REJECTIONS)[number];

import { createHash } from 'node:crypto';
import type { TopFeature } from './prediction.js';
import type { Pair } from './pair.js';
import type { Timeframe } from './timeframe.js';

export type Direction = 'long' | 'short';

/** Why a signal exists: enough to argue with it. */
export interface Because {
  readonly models: readonly {
    readonly model: string;
    readonly runId: string;
    readonly weight: number;
    /** short, flat, long */
    readonly probabilities: readonly [number, number, number];
    readonly topFeatures: readonly TopFeature[];
  }[];
  /** Timeframes whose newest vote points the same way, this one included. */
  readonly agreeing: readonly Timeframe[];
  /** Timeframes whose newest vote points the other way. */
  readonly opposing: readonly Timeframe[];
}

/** A decision to be long or short. Prices are estimates in quote per base; they become exact at the order. */
export interface Signal {
  /** Computed by `signalId`; a replay adds nothing. */
  readonly id: string;
  readonly symbol: Pair;
  readonly timeframe: Timeframe;
  /** Open time of the candle that it was decided on, UTC ms, exchange time. */
  readonly openTime: number;
  /** Close of that candle: the instant from which the signal may be acted on, UTC ms, exchange time. */
  readonly decidedAt: number;
  readonly direction: Direction;
  /** Ensemble probability of the direction, 0..1. */
  readonly confidence: number;
  readonly entry: number;
  readonly stopLoss: number;
  /** Nearest first. The first is the order's take_profit. */
  readonly takeProfits: readonly number[];
  readonly strategy: string;
  readonly because: Because;
}

/**
 * The name of a signal survives a crash because it is computed: sha256 of (symbol, timeframe, open time, strategy, model
 * versions), the first 128 bits in hex.
 * @param models `name@version` of every model that voted, in any order
 */
export function signalId(
  symbol: Pair,
  timeframe: Timeframe,
  openTime: number,
  strategy: string,
  models: readonly string[],
): string {
  const name = [symbol, timeframe, openTime, strategy, ...[...models].sort()].join('|');
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}

import type { Because, Signal } from './signal.js';

/** A signal as REST and the websocket tell it: the field names that AlphaPulse's web client reads. Times are ISO 8601. */
export interface SignalJson {
  readonly id: string;
  readonly symbol: string;
  readonly timeframe: string;
  readonly direction: 'long' | 'short';
  readonly confidence: number;
  /** When it was decided: the close of its candle, exchange time. */
  readonly timestamp: string;
  /** Open time of its candle. */
  readonly open_time: string;
  readonly entry_price: number;
  readonly stop_loss: number;
  /** The nearest target, the same as tp1. */
  readonly take_profit: number;
  readonly tp1?: number;
  readonly tp2?: number;
  readonly tp3?: number;
  /** Distance of the nearest target from entry, in distances of the stop. */
  readonly risk_reward_ratio: number;
  readonly strategy: string;
  readonly pattern_type: string;
  readonly metadata: { readonly because: BecauseJson };
}

export interface BecauseJson {
  readonly models: readonly {
    readonly model: string;
    readonly run_id: string;
    readonly weight: number;
    readonly probabilities: { readonly short: number; readonly flat: number; readonly long: number };
    readonly top_features: readonly { readonly name: string; readonly value: number; readonly z_score: number }[];
  }[];
  readonly agreeing_timeframes: readonly string[];
  readonly opposing_timeframes: readonly string[];
}

export function signalJson(signal: Signal): SignalJson {
  const [tp1, tp2, tp3] = signal.takeProfits;
  return {
    id: signal.id,
    symbol: signal.symbol,
    timeframe: signal.timeframe,
    direction: signal.direction,
    confidence: signal.confidence,
    timestamp: iso(signal.decidedAt),
    open_time: iso(signal.openTime),
    entry_price: signal.entry,
    stop_loss: signal.stopLoss,
    take_profit: tp1!,
    ...(tp1 !== undefined && { tp1 }),
    ...(tp2 !== undefined && { tp2 }),
    ...(tp3 !== undefined && { tp3 }),
    risk_reward_ratio: Math.abs(tp1! - signal.entry) / Math.abs(signal.entry - signal.stopLoss),
    strategy: signal.strategy,
    pattern_type: signal.strategy,
    metadata: { because: becauseJson(signal.because) },
  };
}

export function becauseJson({ models, agreeing, opposing }: Because): BecauseJson {
  return {
    models: models.map(({ model, runId, weight, probabilities: [short, flat, long], topFeatures }) => ({
      model,
      run_id: runId,
      weight,
      probabilities: { short, flat, long },
      top_features: topFeatures.map(({ name, value, zScore }) => ({ name, value, z_score: zScore })),
    })),
    agreeing_timeframes: agreeing,
    opposing_timeframes: opposing,
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

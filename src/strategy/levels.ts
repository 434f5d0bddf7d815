import type { Policy, Rejection } from './policy.js';

/** The targets of a signal, as multiples of the first one's distance from entry. */
const TARGETS = [1, 1.5, 2] as const;

/** Prices in quote per base; the first target is the nearest. */
export interface Levels {
  readonly entry: number;
  readonly stopLoss: number;
  readonly takeProfits: readonly number[];
}

/**
 * Stop and targets in multiples of the average true range, so that they breathe with the market.
 * @param side 1 long, -1 short
 * @param close the candle's close, quote per base: the entry
 * @param atr ATR(14) of the same timeframe, quote per base; NaN where not known
 */
export function levelsOf(side: 1 | -1, close: number, atr: number, policy: Policy): Levels | Rejection {
  if (!Number.isFinite(atr) || atr <= 0) return 'NO_ATR';
  const stopLoss = close - side * policy.stopLossAtr * atr;
  const takeProfits = TARGETS.map((multiple) => close + side * multiple * policy.takeProfitAtr * atr);
  const levels = [close, stopLoss, ...takeProfits];
  if (!levels.every((level) => Number.isFinite(level) && level > 0)) return 'LEVELS_NOT_POSITIVE';
  return { entry: close, stopLoss, takeProfits };
}

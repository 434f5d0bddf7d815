import { atr } from '../kernels/directional.js';
import { moments, overMean } from '../kernels/moments.js';
import { choppiness, efficiency, position } from '../kernels/oscillators.js';
import { highest, lowest } from '../kernels/rolling.js';
import type { Recipe } from '../recipe.js';
import { logReturn } from './returns.js';

export const REGIME: readonly Recipe[] = [
  {
    name: 'atr_ratio_50',
    formula: 'ATR(14) / SMA(ATR(14),50); mean 0 -> 1',
    source: 'volatility regime; ATR of Wilder (1978) over its own mean',
    build: (plan) => overMean(plan, atr(plan, 14), 50, 1),
  },
  {
    name: 'volatility_ratio_10_50',
    formula: 'volatility_10 / volatility_50; volatility_50 0 -> 1',
    source: 'volatility regime',
    build: (plan) => {
      const x = logReturn(plan);
      return plan.derive(
        (s, out, fast, slow) => {
          s[out] = s[slow] === 0 ? 1 : s[fast] / s[slow];
        },
        moments(plan, x, 10).deviation,
        moments(plan, x, 50).deviation,
      );
    },
  },
  {
    name: 'choppiness_14',
    formula: '100 * log10(sum14(true range) / (highest high 14 - lowest low 14)) / log10(14); flat range -> 100',
    source: 'Dreiss, Choppiness Index (1993); talipp',
    build: (plan) => choppiness(plan, 14),
  },
  {
    name: 'efficiency_10',
    formula: '|close - close[10]| / sum10(|close - close[1]|); 0/0 -> 0',
    source: 'Kaufman, Trading Systems and Methods (1998)',
    build: (plan) => efficiency(plan, 10),
  },
  {
    name: 'efficiency_50',
    formula: '|close - close[50]| / sum50(|close - close[1]|); 0/0 -> 0',
    source: 'Kaufman (1998)',
    build: (plan) => efficiency(plan, 50),
  },
  {
    name: 'range_position_100',
    formula: '(close - lowest low 100) / (highest high 100 - lowest low 100); flat range -> 0.5',
    source: 'Donchian (1960)',
    build: (plan) => position(plan, plan.close, lowest(plan, plan.low, 100), highest(plan, plan.high, 100)),
  },
  {
    name: 'drawdown_100',
    formula: 'ln(close / highest high 100)',
    source: 'drawdown from the peak',
    build: (plan) =>
      plan.derive(
        (s, out, c, top) => {
          s[out] = Math.log(s[c] / s[top]);
        },
        plan.close,
        highest(plan, plan.high, 100),
      ),
  },
];

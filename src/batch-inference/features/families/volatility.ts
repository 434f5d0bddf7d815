import { atr, trueRange } from '../kernels/directional.js';
import { moments } from '../kernels/moments.js';
import { position } from '../kernels/oscillators.js';
import { highest, lowest, sma } from '../kernels/rolling.js';
import { ema } from '../kernels/smoothing.js';
import type { Plan, Slot } from '../plan.js';
import { unit, type Recipe } from '../recipe.js';
import { logReturn } from './returns.js';

const BOLLINGER = 'Bollinger, Bollinger on Bollinger Bands (2001); population deviation';
const KELTNER = 'Raschke after Keltner (1960): EMA and ATR; talipp';

const volatility = (period: number): Recipe => ({
  name: `volatility_${period}`,
  formula: `population deviation of log_return_1 over ${period} candles`,
  source: 'realised volatility, not annualised',
  build: (plan) => moments(plan, logReturn(plan), period).deviation,
});

/** Keltner channel's half width ÷ multiplier: ATR(10), floored as the unit of distances is. */
const keltnerRange = (plan: Plan): Slot =>
  plan.once('keltner', () =>
    plan.derive(
      (s, out, range, c) => {
        s[out] = Math.max(s[range], s[c] * 1e-6);
      },
      atr(plan, 10),
      plan.close,
    ),
  );

export const VOLATILITY: readonly Recipe[] = [
  {
    name: 'atr_pct_14',
    formula: 'ATR(14) / close',
    source: 'Wilder (1978), ch. 3; seed as TA-Lib',
    build: (plan) =>
      plan.derive(
        (s, out, range, c) => {
          s[out] = s[range] / s[c];
        },
        atr(plan, 14),
        plan.close,
      ),
  },
  {
    name: 'true_range_atr',
    formula: 'true range / atr',
    source: 'Wilder (1978), ch. 3',
    build: (plan) =>
      plan.derive(
        (s, out, range, per) => {
          s[out] = s[range] / s[per];
        },
        trueRange(plan),
        unit(plan),
      ),
  },
  ...[5, 10, 20, 50].map(volatility),
  {
    name: 'parkinson_20',
    formula: 'sqrt(mean20(ln(high / low)^2) / (4 ln 2))',
    source: 'Parkinson, The Extreme Value Method for Estimating the Variance of the Rate of Return (1980)',
    build: (plan) => {
      const square = plan.derive(
        (s, out, h, l) => {
          s[out] = Math.log(s[h] / s[l]) ** 2;
        },
        plan.high,
        plan.low,
      );
      return plan.derive(
        (s, out, mean) => {
          s[out] = Math.sqrt(s[mean] / (4 * Math.LN2));
        },
        sma(plan, square, 20),
      );
    },
  },
  {
    name: 'bollinger_position_20',
    formula: '(close - lower) / (upper - lower), bands SMA(20) -+ 2 deviations; deviation 0 -> 0.5',
    source: BOLLINGER,
    build: (plan) => {
      const { mean, deviation } = moments(plan, plan.close, 20);
      return plan.derive(
        (s, out, c, m, d) => {
          s[out] = s[d] === 0 ? 0.5 : 0.5 + (s[c] - s[m]) / (4 * s[d]);
        },
        plan.close,
        mean,
        deviation,
      );
    },
  },
  {
    name: 'bollinger_width_20',
    formula: '4 deviations / SMA(20)',
    source: BOLLINGER,
    build: (plan) => {
      const { mean, deviation } = moments(plan, plan.close, 20);
      return plan.derive(
        (s, out, m, d) => {
          s[out] = (4 * s[d]) / s[m];
        },
        mean,
        deviation,
      );
    },
  },
  {
    name: 'keltner_position_20',
    formula: '(close - lower) / (upper - lower), bands EMA(20) -+ 1.5 ATR(10), ATR at least 1e-6 close',
    source: KELTNER,
    build: (plan) =>
      plan.derive(
        (s, out, c, middle, r) => {
          s[out] = 0.5 + (s[c] - s[middle]) / (3 * s[r]);
        },
        plan.close,
        ema(plan, plan.close, 20),
        keltnerRange(plan),
      ),
  },
  {
    name: 'squeeze_20',
    formula: '2 deviations20(close) / (1.5 ATR(10)), ATR at least 1e-6 close',
    source: 'Carter, Mastering the Trade (2005)',
    build: (plan) =>
      plan.derive(
        (s, out, d, r) => {
          s[out] = (2 * s[d]) / (1.5 * s[r]);
        },
        moments(plan, plan.close, 20).deviation,
        keltnerRange(plan),
      ),
  },
  {
    name: 'donchian_position_20',
    formula: '(close - lowest low 20) / (highest high 20 - lowest low 20); flat range -> 0.5',
    source: 'Donchian (1960); talipp',
    build: (plan) => position(plan, plan.close, lowest(plan, plan.low, 20), highest(plan, plan.high, 20)),
  },
];

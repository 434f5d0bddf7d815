import { directionalMovement } from '../kernels/directional.js';
import { slope } from '../kernels/moments.js';
import { ageOfExtreme, highest, lowest, sma } from '../kernels/rolling.js';
import { ema } from '../kernels/smoothing.js';
import { parabolic, supertrend } from '../kernels/stops.js';
import type { Plan, Slot } from '../plan.js';
import { inUnits, unit, type Recipe } from '../recipe.js';

const APPEL = 'Appel, Technical Analysis: Power Tools for Active Investors (2005); seed as TA-Lib';
const WILDER = 'Wilder, New Concepts in Technical Trading Systems (1978), ch. 4; seed as talipp';
const MURPHY = 'Murphy, Technical Analysis of the Financial Markets (1999), ch. 9';
const ICHIMOKU = 'Hosoda, Ichimoku Kinko Hyo (1969); talipp';

const emaDistance = (period: number): Recipe => ({
  name: `ema_${period}_distance`,
  formula: `(close - EMA(close,${period})) / atr`,
  source: MURPHY,
  build: (plan) => inUnits(plan, plan.close, ema(plan, plan.close, period)),
});

const emaSpread = (fast: number, slow: number): Recipe => ({
  name: `ema_${fast}_${slow}_spread`,
  formula: `(EMA(close,${fast}) - EMA(close,${slow})) / atr`,
  source: MURPHY,
  build: (plan) => inUnits(plan, ema(plan, plan.close, fast), ema(plan, plan.close, slow)),
});

const ratio = (plan: Plan, a: Slot, b: Slot) =>
  plan.derive(
    (s, out, x, y) => {
      s[out] = s[x] / s[y] - 1;
    },
    a,
    b,
  );

const smaDistance = (period: number): Recipe => ({
  name: `sma_${period}_distance`,
  formula: `close / SMA(close,${period}) - 1`,
  source: MURPHY,
  build: (plan) => ratio(plan, plan.close, sma(plan, plan.close, period)),
});

const smaSpread = (fast: number, slow: number): Recipe => ({
  name: `sma_${fast}_${slow}_spread`,
  formula: `SMA(close,${fast}) / SMA(close,${slow}) - 1`,
  source: MURPHY,
  build: (plan) => ratio(plan, sma(plan, plan.close, fast), sma(plan, plan.close, slow)),
});

/** MACD(12,26,9) in quote currency. */
export function macd(plan: Plan): { line: Slot; signal: Slot } {
  return plan.once('macd', () => {
    const line = plan.derive(
      (s, out, fast, slow) => {
        s[out] = s[fast] - s[slow];
      },
      ema(plan, plan.close, 12),
      ema(plan, plan.close, 26),
    );
    return { line, signal: ema(plan, line, 9) };
  });
}

/** Middle of the range of the last `period` candles, in quote currency. */
export function midRange(plan: Plan, period: number): Slot {
  return plan.once(`mid range ${period}`, () =>
    plan.derive(
      (s, out, h, l) => {
        s[out] = (s[h] + s[l]) / 2;
      },
      highest(plan, plan.high, period),
      lowest(plan, plan.low, period),
    ),
  );
}

/** x ÷ unit. */
const perUnit = (plan: Plan, x: Slot) =>
  plan.derive(
    (s, out, value, per) => {
      s[out] = s[value] / s[per];
    },
    x,
    unit(plan),
  );

/** Aroon looks at period + 1 candles. */
export function aroon(plan: Plan, side: 'up' | 'down', period: number): Slot {
  const age =
    side === 'up' ? ageOfExtreme(plan, plan.high, period + 1, 1) : ageOfExtreme(plan, plan.low, period + 1, -1);
  return plan.derive((s, out, candles) => {
    s[out] = (100 * (period - s[candles])) / period;
  }, age);
}

const aroonOf = (side: 'up' | 'down'): Recipe => ({
  name: `aroon_${side}_25`,
  formula: `100 * (25 - candles since the ${side === 'up' ? 'highest high' : 'lowest low'} of 26, newest of equals) / 25`,
  source: 'Chande, The Time Price Oscillator (1995); Tulip',
  build: (plan) => aroon(plan, side, 25),
});

export const TREND: readonly Recipe[] = [
  ...[9, 21, 50].map(emaDistance),
  emaSpread(9, 21),
  emaSpread(21, 50),
  {
    name: 'ema_stack',
    formula: '(sign(close - EMA9) + sign(EMA9 - EMA21) + sign(EMA21 - EMA50)) / 3',
    source: MURPHY,
    build: (plan) => {
      const [fast, middle, slow] = [9, 21, 50].map((period) => ema(plan, plan.close, period));
      return plan.derive(
        (s, out, c, f, m, l) => {
          s[out] = (Math.sign(s[c] - s[f]) + Math.sign(s[f] - s[m]) + Math.sign(s[m] - s[l])) / 3;
        },
        plan.close,
        fast,
        middle,
        slow,
      );
    },
  },
  ...[20, 50, 200].map(smaDistance),
  smaSpread(20, 50),
  smaSpread(50, 200),
  {
    name: 'slope_20',
    formula: 'least-squares slope of close over 20 candles, per candle / atr',
    source: 'linear regression; Tulip linregslope',
    build: (plan) => perUnit(plan, slope(plan, plan.close, 20)),
  },
  {
    name: 'macd',
    formula: '(EMA(close,12) - EMA(close,26)) / atr',
    source: APPEL,
    build: (plan) => perUnit(plan, macd(plan).line),
  },
  {
    name: 'macd_signal',
    formula: 'EMA(EMA(close,12) - EMA(close,26), 9) / atr',
    source: APPEL,
    build: (plan) => perUnit(plan, macd(plan).signal),
  },
  {
    name: 'macd_histogram',
    formula: '(macd line - its EMA 9) / atr',
    source: APPEL,
    build: (plan) => inUnits(plan, macd(plan).line, macd(plan).signal),
  },
  {
    name: 'adx_14',
    formula: 'Wilder(100 * |+DI - -DI| / (+DI + -DI), 14); sum 0 -> 0',
    source: WILDER,
    build: (plan) => directionalMovement(plan, 14).adx,
  },
  {
    name: 'plus_di_14',
    formula: '100 * Wilder(+DM,14) / ATR(14); ATR 0 -> 0',
    source: WILDER,
    build: (plan) => directionalMovement(plan, 14).plus,
  },
  {
    name: 'minus_di_14',
    formula: '100 * Wilder(-DM,14) / ATR(14); ATR 0 -> 0',
    source: WILDER,
    build: (plan) => directionalMovement(plan, 14).minus,
  },
  aroonOf('up'),
  aroonOf('down'),
  {
    name: 'supertrend_distance',
    formula: '(close - Supertrend(10, 3)) / atr',
    source: 'Seban, Supertrend (2008); talipp',
    build: (plan) => inUnits(plan, plan.close, supertrend(plan, 10, 3).value),
  },
  {
    name: 'psar_distance',
    formula: '(close - SAR(0.02, 0.2)) / atr',
    source: 'Wilder (1978), ch. 2; start as TA-Lib',
    build: (plan) => inUnits(plan, plan.close, parabolic(plan, 0.02, 0.2).value),
  },
  {
    name: 'kijun_distance',
    formula: '(close - middle of the 26-candle range) / atr',
    source: ICHIMOKU,
    build: (plan) => inUnits(plan, plan.close, midRange(plan, 26)),
  },
  {
    name: 'tenkan_kijun_spread',
    formula: '(middle of the 9-candle range - middle of the 26-candle range) / atr',
    source: ICHIMOKU,
    build: (plan) => inUnits(plan, midRange(plan, 9), midRange(plan, 26)),
  },
];

import { change } from '../kernels/directional.js';
import { previous } from '../kernels/oscillators.js';
import { highest, lowest, sma } from '../kernels/rolling.js';
import type { Formula, Plan, Slot } from '../plan.js';
import { inUnits, type Recipe } from '../recipe.js';

const NISON = 'Nison, Japanese Candlestick Charting Techniques (1991)';
const DOW = 'Dow theory, after Rhea (1932)';
const LONGEST_STREAK = 10;

/** Same-signed closes in a row, signed, at most ten. */
function streak(plan: Plan): Slot {
  const move = change(plan);
  const out = plan.slot(move.since, move.since + LONGEST_STREAK);
  const [i, o] = [move.at, out.at];
  plan.step((s, b) => {
    const sign = Math.sign(s[b + i]);
    const before = s[b + o];
    const next = sign * before > 0 ? before + sign : sign;
    s[b + o] = Math.min(LONGEST_STREAK, Math.max(-LONGEST_STREAK, next));
  });
  return out;
}

/** Opens and closes of this candle and the one before. */
const engulfing: Formula = (s, out, open, close, openBefore, closeBefore) => {
  const body = s[close] - s[open];
  const before = s[closeBefore] - s[openBefore];
  const opposite = body > 0 ? before < 0 : before > 0;
  const covers =
    body > 0
      ? s[open] <= s[closeBefore] && s[close] >= s[openBefore]
      : s[open] >= s[closeBefore] && s[close] <= s[openBefore];
  s[out] = body !== 0 && opposite && covers && Math.abs(body) > Math.abs(before) ? Math.sign(body) : 0;
};

export const CANDLE_SHAPE: readonly Recipe[] = [
  {
    name: 'body',
    formula: '(close - open) / (high - low); flat candle -> 0',
    source: NISON,
    build: (plan) =>
      plan.derive(
        (s, out, o, h, l, c) => {
          s[out] = s[h] === s[l] ? 0 : (s[c] - s[o]) / (s[h] - s[l]);
        },
        plan.open,
        plan.high,
        plan.low,
        plan.close,
      ),
  },
  {
    name: 'upper_wick',
    formula: '(high - max(open, close)) / (high - low); flat candle -> 0',
    source: NISON,
    build: (plan) =>
      plan.derive(
        (s, out, o, h, l, c) => {
          s[out] = s[h] === s[l] ? 0 : (s[h] - Math.max(s[o], s[c])) / (s[h] - s[l]);
        },
        plan.open,
        plan.high,
        plan.low,
        plan.close,
      ),
  },
  {
    name: 'lower_wick',
    formula: '(min(open, close) - low) / (high - low); flat candle -> 0',
    source: NISON,
    build: (plan) =>
      plan.derive(
        (s, out, o, h, l, c) => {
          s[out] = s[h] === s[l] ? 0 : (Math.min(s[o], s[c]) - s[l]) / (s[h] - s[l]);
        },
        plan.open,
        plan.high,
        plan.low,
        plan.close,
      ),
  },
  {
    name: 'close_location',
    formula: '(close - low) / (high - low); flat candle -> 0.5',
    source: 'close location value, Chaikin (1982)',
    build: (plan) =>
      plan.derive(
        (s, out, h, l, c) => {
          s[out] = s[h] === s[l] ? 0.5 : (s[c] - s[l]) / (s[h] - s[l]);
        },
        plan.high,
        plan.low,
        plan.close,
      ),
  },
  {
    name: 'body_atr',
    formula: '(close - open) / atr',
    source: NISON,
    build: (plan) => inUnits(plan, plan.close, plan.open),
  },
  {
    name: 'range_atr',
    formula: '(high - low) / atr',
    source: NISON,
    build: (plan) => inUnits(plan, plan.high, plan.low),
  },
  {
    name: 'gap_atr',
    formula: '(open - close[1]) / atr',
    source: NISON,
    build: (plan) => inUnits(plan, plan.open, plan.previousClose),
  },
  {
    name: 'engulfing',
    formula: '1 / -1 where the body is larger than and covers the opposite body before it, rising / falling; else 0',
    source: NISON,
    build: (plan) => {
      return plan.derive(engulfing, plan.open, plan.close, previous(plan, plan.open), plan.previousClose);
    },
  },
  {
    name: 'streak',
    formula: 'closes in a row that moved the same way, signed, within -10..10; unmoved -> 0',
    source: 'runs, after Cowles and Jones (1937)',
    build: streak,
  },
  {
    name: 'higher_highs_10',
    formula: 'share of the last 10 candles with high > high[1]',
    source: DOW,
    build: (plan) =>
      sma(
        plan,
        plan.derive(
          (s, out, h, before) => {
            s[out] = s[h] > s[before] ? 1 : 0;
          },
          plan.high,
          plan.previousHigh,
        ),
        10,
      ),
  },
  {
    name: 'lower_lows_10',
    formula: 'share of the last 10 candles with low < low[1]',
    source: DOW,
    build: (plan) =>
      sma(
        plan,
        plan.derive(
          (s, out, l, before) => {
            s[out] = s[l] < s[before] ? 1 : 0;
          },
          plan.low,
          plan.previousLow,
        ),
        10,
      ),
  },
  {
    name: 'support_distance_20',
    formula: '(close - lowest low of the 20 candles before this one) / atr; below 0 after a break',
    source: 'Donchian (1960), without the current candle',
    build: (plan) => inUnits(plan, plan.close, previous(plan, lowest(plan, plan.low, 20))),
  },
  {
    name: 'resistance_distance_20',
    formula: '(highest high of the 20 candles before this one - close) / atr; below 0 after a break',
    source: 'Donchian (1960), without the current candle',
    build: (plan) => inUnits(plan, previous(plan, highest(plan, plan.high, 20)), plan.close),
  },
];

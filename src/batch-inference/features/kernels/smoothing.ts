import type { Plan, Slot } from '../plan.js';

/** Steps after which a recursive average of `period` has forgotten its seed to e^-7 (< 1e-3). */
const FORGET = { ema: 3.5, wilder: 7 } as const;

/**
 * Exponential moving average, weight 2 ÷ (period + 1), seeded by the mean of the first `period` values (as TA-Lib and
 * talipp).
 */
export function ema(plan: Plan, x: Slot, period: number): Slot {
  return plan.once(`ema ${x.at} ${period}`, () => recursive(plan, x, period, 2 / (period + 1), FORGET.ema));
}

/**
 * Wilder's smoothing (1978), weight 1 ÷ period, seeded by the mean of the first `period` values (as TA-Lib's RSI and
 * ATR, and talipp).
 */
export function wilder(plan: Plan, x: Slot, period: number): Slot {
  return plan.once(`wilder ${x.at} ${period}`, () => recursive(plan, x, period, 1 / period, FORGET.wilder));
}

function recursive(plan: Plan, x: Slot, period: number, weight: number, forget: number): Slot {
  const out = plan.slot(x.since + period - 1, x.settled + period - 1 + Math.ceil(forget * period));
  const [i, o, counted, first, seeded] = [x.at, out.at, plan.count.at, x.since, out.since];
  plan.step((s, b) => {
    const n = s[b + counted];
    if (n > seeded) {
      s[b + o] += weight * (s[b + i] - s[b + o]);
      return;
    }
    if (n < first) return;
    // The seed grows as a running mean: equal values have it exactly, where a sum divided at the end may round.
    s[b + o] = n === first ? s[b + i] : s[b + o] + (s[b + i] - s[b + o]) / (n - first + 1);
  });
  return out;
}

import type { Plan, Slot } from '../plan.js';
import { sma } from './rolling.js';

export interface Moments {
  readonly mean: Slot;
  /** Population standard deviation (÷ period, as Bollinger's). */
  readonly deviation: Slot;
}

/**
 * Mean and population deviation of the last `period` values, by two clock-aligned blocks as in rolling.ts. Blocks are
 * joined by Chan, Golub and LeVeque (1979), so a small deviation around a large price keeps its digits, and equal values
 * have deviation exactly 0.
 */
export function moments(plan: Plan, x: Slot, period: number): Moments {
  return plan.once(`moments ${x.at} ${period}`, () => {
    const mean = plan.slot(x.since + period - 1, x.settled + period - 1);
    const deviation = plan.slot(x.since + period - 1, x.settled + period - 1);
    const [m, squares] = [plan.keep(), plan.keep()];
    const { first: means, gap } = plan.window(period);
    const beside = plan.window(period).first - means; // from a tail's mean to its sum of squared deviations
    const { phases } = plan;
    const [i, om, od, k, last] = [x.at, mean.at, deviation.at, plan.phase(period), period - 1];
    plan.step((s, b) => {
      const p = phases[k];
      const value = s[b + i];
      const before = p === 0 ? value : s[b + m];
      const head = before + (value - before) / (p + 1);
      const spread = p === 0 ? 0 : s[b + squares] + (value - before) * (value - head);
      s[b + m] = head;
      s[b + squares] = spread;
      const at = b + means + p * gap;
      s[at] = value;
      if (p === last) {
        s[b + om] = head;
        s[b + od] = Math.sqrt(spread / period);
        foldTails(s, b + means, beside, gap, period);
        return;
      }
      const apart = s[at + gap] - head;
      const share = (last - p) / period;
      s[b + om] = head + apart * share;
      s[b + od] = Math.sqrt((spread + s[at + gap + beside] + apart * apart * share * (p + 1)) / period);
    });
    return { mean, deviation };
  });
}

/** Turns the values of a finished block into mean and sum of squared deviations of each of its tails. */
function foldTails(s: Float64Array, first: number, beside: number, gap: number, period: number): void {
  let q = first + (period - 1) * gap;
  s[q + beside] = 0;
  for (let count = 2; count <= period; count++) {
    q -= gap;
    const value = s[q];
    const before = s[q + gap];
    const mean = before + (value - before) / count;
    s[q] = mean;
    s[q + beside] = s[q + gap + beside] + (value - before) * (value - mean);
  }
}

/**
 * Mean absolute deviation from the mean of the last `period` values (as CCI takes it). The absolute values move with
 * the mean, so nothing of the last candle can be kept: this one kernel reads its whole window, `period` additions.
 */
export function meanAbsoluteDeviation(plan: Plan, x: Slot, period: number): Slot {
  return plan.once(`mad ${x.at} ${period}`, () => {
    const { mean } = moments(plan, x, period);
    const out = plan.slot(mean.since, mean.settled);
    const { first, gap } = plan.window(period);
    const { phases } = plan;
    const [i, o, m, k] = [x.at, out.at, mean.at, plan.phase(period)];
    plan.step((s, b) => {
      const p = phases[k];
      const from = b + first;
      s[from + p * gap] = s[b + i];
      const centre = s[b + m];
      let total = 0;
      // Oldest first, so that the sum does not depend on where the clock puts the window in the ring.
      for (let q = p + 1; q < period; q++) total += Math.abs(s[from + q * gap] - centre);
      for (let q = 0; q <= p; q++) total += Math.abs(s[from + q * gap] - centre);
      s[b + o] = total / period;
    });
    return out;
  });
}

/**
 * Slope of the least-squares line through the last `period` values, per candle. Two clock-aligned blocks as in
 * rolling.ts, each with its sum and its sum weighted by position.
 */
export function slope(plan: Plan, x: Slot, period: number): Slot {
  return plan.once(`slope ${x.at} ${period}`, () => {
    const out = plan.slot(x.since + period - 1, x.settled + period - 1);
    const [head, weighted] = [plan.keep(), plan.keep()];
    const { first: tails, gap } = plan.window(period);
    const beside = plan.window(period).first - tails; // from a tail's sum to its weighted sum
    const { phases } = plan;
    const [i, o, k, last] = [x.at, out.at, plan.phase(period), period - 1];
    const spread = (period * (period * period - 1)) / 12;
    plan.step((s, b) => {
      const p = phases[k];
      const value = s[b + i];
      const total = p === 0 ? value : s[b + head] + value;
      const moment = p === 0 ? 0 : s[b + weighted] + p * value;
      s[b + head] = total;
      s[b + weighted] = moment;
      const at = b + tails + p * gap;
      s[at] = value;
      const tail = p === last ? 0 : s[at + gap];
      const tailMoment = p === last ? 0 : s[at + gap + beside];
      const positions = tailMoment - (p + 1) * tail + moment + (last - p) * total;
      s[b + o] = (positions - (last / 2) * (tail + total)) / spread;
      if (p === last) foldSlopes(s, b + tails, beside, gap, last);
    });
    return out;
  });
}

function foldSlopes(s: Float64Array, first: number, beside: number, gap: number, last: number): void {
  let q = first + last * gap;
  s[q + beside] = last * s[q];
  for (let position = last - 1; position >= 0; position--) {
    q -= gap;
    s[q + beside] = position * s[q] + s[q + gap + beside];
    s[q] += s[q + gap];
  }
}

/** @returns x ÷ its own mean over `period` values; `flat` where that mean is 0 */
export function overMean(plan: Plan, x: Slot, period: number, flat: number): Slot {
  return plan.derive(
    (s, out, value, mean) => {
      s[out] = s[mean] === 0 ? flat : s[value] / s[mean];
    },
    x,
    sma(plan, x, period),
  );
}

import type { Plan, Slot } from '../plan.js';

/*
 * Rolling windows by two blocks (van Herk 1992; Gil and Werman 1993). Time is cut in blocks of `period` candles by the
 * clock. A window is the tail of the block before and the head of the current one: heads accumulate, tails are computed
 * once a block, backwards. So nothing is ever subtracted, sums do not drift, a value depends on its window only, and one
 * candle costs O(1) amortised. In one array, positions up to the current candle's hold values of this block, the
 * positions behind it tails of the block before.
 */

/** @returns sum of the last `period` values */
export function sum(plan: Plan, x: Slot, period: number): Slot {
  return plan.once(`sum ${x.at} ${period}`, () => total(plan, x, period, 1));
}

/** @returns arithmetic mean of the last `period` values (SMA) */
export function sma(plan: Plan, x: Slot, period: number): Slot {
  return plan.once(`sma ${x.at} ${period}`, () => total(plan, x, period, period));
}

function total(plan: Plan, x: Slot, period: number, divisor: number): Slot {
  const { i, o, w, head, last, phases, k, out } = frame(plan, x, period);
  plan.step((s, b) => {
    const p = phases[k];
    const at = b + w + p;
    const value = s[b + i];
    const sumOfHead = p === 0 ? value : s[b + head] + value;
    s[b + head] = sumOfHead;
    s[at] = value;
    if (p < last) {
      s[b + o] = (sumOfHead + s[at + 1]) / divisor;
      return;
    }
    s[b + o] = sumOfHead / divisor;
    for (let q = at - 1; q >= at - last; q--) s[q] += s[q + 1];
  });
  return out;
}

/** @returns largest of the last `period` values */
export function highest(plan: Plan, x: Slot, period: number): Slot {
  return plan.once(`highest ${x.at} ${period}`, () => {
    const { i, o, w, head, last, phases, k, out } = frame(plan, x, period);
    plan.step((s, b) => {
      const p = phases[k];
      const at = b + w + p;
      const value = s[b + i];
      const top = p === 0 || value > s[b + head] ? value : s[b + head];
      s[b + head] = top;
      s[at] = value;
      if (p < last) {
        s[b + o] = top > s[at + 1] ? top : s[at + 1];
        return;
      }
      s[b + o] = top;
      for (let q = at - 1; q >= at - last; q--) if (s[q + 1] > s[q]) s[q] = s[q + 1];
    });
    return out;
  });
}

/** @returns smallest of the last `period` values */
export function lowest(plan: Plan, x: Slot, period: number): Slot {
  return plan.once(`lowest ${x.at} ${period}`, () => {
    const { i, o, w, head, last, phases, k, out } = frame(plan, x, period);
    plan.step((s, b) => {
      const p = phases[k];
      const at = b + w + p;
      const value = s[b + i];
      const bottom = p === 0 || value < s[b + head] ? value : s[b + head];
      s[b + head] = bottom;
      s[at] = value;
      if (p < last) {
        s[b + o] = bottom < s[at + 1] ? bottom : s[at + 1];
        return;
      }
      s[b + o] = bottom;
      for (let q = at - 1; q >= at - last; q--) if (s[q + 1] < s[q]) s[q] = s[q + 1];
    });
    return out;
  });
}

/**
 * @param sign 1 for the highest value, −1 for the lowest
 * @returns candles since the extreme of the last `period` values: 0 = the current one; of equal extremes the newest
 */
export function ageOfExtreme(plan: Plan, x: Slot, period: number, sign: 1 | -1): Slot {
  return plan.once(`age ${x.at} ${period} ${sign}`, () => {
    const { i, o, w, head, last, phases, k, out } = frame(plan, x, period);
    const headAt = plan.reserve(1);
    const place = plan.reserve(period); // beside each tail: the position of its extreme
    plan.step((s, b) => {
      const p = phases[k];
      const at = b + w + p;
      const value = sign * s[b + i];
      if (p === 0 || value >= s[b + head]) {
        s[b + head] = value;
        s[b + headAt] = p;
      }
      s[at] = value;
      s[b + place + p] = p;
      if (p < last) {
        s[b + o] = s[b + head] >= s[at + 1] ? p - s[b + headAt] : p + period - s[b + place + p + 1];
        return;
      }
      s[b + o] = p - s[b + headAt];
      for (let q = last - 1; q >= 0; q--) {
        if (s[b + w + q + 1] < s[b + w + q]) continue;
        s[b + w + q] = s[b + w + q + 1];
        s[b + place + q] = s[b + place + q + 1];
      }
    });
    return out;
  });
}

/** @returns the value `period` candles ago */
export function lag(plan: Plan, x: Slot, period: number): Slot {
  return plan.once(`lag ${x.at} ${period}`, () => {
    const out = plan.slot(x.since + period, x.settled + period);
    const ring = plan.reserve(period);
    const { phases } = plan;
    const [i, o, k] = [x.at, out.at, plan.phase(period)];
    plan.step((s, b) => {
      const at = b + ring + phases[k];
      s[b + o] = s[at];
      s[at] = s[b + i];
    });
    return out;
  });
}

/** What every two-block window keeps: tails and values, the head's aggregate, and its place on the clock. */
function frame(plan: Plan, x: Slot, period: number) {
  const out = plan.slot(x.since + period - 1, x.settled + period - 1);
  const w = plan.reserve(period);
  const head = plan.reserve(1);
  return { i: x.at, o: out.at, w, head, last: period - 1, phases: plan.phases, k: plan.phase(period), out };
}

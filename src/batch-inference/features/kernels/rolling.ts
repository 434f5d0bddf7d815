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
  const { i, o, w, gap, head, last, phases, k, out } = frame(plan, x, period);
  plan.step((s, b) => {
    const p = phases[k];
    const at = b + w + p * gap;
    const value = s[b + i];
    const sumOfHead = p === 0 ? value : s[b + head] + value;
    s[b + head] = sumOfHead;
    s[at] = value;
    if (p < last) {
      s[b + o] = (sumOfHead + s[at + gap]) / divisor;
      return;
    }
    s[b + o] = sumOfHead / divisor;
    for (let q = at - gap; q >= b + w; q -= gap) s[q] += s[q + gap];
  });
  return out;
}

/** @returns largest of the last `period` values */
export function highest(plan: Plan, x: Slot, period: number): Slot {
  return plan.once(`highest ${x.at} ${period}`, () => {
    const { i, o, w, gap, head, last, phases, k, out } = frame(plan, x, period);
    plan.step((s, b) => {
      const p = phases[k];
      const at = b + w + p * gap;
      const value = s[b + i];
      const top = p === 0 || value > s[b + head] ? value : s[b + head];
      s[b + head] = top;
      s[at] = value;
      if (p < last) {
        s[b + o] = top > s[at + gap] ? top : s[at + gap];
        return;
      }
      s[b + o] = top;
      for (let q = at - gap; q >= b + w; q -= gap) if (s[q + gap] > s[q]) s[q] = s[q + gap];
    });
    return out;
  });
}

/** @returns smallest of the last `period` values */
export function lowest(plan: Plan, x: Slot, period: number): Slot {
  return plan.once(`lowest ${x.at} ${period}`, () => {
    const { i, o, w, gap, head, last, phases, k, out } = frame(plan, x, period);
    plan.step((s, b) => {
      const p = phases[k];
      const at = b + w + p * gap;
      const value = s[b + i];
      const bottom = p === 0 || value < s[b + head] ? value : s[b + head];
      s[b + head] = bottom;
      s[at] = value;
      if (p < last) {
        s[b + o] = bottom < s[at + gap] ? bottom : s[at + gap];
        return;
      }
      s[b + o] = bottom;
      for (let q = at - gap; q >= b + w; q -= gap) if (s[q + gap] < s[q]) s[q] = s[q + gap];
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
    const { i, o, w, gap, head, last, phases, k, out } = frame(plan, x, period);
    const headAt = plan.keep();
    const place = plan.window(period).first - w; // beside each tail: the position of its extreme
    plan.step((s, b) => {
      const p = phases[k];
      const at = b + w + p * gap;
      const value = sign * s[b + i];
      if (p === 0 || value >= s[b + head]) {
        s[b + head] = value;
        s[b + headAt] = p;
      }
      s[at] = value;
      s[at + place] = p;
      if (p < last) {
        s[b + o] = s[b + head] >= s[at + gap] ? p - s[b + headAt] : p + period - s[at + gap + place];
        return;
      }
      s[b + o] = p - s[b + headAt];
      for (let q = at - gap; q >= b + w; q -= gap) {
        if (s[q + gap] < s[q]) continue;
        s[q] = s[q + gap];
        s[q + place] = s[q + gap + place];
      }
    });
    return out;
  });
}

/** @returns the value `period` candles ago */
export function lag(plan: Plan, x: Slot, period: number): Slot {
  return plan.once(`lag ${x.at} ${period}`, () => {
    const out = plan.slot(x.since + period, x.settled + period);
    const { first, gap } = plan.window(period);
    const { phases } = plan;
    const [i, o, k] = [x.at, out.at, plan.phase(period)];
    plan.step((s, b) => {
      const at = b + first + phases[k] * gap;
      s[b + o] = s[at];
      s[at] = s[b + i];
    });
    return out;
  });
}

/** What every two-block window keeps: tails and values, the head's aggregate, and its place on the clock. */
function frame(plan: Plan, x: Slot, period: number) {
  const out = plan.slot(x.since + period - 1, x.settled + period - 1);
  const { first: w, gap } = plan.window(period);
  const head = plan.keep();
  return { i: x.at, o: out.at, w, gap, head, last: period - 1, phases: plan.phases, k: plan.phase(period), out };
}

import type { Plan, Slot } from '../plan.js';
import { atr, type FirstRange } from './directional.js';
import { medianPrice } from './oscillators.js';

/** Candles after which a trailing stop is shown to a model: it has flipped, or followed the extreme, by then. */
const FOLLOWED = 100;

export interface TrailingStop {
  /** In quote currency. */
  readonly value: Slot;
  /** 1 below the price (long), −1 above it (short). */
  readonly side: Slot;
}

/**
 * Seban's Supertrend: a band of `multiplier` × ATR around the median price that only tightens until a close passes it.
 * Begins short, one candle
 * after the first ATR (as talipp).
 */
export function supertrend(plan: Plan, period: number, multiplier: number, first: FirstRange = 'skip'): TrailingStop {
  const range = atr(plan, period, first);
  const middle = medianPrice(plan);
  const since = range.since + 1;
  const value = plan.slot(since, Math.max(range.settled, since + FOLLOWED));
  const side = plan.slot(since, value.settled);
  const [upper, lower, counted] = [plan.keep(), plan.keep(), plan.count.at];
  const [m, r, c, before, v, o] = [middle.at, range.at, plan.close.at, plan.previousClose.at, value.at, side.at];
  plan.step((s, b) => {
    const n = s[b + counted];
    if (n < since) return;
    const top = s[b + m] + multiplier * s[b + r];
    const bottom = s[b + m] - multiplier * s[b + r];
    const started = n > since;
    if (!started || top < s[b + upper] || s[b + before] > s[b + upper]) s[b + upper] = top;
    if (!started || bottom > s[b + lower] || s[b + before] < s[b + lower]) s[b + lower] = bottom;
    const long = started && (s[b + o] > 0 ? s[b + c] >= s[b + lower] : s[b + c] > s[b + upper]);
    s[b + o] = long ? 1 : -1;
    s[b + v] = long ? s[b + lower] : s[b + upper];
  });
  return { value, side };
}

/**
 * Wilder's parabolic stop and reverse (1978, ch. 2), started as TA-Lib: long unless the second candle's downward
 * movement is the larger; the first stop is the first candle's low (long) or high (short).
 * @param acceleration step of the acceleration factor; @param limit its largest value
 */
export function parabolic(plan: Plan, acceleration: number, limit: number): TrailingStop {
  const value = plan.slot(2, 2 + FOLLOWED);
  const side = plan.slot(2, 2 + FOLLOWED);
  const [extreme, factor, next] = [plan.keep(), plan.keep(), plan.keep()];
  const [h, l, ph, pl] = [plan.high.at, plan.low.at, plan.previousHigh.at, plan.previousLow.at];
  const [v, o, counted] = [value.at, side.at, plan.count.at];
  plan.step((s, b) => {
    const n = s[b + counted];
    if (n < 2) return;
    const high = s[b + h];
    const low = s[b + l];
    // In the first step TA-Lib takes the second candle for both the current and the previous one.
    const highBefore = n === 2 ? high : s[b + ph];
    const lowBefore = n === 2 ? low : s[b + pl];
    if (n === 2) {
      const down = s[b + pl] - low;
      const long = !(down > 0 && down > high - s[b + ph]);
      s[b + o] = long ? 1 : -1;
      s[b + factor] = acceleration;
      s[b + extreme] = long ? high : low;
      s[b + next] = long ? s[b + pl] : s[b + ph];
    }
    const stop = s[b + next];
    const long = s[b + o] > 0;
    if (long ? low <= stop : high >= stop) {
      const turned = clear(s[b + extreme], !long, high, low, highBefore, lowBefore);
      s[b + o] = -s[b + o];
      s[b + v] = turned;
      s[b + factor] = acceleration;
      s[b + extreme] = long ? low : high;
      s[b + next] = clear(turned + acceleration * (s[b + extreme] - turned), !long, high, low, highBefore, lowBefore);
      return;
    }
    s[b + v] = stop;
    if (long ? high > s[b + extreme] : low < s[b + extreme]) {
      s[b + extreme] = long ? high : low;
      s[b + factor] = Math.min(s[b + factor] + acceleration, limit);
    }
    s[b + next] = clear(stop + s[b + factor] * (s[b + extreme] - stop), long, high, low, highBefore, lowBefore);
  });
  return { value, side };
}

/** A stop never lies inside the last two candles: below both when long, above both when short. */
function clear(stop: number, long: boolean, high: number, low: number, highBefore: number, lowBefore: number): number {
  return long ? Math.min(stop, low, lowBefore) : Math.max(stop, high, highBefore);
}

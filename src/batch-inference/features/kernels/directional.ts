import type { Formula, Plan, Slot } from '../plan.js';
import { wilder } from './smoothing.js';

/**
 * The first candle has no close before it. TA-Lib skips it, so true ranges begin with the second candle; talipp counts
 * its high − low. The features skip it; the other is here to be compared with talipp's reference values.
 */
export type FirstRange = 'skip' | 'high-low';

/** @returns max(high, previous close) − min(low, previous close), in quote currency (Wilder 1978, ch. 3) */
export function trueRange(plan: Plan, first: FirstRange = 'skip'): Slot {
  return plan.once(`true range ${first}`, () => {
    const since = first === 'skip' ? 2 : 1;
    const out = plan.slot(since);
    const [h, l, c, o, counted] = [plan.high.at, plan.low.at, plan.previousClose.at, out.at, plan.count.at];
    plan.step((s, b) => {
      const n = s[b + counted];
      const high = s[b + h];
      const low = s[b + l];
      const close = n === 1 ? high : s[b + c];
      s[b + o] = (n > 1 && close > high ? close : high) - (n > 1 && close < low ? close : low);
    });
    return out;
  });
}

/** @returns average true range in quote currency, Wilder smoothing, seeded by the mean of the first `period` true ranges */
export function atr(plan: Plan, period: number, first: FirstRange = 'skip'): Slot {
  return wilder(plan, trueRange(plan, first), period);
}

/** @returns close − previous close, in quote currency */
export function change(plan: Plan): Slot {
  return plan.once('change', () =>
    plan.derive(
      (s, out, close, before) => {
        s[out] = s[close] - s[before];
      },
      plan.close,
      plan.previousClose,
    ),
  );
}

export function gain(plan: Plan): Slot {
  return plan.once('gain', () =>
    plan.derive((s, out, move) => {
      s[out] = s[move] > 0 ? s[move] : 0;
    }, change(plan)),
  );
}

export function loss(plan: Plan): Slot {
  return plan.once('loss', () =>
    plan.derive((s, out, move) => {
      s[out] = s[move] < 0 ? -s[move] : 0;
    }, change(plan)),
  );
}

/** @returns Wilder's relative strength index, 0..100; 50 where the close has not moved */
export function rsi(plan: Plan, period: number): Slot {
  return plan.once(`rsi ${period}`, () =>
    plan.derive(
      (s, out, up, down) => {
        s[out] = s[up] + s[down] === 0 ? 50 : (100 * s[up]) / (s[up] + s[down]);
      },
      wilder(plan, gain(plan), period),
      wilder(plan, loss(plan), period),
    ),
  );
}

export interface DirectionalMovement {
  readonly plus: Slot;
  readonly minus: Slot;
  readonly adx: Slot;
}

/**
 * Wilder's directional movement (1978, ch. 4): +DI, −DI and ADX, 0..100. Averages are seeded by means (as talipp);
 * TA-Lib seeds the movements by a sum of period − 1, which is forgotten at the same rate. 0 where nothing moved.
 */
export function directionalMovement(plan: Plan, period: number, first: FirstRange = 'skip'): DirectionalMovement {
  return plan.once(`dm ${period} ${first}`, () => {
    const up = plan.derive(
      (s, out, high, before) => {
        s[out] = s[high] - s[before];
      },
      plan.high,
      plan.previousHigh,
    );
    const down = plan.derive(
      (s, out, low, before) => {
        s[out] = s[before] - s[low];
      },
      plan.low,
      plan.previousLow,
    );
    const rising = plan.derive(
      (s, out, u, d) => {
        s[out] = s[u] > s[d] && s[u] > 0 ? s[u] : 0;
      },
      up,
      down,
    );
    const falling = plan.derive(
      (s, out, u, d) => {
        s[out] = s[d] > s[u] && s[d] > 0 ? s[d] : 0;
      },
      up,
      down,
    );
    const range = atr(plan, period, first);
    const share: Formula = (s, out, move, of) => {
      s[out] = s[of] === 0 ? 0 : (100 * s[move]) / s[of];
    };
    const plus = plan.derive(share, wilder(plan, rising, period), range);
    const minus = plan.derive(share, wilder(plan, falling, period), range);
    const dx = plan.derive(
      (s, out, p, m) => {
        const total = s[p] + s[m];
        s[out] = total === 0 ? 0 : (100 * Math.abs(s[p] - s[m])) / total;
      },
      plus,
      minus,
    );
    return { plus, minus, adx: wilder(plan, dx, period) };
  });
}

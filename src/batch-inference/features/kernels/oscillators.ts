import type { Plan, Slot } from '../plan.js';
import { change, gain, loss, rsi, trueRange, type FirstRange } from './directional.js';
import { meanAbsoluteDeviation, moments } from './moments.js';
import { highest, lag, lowest, sma, sum } from './rolling.js';

/** @returns (high + low + close) ÷ 3, in quote currency */
export function typicalPrice(plan: Plan): Slot {
  return plan.once('typical', () =>
    plan.derive(
      (s, out, h, l, c) => {
        s[out] = (s[h] + s[l] + s[c]) / 3;
      },
      plan.high,
      plan.low,
      plan.close,
    ),
  );
}

/** @returns (high + low) ÷ 2, in quote currency */
export function medianPrice(plan: Plan): Slot {
  return plan.once('median', () =>
    plan.derive(
      (s, out, h, l) => {
        s[out] = (s[h] + s[l]) / 2;
      },
      plan.high,
      plan.low,
    ),
  );
}

/** @returns where x lies between its channel's ends: 0 at the lower, 1 at the upper; 0.5 where they meet */
export function position(plan: Plan, x: Slot, lower: Slot, upper: Slot): Slot {
  return plan.derive(
    (s, out, value, low, high) => {
      s[out] = s[high] === s[low] ? 0.5 : (s[value] - s[low]) / (s[high] - s[low]);
    },
    x,
    lower,
    upper,
  );
}

/** @returns Lane's %K before smoothing, 0..100; 50 where the range is 0 */
export function stochastic(plan: Plan, period: number): Slot {
  return plan.once(`stochastic ${period}`, () => {
    const within = position(plan, plan.close, lowest(plan, plan.low, period), highest(plan, plan.high, period));
    return plan.derive((s, out, share) => {
      s[out] = 100 * s[share];
    }, within);
  });
}

/** @returns Williams' %R, −100..0; −50 where the range is 0 */
export function williamsR(plan: Plan, period: number): Slot {
  return plan.derive(
    (s, out, k) => {
      s[out] = s[k] - 100;
    },
    stochastic(plan, period),
  );
}

/** @returns Chande and Kroll's StochRSI %K: where RSI lies in its own range, 0..100, smoothed; 50 where the range is 0 */
export function stochasticRsi(plan: Plan, rsiPeriod: number, period: number, smoothing: number): Slot {
  const x = rsi(plan, rsiPeriod);
  const within = position(plan, x, lowest(plan, x, period), highest(plan, x, period));
  return sma(
    plan,
    plan.derive((s, out, share) => {
      s[out] = 100 * s[share];
    }, within),
    smoothing,
  );
}

/** @returns Lambert's commodity channel index; 0 where the typical price has not moved */
export function cci(plan: Plan, period: number): Slot {
  const x = typicalPrice(plan);
  return plan.derive(
    (s, out, price, mean, deviation) => {
      s[out] = s[deviation] === 0 ? 0 : (s[price] - s[mean]) / (0.015 * s[deviation]);
    },
    x,
    moments(plan, x, period).mean,
    meanAbsoluteDeviation(plan, x, period),
  );
}

/** @returns Chande's momentum oscillator, −100..100; 0 where the close has not moved */
export function cmo(plan: Plan, period: number): Slot {
  return plan.derive(
    (s, out, up, down) => {
      s[out] = s[up] + s[down] === 0 ? 0 : (100 * (s[up] - s[down])) / (s[up] + s[down]);
    },
    sum(plan, gain(plan), period),
    sum(plan, loss(plan), period),
  );
}

/** @returns Williams' ultimate oscillator, 0..100; a span without range counts as 0.5 */
export function ultimateOscillator(plan: Plan, short: number, middle: number, long: number): Slot {
  const pressure = plan.derive(
    (s, out, c, l, before) => {
      s[out] = s[c] - Math.min(s[l], s[before]);
    },
    plan.close,
    plan.low,
    plan.previousClose,
  );
  const share = (period: number) =>
    plan.derive(
      (s, out, bought, range) => {
        s[out] = s[range] === 0 ? 0.5 : s[bought] / s[range];
      },
      sum(plan, pressure, period),
      sum(plan, trueRange(plan), period),
    );
  return plan.derive(
    (s, out, a, b, c) => {
      s[out] = (100 * (4 * s[a] + 2 * s[b] + s[c])) / 7;
    },
    share(short),
    share(middle),
    share(long),
  );
}

/** @returns Dreiss' choppiness index; 100 where the range is 0 */
export function choppiness(plan: Plan, period: number, first: FirstRange = 'skip'): Slot {
  const scale = 100 / Math.log10(period);
  return plan.derive(
    (s, out, travelled, high, low) => {
      s[out] = s[high] === s[low] ? 100 : scale * Math.log10(s[travelled] / (s[high] - s[low]));
    },
    sum(plan, trueRange(plan, first), period),
    highest(plan, plan.high, period),
    lowest(plan, plan.low, period),
  );
}

/** @returns Kaufman's efficiency ratio, 0..1: net move ÷ path; 0 where the close has not moved */
export function efficiency(plan: Plan, period: number): Slot {
  const distance = plan.once('distance', () =>
    plan.derive((s, out, move) => {
      s[out] = Math.abs(s[move]);
    }, change(plan)),
  );
  return plan.derive(
    (s, out, now, then, path) => {
      s[out] = s[path] === 0 ? 0 : Math.abs(s[now] - s[then]) / s[path];
    },
    plan.close,
    lag(plan, plan.close, period),
    sum(plan, distance, period),
  );
}

/** @returns money flow index (Quong and Soudack), 0..100; 50 where no money flowed */
export function mfi(plan: Plan, period: number): Slot {
  const price = typicalPrice(plan);
  const before = plan.once('typical before', () => previous(plan, price));
  const flow = (sign: 1 | -1) =>
    plan.derive(
      (s, out, x, was, volume) => {
        s[out] = sign * (s[x] - s[was]) > 0 ? s[x] * s[volume] : 0;
      },
      price,
      before,
      plan.volume,
    );
  return plan.derive(
    (s, out, inward, outward) => {
      s[out] = s[inward] + s[outward] === 0 ? 50 : (100 * s[inward]) / (s[inward] + s[outward]);
    },
    sum(plan, flow(1), period),
    sum(plan, flow(-1), period),
  );
}

/** @returns the value one candle ago */
export function previous(plan: Plan, x: Slot): Slot {
  const out = plan.slot(x.since + 1, x.settled + 1);
  const kept = plan.keep();
  const [i, o] = [x.at, out.at];
  plan.step((s, b) => {
    s[b + o] = s[b + kept];
    s[b + kept] = s[b + i];
  });
  return out;
}

/** @returns volume with the sign of the close's move (Granville's on-balance volume is its running sum) */
export function signedVolume(plan: Plan): Slot {
  return plan.once('signed volume', () =>
    plan.derive(
      (s, out, move, volume) => {
        s[out] = s[move] > 0 ? s[volume] : s[move] < 0 ? -s[volume] : 0;
      },
      change(plan),
      plan.volume,
    ),
  );
}

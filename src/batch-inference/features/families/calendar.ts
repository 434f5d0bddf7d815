import type { Recipe } from '../recipe.js';

const DAY = 86_400_000;
const WEEK = 7 * DAY;
/** 1970-01-01 was a Thursday: three days after the week's start. */
const EPOCH_IN_WEEK = 3 * DAY;

const wave = (name: string, of: string, trig: 'sin' | 'cos', length: number, offset: number): Recipe => ({
  name,
  formula: `${trig}(2 pi * ${of})`,
  source: 'seasonality as a point on a circle; Andersen and Bollerslev (1997) on intraday periodicity',
  build: (plan) => {
    // All series of an interval close at the same instant: the newest answer is kept.
    let [instant, value] = [NaN, NaN];
    return plan.derive(
      (s, out, opened, duration) => {
        const closed = s[opened] + s[duration];
        if (closed !== instant) {
          instant = closed;
          value = Math[trig]((2 * Math.PI * ((closed + offset) % length)) / length);
        }
        s[out] = value;
      },
      plan.openTime,
      plan.duration,
    );
  },
});

const IN_DAY = 'share of the UTC day passed at the close';
const IN_WEEK = 'share of the UTC week (Monday first) passed at the close';

export const CALENDAR: readonly Recipe[] = [
  wave('hour_sin', IN_DAY, 'sin', DAY, 0),
  wave('hour_cos', IN_DAY, 'cos', DAY, 0),
  wave('weekday_sin', IN_WEEK, 'sin', WEEK, EPOCH_IN_WEEK),
  wave('weekday_cos', IN_WEEK, 'cos', WEEK, EPOCH_IN_WEEK),
];

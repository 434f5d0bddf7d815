import { moments } from '../kernels/moments.js';
import { lag } from '../kernels/rolling.js';
import type { Plan, Slot } from '../plan.js';
import type { Recipe } from '../recipe.js';

/** @returns ln(close ÷ previous close) */
export function logReturn(plan: Plan): Slot {
  return plan.once('log return', () =>
    plan.derive(
      (s, out, c, before) => {
        s[out] = Math.log(s[c] / s[before]);
      },
      plan.close,
      plan.previousClose,
    ),
  );
}

const over = (candles: number): Recipe => ({
  name: `log_return_${candles}`,
  formula: `ln(close / close[${candles}])`,
  source: 'Campbell, Lo and MacKinlay, The Econometrics of Financial Markets (1997), ch. 1',
  build: (plan) =>
    candles === 1
      ? logReturn(plan)
      : plan.derive(
          (s, out, c, before) => {
            s[out] = Math.log(s[c] / s[before]);
          },
          plan.close,
          lag(plan, plan.close, candles),
        ),
});

export const RETURNS: readonly Recipe[] = [
  ...[1, 2, 3, 5, 10, 20, 60].map(over),
  {
    name: 'return_z_20',
    formula: '(log_return_1 - mean20) / deviation20 of log_return_1, population; deviation 0 -> 0',
    source: 'standard score; window of Bollinger (2001)',
    build: (plan) => {
      const { mean, deviation } = moments(plan, logReturn(plan), 20);
      return plan.derive(
        (s, out, x, m, d) => {
          s[out] = s[d] === 0 ? 0 : (s[x] - s[m]) / s[d];
        },
        logReturn(plan),
        mean,
        deviation,
      );
    },
  },
];

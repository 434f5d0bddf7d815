import type { CandleColumns } from '../../../domain/candle.js';
import { INPUT, Plan, type Slot } from '../plan.js';

const AT_FRONT = Int32Array.of(0);

type Prices = Omit<CandleColumns, 'symbol' | 'timeframe'>;

/**
 * Runs kernels over contiguous candles: how kernels are compared with reference values, and how one indicator is computed
 * over a history without a store.
 * @returns per slot its value at every candle, NaN where it is not yet defined
 */
export function runPlan(
  build: (plan: Plan) => readonly Slot[],
  candles: Prices,
  duration: number,
): readonly Float64Array[] {
  const { plan, built: slots } = Plan.of(build);
  const s = new Float64Array(plan.stride);
  const values = slots.map(() => new Float64Array(candles.openTime.length).fill(NaN));
  for (let i = 0; i < candles.openTime.length; i++) {
    s[INPUT.PREVIOUS_HIGH] = s[INPUT.HIGH];
    s[INPUT.PREVIOUS_LOW] = s[INPUT.LOW];
    s[INPUT.PREVIOUS_CLOSE] = s[INPUT.CLOSE];
    s[INPUT.OPEN_TIME] = candles.openTime[i];
    s[INPUT.DURATION] = duration;
    s[INPUT.OPEN] = candles.open[i];
    s[INPUT.HIGH] = candles.high[i];
    s[INPUT.LOW] = candles.low[i];
    s[INPUT.CLOSE] = candles.close[i];
    s[INPUT.VOLUME] = candles.volume[i];
    s[INPUT.COUNT] = i + 1;
    plan.run(s, AT_FRONT, 1);
    slots.forEach((slot, k) => {
      if (i + 1 >= slot.since) values[k][i] = s[slot.at];
    });
  }
  return values;
}

import { moments, overMean } from '../kernels/moments.js';
import { mfi, signedVolume, typicalPrice } from '../kernels/oscillators.js';
import { sma } from '../kernels/rolling.js';
import type { Plan, Slot } from '../plan.js';
import { unit, type Recipe } from '../recipe.js';

/** Σ x ÷ Σ volume over 20 candles, taken from the means; 0 where nothing traded. */
const perVolume = (plan: Plan, x: Slot): Slot =>
  plan.derive(
    (s, out, total, volume) => {
      s[out] = s[volume] === 0 ? 0 : s[total] / s[volume];
    },
    sma(plan, x, 20),
    sma(plan, plan.volume, 20),
  );

export const VOLUME: readonly Recipe[] = [
  {
    name: 'volume_ratio_20',
    formula: 'volume / SMA(volume,20); mean 0 -> 0',
    source: 'Murphy (1999), ch. 7',
    build: (plan) => overMean(plan, plan.volume, 20, 0),
  },
  {
    name: 'volume_ratio_5_20',
    formula: 'SMA(volume,5) / SMA(volume,20); mean 0 -> 0',
    source: 'volume oscillator; Tulip vosc',
    build: (plan) =>
      plan.derive(
        (s, out, fast, slow) => {
          s[out] = s[slow] === 0 ? 0 : s[fast] / s[slow];
        },
        sma(plan, plan.volume, 5),
        sma(plan, plan.volume, 20),
      ),
  },
  {
    name: 'volume_z_20',
    formula: '(volume - mean20) / deviation20, population; deviation 0 -> 0',
    source: 'standard score',
    build: (plan) => {
      const { mean, deviation } = moments(plan, plan.volume, 20);
      return plan.derive(
        (s, out, v, m, d) => {
          s[out] = s[d] === 0 ? 0 : (s[v] - s[m]) / s[d];
        },
        plan.volume,
        mean,
        deviation,
      );
    },
  },
  {
    name: 'volume_variation_20',
    formula: 'deviation20(volume) / mean20(volume), population; mean 0 -> 0',
    source: 'coefficient of variation',
    build: (plan) => {
      const { mean, deviation } = moments(plan, plan.volume, 20);
      return plan.derive(
        (s, out, m, d) => {
          s[out] = s[m] === 0 ? 0 : s[d] / s[m];
        },
        mean,
        deviation,
      );
    },
  },
  {
    name: 'obv_slope_20',
    formula: '(OBV - OBV[20]) / sum20(volume); sum 0 -> 0',
    source: "Granville, New Key to Stock Market Profits (1963): on-balance volume's change, over the volume traded",
    build: (plan) => perVolume(plan, signedVolume(plan)),
  },
  {
    name: 'vwap_distance_20',
    formula: '(close - sum20(tp * volume) / sum20(volume)) / atr, tp = (h + l + c) / 3; sum 0 -> 0',
    source: 'Berkowitz, Logue and Noser, The Total Cost of Transactions on the NYSE (1988), rolling',
    build: (plan) => {
      const worth = plan.derive(
        (s, out, price, volume) => {
          s[out] = s[price] * s[volume];
        },
        typicalPrice(plan),
        plan.volume,
      );
      return plan.derive(
        (s, out, c, money, volume, per) => {
          s[out] = s[volume] === 0 ? 0 : (s[c] - s[money] / s[volume]) / s[per];
        },
        plan.close,
        sma(plan, worth, 20),
        sma(plan, plan.volume, 20),
        unit(plan),
      );
    },
  },
  {
    name: 'mfi_14',
    formula: '100 * inflow14 / (inflow14 + outflow14), flow = tp * volume signed by the move of tp; 0/0 -> 50',
    source: 'Quong and Soudack, Volume-Weighted RSI (1989); Tulip',
    build: (plan) => mfi(plan, 14),
  },
  {
    name: 'chaikin_money_flow_20',
    formula: 'sum20(volume * (2 close - high - low) / (high - low)) / sum20(volume); flat candle -> 0, sum 0 -> 0',
    source: 'Chaikin (1982)',
    build: (plan) =>
      perVolume(
        plan,
        plan.derive(
          (s, out, h, l, c, v) => {
            s[out] = s[h] === s[l] ? 0 : (s[v] * (s[c] - s[l] - (s[h] - s[c]))) / (s[h] - s[l]);
          },
          plan.high,
          plan.low,
          plan.close,
          plan.volume,
        ),
      ),
  },
];

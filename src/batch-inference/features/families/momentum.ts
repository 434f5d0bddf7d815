import { rsi } from '../kernels/directional.js';
import {
  cci,
  cmo,
  medianPrice,
  stochastic,
  stochasticRsi,
  ultimateOscillator,
  williamsR,
} from '../kernels/oscillators.js';
import { sma } from '../kernels/rolling.js';
import { inUnits, type Recipe } from '../recipe.js';

const LANE = "Lane, Lane's Stochastics (1984); slow form as TA-Lib";

const rsiOf = (period: number): Recipe => ({
  name: `rsi_${period}`,
  formula: `100 * Wilder(gains,${period}) / (Wilder(gains,${period}) + Wilder(losses,${period})); 0/0 -> 50`,
  source: 'Wilder (1978), ch. 6; seed as TA-Lib',
  build: (plan) => rsi(plan, period),
});

export const MOMENTUM: readonly Recipe[] = [
  ...[14, 21].map(rsiOf),
  {
    name: 'stoch_k_14',
    formula: 'SMA(100 * (close - lowest low 14) / (highest high 14 - lowest low 14), 3); flat range -> 50',
    source: LANE,
    build: (plan) => sma(plan, stochastic(plan, 14), 3),
  },
  {
    name: 'stoch_d_14',
    formula: 'SMA(stoch_k_14, 3)',
    source: LANE,
    build: (plan) => sma(plan, sma(plan, stochastic(plan, 14), 3), 3),
  },
  {
    name: 'stoch_rsi_14',
    formula: 'SMA(100 * (RSI14 - lowest RSI14 of 14) / (highest - lowest of 14), 3); flat range -> 50',
    source: 'Chande and Kroll, The New Technical Trader (1994); talipp',
    build: (plan) => stochasticRsi(plan, 14, 14, 3),
  },
  {
    name: 'williams_r_14',
    formula: '-100 * (highest high 14 - close) / (highest high 14 - lowest low 14); flat range -> -50',
    source: 'Williams, How I Made One Million Dollars (1973)',
    build: (plan) => williamsR(plan, 14),
  },
  {
    name: 'cci_20',
    formula: '(tp - mean20) / (0.015 * mean |tp - mean20|), tp = (h + l + c) / 3; deviation 0 -> 0',
    source: 'Lambert, Commodity Channel Index (1980); mean absolute deviation as TA-Lib',
    build: (plan) => cci(plan, 20),
  },
  {
    name: 'cmo_14',
    formula: '100 * (gains14 - losses14) / (gains14 + losses14), plain sums; 0/0 -> 0',
    source: 'Chande and Kroll (1994); Tulip',
    build: (plan) => cmo(plan, 14),
  },
  {
    name: 'ultimate_oscillator',
    formula: '100 * (4*A7 + 2*A14 + A28) / 7, A = sum(close - min(low, close[1])) / sum(true range); 0/0 -> 0.5',
    source: 'Williams, The Ultimate Oscillator (1985); Tulip',
    build: (plan) => ultimateOscillator(plan, 7, 14, 28),
  },
  {
    name: 'awesome_oscillator',
    formula: '(SMA((h + l) / 2, 5) - SMA((h + l) / 2, 34)) / atr',
    source: 'Williams, New Trading Dimensions (1998)',
    build: (plan) => inUnits(plan, sma(plan, medianPrice(plan), 5), sma(plan, medianPrice(plan), 34)),
  },
];

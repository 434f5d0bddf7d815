import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationOf } from '../../domain/timeframe.js';
import { FeatureStore } from './feature-store.js';
import { FEATURE_NAMES, WARM_UP } from './feature-table.js';
import { absorbAt, randomWalk, type Walk } from './random-walk.js';

/*
 * Every feature once more, in the most literal way: over whole arrays, a window re-read for every value. What the store
 * keeps incrementally has to agree.
 */
type Series = readonly number[];
type At = (t: number) => number;

const map = (length: number, at: At): Series => Array.from({ length }, (_, t) => at(t));
const window = (x: Series, t: number, n: number): Series => (t + 1 < n ? [] : x.slice(t + 1 - n, t + 1));
const total = (x: Series) => x.reduce((a, b) => a + b, 0);
const mean = (x: Series) => total(x) / x.length;
const deviation = (x: Series) => Math.sqrt(mean(x.map((v) => (v - mean(x)) ** 2)));
const rolling = (x: Series, n: number, of: (w: Series) => number): Series => map(x.length, (t) => of(window(x, t, n)));
const sma = (x: Series, n: number) => rolling(x, n, mean);
const sums = (x: Series, n: number) => rolling(x, n, total);
const top = (x: Series, n: number) => rolling(x, n, (w) => Math.max(...w));
const bottom = (x: Series, n: number) => rolling(x, n, (w) => Math.min(...w));
const dev = (x: Series, n: number) => rolling(x, n, deviation);
const zip = (f: (...v: number[]) => number, ...xs: Series[]) => map(xs[0].length, (t) => f(...xs.map((x) => x[t])));
const over = (a: number, b: number, otherwise: number) => (b === 0 ? otherwise : a / b);

function recursive(x: Series, n: number, weight: number): Series {
  const from = x.findIndex((v) => !Number.isNaN(v));
  let value = NaN;
  return map(x.length, (t) => {
    if (t === from + n - 1) value = mean(x.slice(from, from + n));
    else if (t > from + n - 1) value = value * (1 - weight) + x[t] * weight;
    return value;
  });
}
const ema = (x: Series, n: number) => recursive(x, n, 2 / (n + 1));
const wilder = (x: Series, n: number) => recursive(x, n, 1 / n);

function naive(walk: Walk, durationMs: number): Record<string, Series> {
  const columns = [walk.open, walk.high, walk.low, walk.close, walk.volume].map((x) => Array.from(x));
  const [open, high, low, close, volume] = columns;
  const ago = (x: Series, k: number) => map(x.length, (t) => (t < k ? NaN : x[t - k]));
  const before = ago(close, 1);
  const move = zip((c, p) => c - p, close, before);
  const ret = zip((c, p) => Math.log(c / p), close, before);
  const tr = zip((h, l, p) => (Number.isNaN(p) ? NaN : Math.max(h, p) - Math.min(l, p)), high, low, before);
  const atr = wilder(tr, 14);
  const unit = zip((a, c) => Math.max(a, c * 1e-6), atr, close);
  const unit10 = zip((a, c) => Math.max(a, c * 1e-6), wilder(tr, 10), close);
  const per = (x: Series, y: Series | number = 0) =>
    map(x.length, (t) => (x[t] - (typeof y === 'number' ? y : y[t])) / unit[t]);
  const tp = zip((h, l, c) => (h + l + c) / 3, high, low, close);
  const gain = move.map((m) => (Number.isNaN(m) ? NaN : Math.max(m, 0)));
  const loss = move.map((m) => (Number.isNaN(m) ? NaN : Math.max(-m, 0)));
  const [e9, e21, e50, e12, e26] = [9, 21, 50, 12, 26].map((n) => ema(close, n));
  const line = zip((a, b) => a - b, e12, e26);
  const signal = ema(line, 9);
  const within = (x: Series, lo: Series, hi: Series) =>
    zip((v, l, h) => (h === l ? 0.5 : (v - l) / (h - l)), x, lo, hi);
  const fast = within(close, bottom(low, 14), top(high, 14)).map((v) => 100 * v);
  const rsi = (n: number) => zip((u, d) => over(100 * u, u + d, 50), wilder(gain, n), wilder(loss, n));
  const rsi14 = rsi(14);
  const rsiRange = within(rsi14, bottom(rsi14, 14), top(rsi14, 14)).map((v) => 100 * v);
  const up = zip((h, p) => h - p, high, ago(high, 1));
  const down = zip((l, p) => p - l, low, ago(low, 1));
  const dm = (a: Series, b: Series) => zip((x, y) => (Number.isNaN(x) ? NaN : x > y && x > 0 ? x : 0), a, b);
  const di = (x: Series) => zip((m, a) => over(100 * m, a, 0), wilder(x, 14), atr);
  const [plus, minus] = [di(dm(up, down)), di(dm(down, up))];
  const adx = wilder(
    zip((p, m) => over(100 * Math.abs(p - m), p + m, 0), plus, minus),
    14,
  );
  const aroon = (x: Series, of: (w: Series) => number) => rolling(x, 26, (w) => (100 * w.lastIndexOf(of(w))) / 25);
  const middle = (n: number) => zip((h, l) => (h + l) / 2, top(high, n), bottom(low, n));
  const ratio = (a: Series, b: Series, otherwise: number) => zip((x, y) => over(x, y, otherwise), a, b);
  const score = (x: Series, n: number) => zip((v, m, d) => (d === 0 ? 0 : (v - m) / d), x, sma(x, n), dev(x, n));
  const bp = zip((c, l, p) => c - Math.min(l, p), close, low, before);
  const average = (n: number) => ratio(sums(bp, n), sums(tr, n), 0.5);
  const volume20 = sums(volume, 20);
  const flow = (sign: number) =>
    zip((x, p, v) => (Number.isNaN(p) ? NaN : sign * (x - p) > 0 ? x * v : 0), tp, ago(tp, 1), volume);
  const shape = (f: (o: number, h: number, l: number, c: number) => number, flat: number) =>
    zip((o, h, l, c) => (h === l ? flat : f(o, h, l, c) / (h - l)), open, high, low, close);
  const share = (test: Series) => sma(test, 10);
  const flag = (x: Series, y: Series, sign: number) =>
    zip((a, b) => (Number.isNaN(b) ? NaN : sign * (a - b) > 0 ? 1 : 0), x, y);
  const efficiency = (n: number) =>
    ratio(
      zip((c, p) => Math.abs(c - p), close, ago(close, n)),
      sums(move.map(Math.abs), n),
      0,
    );
  const slope = rolling(close, 20, (w) => total(w.map((v, i) => (i - 9.5) * v)) / 665);
  const phase = (length: number, offset: number) =>
    Array.from(walk.openTime, (t) => (2 * Math.PI * ((t + durationMs + offset) % length)) / length);
  const [day, week] = [phase(86_400_000, 0), phase(604_800_000, 259_200_000)];

  return {
    ...Object.fromEntries(
      [1, 2, 3, 5, 10, 20, 60].map((n) => [`log_return_${n}`, zip((c, p) => Math.log(c / p), close, ago(close, n))]),
    ),
    return_z_20: score(ret, 20),
    ema_9_distance: per(close, e9),
    ema_21_distance: per(close, e21),
    ema_50_distance: per(close, e50),
    ema_9_21_spread: per(e9, e21),
    ema_21_50_spread: per(e21, e50),
    ema_stack: zip((c, a, b, d) => (Math.sign(c - a) + Math.sign(a - b) + Math.sign(b - d)) / 3, close, e9, e21, e50),
    ...Object.fromEntries(
      [20, 50, 200].map((n) => [`sma_${n}_distance`, zip((c, m) => c / m - 1, close, sma(close, n))]),
    ),
    sma_20_50_spread: zip((a, b) => a / b - 1, sma(close, 20), sma(close, 50)),
    sma_50_200_spread: zip((a, b) => a / b - 1, sma(close, 50), sma(close, 200)),
    slope_20: per(slope),
    macd: per(line),
    macd_signal: per(signal),
    macd_histogram: per(line, signal),
    adx_14: adx,
    plus_di_14: plus,
    minus_di_14: minus,
    aroon_up_25: aroon(high, (w) => Math.max(...w)),
    aroon_down_25: aroon(low, (w) => Math.min(...w)),
    kijun_distance: per(close, middle(26)),
    tenkan_kijun_spread: per(middle(9), middle(26)),
    rsi_14: rsi14,
    rsi_21: rsi(21),
    stoch_k_14: sma(fast, 3),
    stoch_d_14: sma(sma(fast, 3), 3),
    stoch_rsi_14: sma(rsiRange, 3),
    williams_r_14: fast.map((k) => k - 100),
    cci_20: rolling(tp, 20, (w) => over(w[19] - mean(w), 0.015 * mean(w.map((v) => Math.abs(v - mean(w)))), 0)),
    cmo_14: zip((u, d) => over(100 * (u - d), u + d, 0), sums(gain, 14), sums(loss, 14)),
    ultimate_oscillator: zip((a, b, c) => (100 * (4 * a + 2 * b + c)) / 7, average(7), average(14), average(28)),
    awesome_oscillator: per(
      sma(
        zip((h, l) => (h + l) / 2, high, low),
        5,
      ),
      sma(
        zip((h, l) => (h + l) / 2, high, low),
        34,
      ),
    ),
    atr_pct_14: zip((a, c) => a / c, atr, close),
    true_range_atr: per(tr),
    ...Object.fromEntries([5, 10, 20, 50].map((n) => [`volatility_${n}`, dev(ret, n)])),
    parkinson_20: sma(
      zip((h, l) => Math.log(h / l) ** 2, high, low),
      20,
    ).map((m) => Math.sqrt(m / (4 * Math.LN2))),
    bollinger_position_20: zip(
      (c, m, d) => (d === 0 ? 0.5 : (c - m + 2 * d) / (4 * d)),
      close,
      sma(close, 20),
      dev(close, 20),
    ),
    bollinger_width_20: zip((m, d) => (4 * d) / m, sma(close, 20), dev(close, 20)),
    keltner_position_20: zip((c, m, r) => (c - m + 1.5 * r) / (3 * r), close, ema(close, 20), unit10),
    squeeze_20: zip((d, r) => (2 * d) / (1.5 * r), dev(close, 20), unit10),
    donchian_position_20: within(close, bottom(low, 20), top(high, 20)),
    volume_ratio_20: ratio(volume, sma(volume, 20), 0),
    volume_ratio_5_20: ratio(sma(volume, 5), sma(volume, 20), 0),
    volume_z_20: score(volume, 20),
    volume_variation_20: ratio(dev(volume, 20), sma(volume, 20), 0),
    obv_slope_20: ratio(
      sums(
        zip((m, v) => Math.sign(m) * v, move, volume),
        20,
      ),
      volume20,
      0,
    ),
    vwap_distance_20: zip(
      (c, m, v, u) => (v === 0 ? 0 : (c - m / v) / u),
      close,
      sums(
        zip((p, v) => p * v, tp, volume),
        20,
      ),
      volume20,
      unit,
    ),
    mfi_14: zip((a, b) => over(100 * a, a + b, 50), sums(flow(1), 14), sums(flow(-1), 14)),
    chaikin_money_flow_20: ratio(
      sums(
        zip(
          (s, v) => s * v,
          shape((_, h, l, c) => 2 * c - h - l, 0),
          volume,
        ),
        20,
      ),
      volume20,
      0,
    ),
    body: shape((o, _h, _l, c) => c - o, 0),
    upper_wick: shape((o, h, _, c) => h - Math.max(o, c), 0),
    lower_wick: shape((o, _, l, c) => Math.min(o, c) - l, 0),
    close_location: shape((_o, _h, l, c) => c - l, 0.5),
    body_atr: per(close, open),
    range_atr: per(high, low),
    gap_atr: per(open, before),
    engulfing: map(close.length, (t) => {
      const [o, c, po, pc] = [open[t], close[t], open[t - 1], close[t - 1]];
      if (c > o && pc < po && o <= pc && c >= po && c - o > po - pc) return 1;
      return c < o && pc > po && o >= pc && c <= po && o - c > pc - po ? -1 : 0;
    }),
    streak: map(close.length, (t) => {
      let length = 0;
      while (length < 10 && move[t] !== 0 && Math.sign(move[t - length]) === Math.sign(move[t])) length++;
      return length * Math.sign(move[t]);
    }),
    higher_highs_10: share(flag(high, ago(high, 1), 1)),
    lower_lows_10: share(flag(low, ago(low, 1), -1)),
    support_distance_20: per(close, ago(bottom(low, 20), 1)),
    resistance_distance_20: per(ago(top(high, 20), 1), close),
    atr_ratio_50: ratio(atr, sma(atr, 50), 1),
    volatility_ratio_10_50: ratio(dev(ret, 10), dev(ret, 50), 1),
    choppiness_14: zip(
      (s, h, l) => (h === l ? 100 : (100 * Math.log10(s / (h - l))) / Math.log10(14)),
      sums(tr, 14),
      top(high, 14),
      bottom(low, 14),
    ),
    efficiency_10: efficiency(10),
    efficiency_50: efficiency(50),
    range_position_100: within(close, bottom(low, 100), top(high, 100)),
    drawdown_100: zip((c, h) => Math.log(c / h), close, top(high, 100)),
    hour_sin: day.map(Math.sin),
    hour_cos: day.map(Math.cos),
    weekday_sin: week.map(Math.sin),
    weekday_cos: week.map(Math.cos),
  };
}

/** Trailing stops follow their whole past: they are held against reference values in kernels/reference.spec.ts. */
const ELSEWHERE = new Set(['supertrend_distance', 'psar_distance']);

describe('features', () => {
  it('agree with a literal recomputation on random walks', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 0, max: 500 }),
        fc.constantFrom('1m', '1h'),
        (seed, skipped, timeframe) => {
          const walk = randomWalk(seed, WARM_UP + 130, timeframe, skipped);
          const expected = naive(walk, durationOf(timeframe));
          const store = new FeatureStore(1, 1);
          for (let i = 0; i < walk.openTime.length; i++) {
            absorbAt(store, 0, walk, i);
            if (!store.warm(0)) continue;
            FEATURE_NAMES.forEach((name, column) => {
              if (ELSEWHERE.has(name)) return;
              const [actual, wanted] = [store.value(0, column), expected[name][i]];
              const near = Math.abs(actual - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted));
              if (!near) expect.fail(`${name} at candle ${i}: ${actual} is not ${wanted}`);
            });
          }
          expect(store.rows(0)).toBe(1);
        },
      ),
      { numRuns: 15 },
    );
  });
});

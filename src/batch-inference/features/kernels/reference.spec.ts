import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sharedData } from '../../../../test/builders/shared-data.js';
import { aroon, macd, midRange } from '../families/trend.js';
import type { Plan, Slot } from '../plan.js';
import { atr, directionalMovement, rsi, trueRange } from './directional.js';
import { moments, slope } from './moments.js';
import {
  cci,
  choppiness,
  cmo,
  mfi,
  signedVolume,
  stochastic,
  stochasticRsi,
  typicalPrice,
  ultimateOscillator,
  williamsR,
} from './oscillators.js';
import { highest, lag, lowest, sma, sum } from './rolling.js';
import { runPlan } from './run-plan.js';
import { ema, wilder } from './smoothing.js';
import { parabolic, supertrend } from './stops.js';

const HOUR = 3_600_000;
const TALIPP = sharedData('indicators/quantedge-ta-BTCUSDT-1h-2025-01');
const TULIP = sharedData('indicators/tulip/untest.txt');

/** What each reference file holds, column by column, and what computes it here. talipp counts the first high − low as true range. */
const REFERENCES: Record<string, (plan: Plan) => readonly Slot[]> = {
  'sma-20-close': (p) => [sma(p, p.close, 20)],
  'ema-20-close': (p) => [ema(p, p.close, 20)],
  'rsi-14-close': (p) => [rsi(p, 14)],
  'macd-12-26-9-close': (p) => {
    const { line, signal } = macd(p);
    return [line, signal, minus(p, line, signal)];
  },
  'bb-20-2-close': (p) => {
    const { mean, deviation } = moments(p, p.close, 20);
    return [plus(p, mean, deviation, 2), mean, plus(p, mean, deviation, -2)];
  },
  'atr-14': (p) => [atr(p, 14, 'high-low')],
  'adx-14': (p) => {
    const dm = directionalMovement(p, 14, 'high-low');
    return [dm.adx, dm.plus, dm.minus];
  },
  'cci-20': (p) => [cci(p, 20)],
  'stoch-14-1-3': (p) => [stochastic(p, 14), sma(p, stochastic(p, 14), 3)],
  'stoch-rsi-14-14-3-3-close': (p) => [stochasticRsi(p, 14, 14, 3), sma(p, stochasticRsi(p, 14, 14, 3), 3)],
  'willr-14': (p) => [williamsR(p, 14)],
  'kc-20-10-1.5': (p) => {
    const [middle, range] = [ema(p, p.close, 20), atr(p, 10, 'high-low')];
    return [plus(p, middle, range, 1.5), middle, plus(p, middle, range, -1.5)];
  },
  'dc-20': (p) => [highest(p, p.high, 20), midRange(p, 20), lowest(p, p.low, 20)],
  'chop-14': (p) => [choppiness(p, 14, 'high-low')],
  'supertrend-10-3': (p) => {
    const { value, side } = supertrend(p, 10, 3, 'high-low');
    return [value, isLong(p, side)];
  },
  'psar-0.02-0.2': (p) => {
    const { value, side } = parabolic(p, 0.02, 0.2);
    return [value, isLong(p, side)];
  },
  // Tenkan and Kijun; the spans drawn ahead are no features.
  'ichimoku-9-26-52-26': (p) => [midRange(p, 9), midRange(p, 26)],
};

describe.skipIf(!TALIPP)('agrees with talipp on BTCUSDT 1h, January 2025, to 1e-9', () => {
  const candles = TALIPP ? readCandles(join(TALIPP, 'btcusdt-1h.csv')) : undefined;

  it.each(Object.keys(REFERENCES))('%s', (file) => {
    const values = runPlan(REFERENCES[file], candles!, HOUR);
    const rows = readCsv(join(TALIPP!, `${file}.csv`));
    expect(rows.length).toBeGreaterThan(600);
    for (const [openTimeMicros, ...expected] of rows) {
      const i = (openTimeMicros / 1000 - candles!.openTime[0]) / HOUR;
      values.forEach((computed, k) => expectNear(computed[i], expected[k], `${file} column ${k} candle ${i}`));
    }
  });

  it('obv-close, as running sum of signed volume', () => {
    const [signed] = runPlan((p) => [signedVolume(p)], candles!, HOUR);
    let total = candles!.volume[0]; // talipp begins with the first volume
    readCsv(join(TALIPP!, 'obv-close.csv')).forEach(([, expected], i) => {
      if (i > 0) total += signed[i];
      expectNear(total, expected, `candle ${i}`);
    });
  });

  it('vwap-day-hlc3, as windowed sums up to the 24th hour', () => {
    const rows = readCsv(join(TALIPP!, 'vwap-day-hlc3.csv'));
    const [paid, traded] = runPlan(
      (p) => {
        const money = p.derive(
          (s, out, price, volume) => {
            s[out] = s[price] * s[volume];
          },
          typicalPrice(p),
          p.volume,
        );
        return [sum(p, money, 24), sum(p, p.volume, 24)];
      },
      candles!,
      HOUR,
    );
    for (let i = 23; i < rows.length; i += 24) expectNear(paid[i] / traded[i], rows[i][1], `day ${(i - 23) / 24}`);
  });
});

/** Tulip prints three decimals; its output is aligned to the end of its 15 candles. */
const TULIP_CASES: Record<string, (plan: Plan) => readonly Slot[]> = {
  'sma 5': (p) => [sma(p, p.close, 5)],
  'wilders 5': (p) => [wilder(p, p.close, 5)],
  'atr 5': (p) => [atr(p, 5, 'high-low')],
  tr: (p) => [trueRange(p, 'high-low')],
  'rsi 5': (p) => [rsi(p, 5)],
  'cmo 5': (p) => [cmo(p, 5)],
  'cci 5': (p) => [cci(p, 5)],
  'willr 5': (p) => [williamsR(p, 5)],
  'mfi 5': (p) => [mfi(p, 5)],
  'ultosc 2 3 5': (p) => [ultimateOscillator(p, 2, 3, 5)],
  'stoch 5 3 3': (p) => {
    const slow = sma(p, stochastic(p, 5), 3);
    return [slow, sma(p, slow, 3)];
  },
  'aroon 5': (p) => [aroon(p, 'down', 5), aroon(p, 'up', 5)],
  'linregslope 5': (p) => [slope(p, p.close, 5)],
  'stddev 5': (p) => [moments(p, p.close, 5).deviation],
  'max 5': (p) => [highest(p, p.close, 5)],
  'min 5': (p) => [lowest(p, p.close, 5)],
  'lag 5': (p) => [lag(p, p.close, 5)],
};

describe.skipIf(!TULIP)('agrees with Tulip to the three decimals it prints', () => {
  const cases = TULIP ? readTulip(TULIP) : new Map<string, number[][]>();

  it.each(Object.keys(TULIP_CASES))('%s', (name) => {
    const expected = cases.get(name)!;
    const values = runPlan(TULIP_CASES[name], tulipCandles(cases), HOUR);
    values.forEach((computed, k) => {
      const wanted = expected[expected.length - values.length + k];
      expect(wanted.length).toBeGreaterThan(0);
      wanted.forEach((value, i) => expect(computed[15 - wanted.length + i]).toBeCloseTo(value, 2.99));
    });
  });
});

/** Volume, open, high, low and close of Tulip's 15 candles, as the inputs of `mfi` and `bop` give them. */
function tulipCandles(cases: ReadonlyMap<string, number[][]>) {
  const [high, low, close, volume] = cases.get('mfi 5')!;
  const [open] = cases.get('bop')!;
  const columns = { open, high, low, close, volume, openTime: high.map((_, i) => 7 * HOUR + i * HOUR) };
  return Object.fromEntries(Object.entries(columns).map(([key, x]) => [key, Float64Array.from(x)])) as Record<
    keyof typeof columns,
    Float64Array
  >;
}

function readTulip(path: string): Map<string, number[][]> {
  const cases = new Map<string, number[][]>();
  let name = '';
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line.startsWith('{')) cases.get(name)?.push(line.slice(1, -1).split(',').map(Number));
    else if (line !== '' && !line.startsWith('#')) cases.set((name = line.trim()), []);
  }
  return cases;
}

function plus(plan: Plan, middle: Slot, width: Slot, factor: number): Slot {
  return plan.derive(
    (s, out, m, w) => {
      s[out] = s[m] + factor * s[w];
    },
    middle,
    width,
  );
}

function minus(plan: Plan, a: Slot, b: Slot): Slot {
  return plus(plan, a, b, -1);
}

function isLong(plan: Plan, side: Slot): Slot {
  return plan.derive((s, out, x) => {
    s[out] = s[x] > 0 ? 1 : 0;
  }, side);
}

function readCsv(path: string): number[][] {
  const [, ...lines] = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => line.split(',').map(Number));
}

function readCandles(path: string) {
  const rows = readCsv(path);
  const column = (k: number, scale = 1) => Float64Array.from(rows, (row) => row[k] / scale);
  return {
    openTime: column(0, 1000),
    open: column(1),
    high: column(2),
    low: column(3),
    close: column(4),
    volume: column(5),
  };
}

/** 1e-9 relative; the references print ten decimals, so near 0 it is 1e-9 absolute. */
function expectNear(actual: number, expected: number, what: string): void {
  const tolerance = 1e-9 * Math.max(1, Math.abs(expected));
  if (!(Math.abs(actual - expected) <= tolerance)) expect.fail(`${what}: ${actual} is not ${expected}`);
}

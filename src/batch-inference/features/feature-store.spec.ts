import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationOf } from '../../domain/timeframe.js';
import { exportRows } from './export.js';
import { FeatureStore, LANES } from './feature-store.js';
import { FEATURE_NAMES, FEATURES, featureColumnsOf, WARM_UP } from './feature-table.js';
import { absorbAt, randomWalk, type Walk } from './random-walk.js';

const WIDTH = FEATURES.length;
const ALL = featureColumnsOf(FEATURE_NAMES);

/** Features with an average that never quite forgets its first candles; all others depend on their window only. */
const RECURSIVE =
  /^(ema|macd|adx|plus_di|minus_di|rsi|stoch_rsi|atr|true_range|keltner|squeeze|slope|supertrend|psar|kijun|tenkan|awesome|vwap|body_atr|range_atr|gap_atr|support|resistance)/;

function fed(walk: Walk, from = 0, to = walk.openTime.length): FeatureStore {
  const store = new FeatureStore(1, 8);
  for (let i = from; i < to; i++) absorbAt(store, 0, walk, i);
  return store;
}

const newest = (store: FeatureStore) => FEATURE_NAMES.map((_, column) => store.value(0, column));

describe('a series', () => {
  const walk = randomWalk(1, WARM_UP + 20, '5m');

  it('is warm from its WARM_UPth contiguous candle', () => {
    expect(fed(walk, 0, WARM_UP - 1).warm(0)).toBe(false);
    expect(fed(walk, 0, WARM_UP - 1).value(0, 0)).toBeNaN();
    expect(fed(walk, 0, WARM_UP).warm(0)).toBe(true);
  });

  it('knows its newest candle, and its ATR from the fifteenth', () => {
    expect(fed(walk, 0, 0).close(0)).toBeNaN();
    expect(fed(walk, 0, 0).lastOpenTime(0)).toBeNaN();
    expect(fed(walk, 0, 3).close(0)).toBe(walk.close[2]);
    expect(fed(walk, 0, 3).lastOpenTime(0)).toBe(walk.openTime[2]);
    expect(fed(walk, 0, 14).atr(0)).toBeNaN();
    expect(fed(walk, 0, 15).atr(0)).toBeGreaterThan(0);
  });

  it('is broken by a gap, takes no candle, and begins anew at a reset', () => {
    const store = fed(walk, 0, WARM_UP);
    absorbAt(store, 0, walk, WARM_UP + 1);
    expect([store.warm(0), store.broken(0), store.count(0)]).toEqual([false, true, WARM_UP]);
    absorbAt(store, 0, walk, WARM_UP);
    expect([store.warm(0), store.count(0)]).toEqual([false, WARM_UP]);
    expect(store.copyWindow(0, ALL, 1, new Float32Array(WIDTH), 0)).toBe(false);

    store.reset(0);
    for (let i = 0; i < walk.openTime.length; i++) absorbAt(store, 0, walk, i);
    expect(newest(store)).toEqual(newest(fed(walk)));
  });

  it('is not changed by a candle it already has', () => {
    const store = fed(walk);
    const before = newest(store);
    absorbAt(store, 0, walk, 5);
    absorbAt(store, 0, walk, walk.openTime.length - 1);
    expect([store.count(0), store.warm(0)]).toEqual([walk.openTime.length, true]);
    expect(newest(store)).toEqual(before);
  });

  it('does not touch its neighbours', () => {
    const other = randomWalk(2, WARM_UP + 20, '5m');
    const store = new FeatureStore(3, 2);
    for (let i = 0; i < walk.openTime.length; i++) {
      absorbAt(store, 0, other, i);
      absorbAt(store, 1, walk, i);
      absorbAt(store, 2, other, i);
    }
    store.reset(0);
    expect(FEATURE_NAMES.map((_, column) => store.value(1, column))).toEqual(newest(fed(walk)));
    expect(store.warm(0)).toBe(false);
    expect(store.warm(2)).toBe(true);
  });
});

describe('candles of many series that are settled together', () => {
  const count = LANES + 5;
  const walks = Array.from({ length: count }, (_, series) => randomWalk(series + 1, WARM_UP + 4, '5m'));
  const offer = (store: FeatureStore, series: number, i: number) => {
    const { openTime, open, high, low, close, volume } = walks[series];
    store.offer(series, openTime[i], durationOf('5m'), open[i], high[i], low[i], close[i], volume[i]);
  };
  const rowsOf = (store: FeatureStore, series: number) => {
    const into = new Float32Array(4 * WIDTH);
    expect(store.copyWindow(series, ALL, 4, into, 0)).toBe(true);
    return into;
  };

  it('have the features that they have one by one, to the last bit', () => {
    const [together, alone] = [new FeatureStore(count, 4), new FeatureStore(count, 4)];
    for (let i = 0; i < WARM_UP + 4; i++) {
      for (let series = 0; series < count; series++) {
        offer(together, series, i);
        absorbAt(alone, series, walks[series], i);
      }
      if (i % 3 === 0) together.settle(); // a candle of another time settles those before it
    }
    together.settle();
    for (let series = 0; series < count; series++) {
      expect(rowsOf(together, series)).toEqual(rowsOf(alone, series));
      expect(together.value(series, 0)).toBe(alone.value(series, 0));
    }
  });

  it('are of the series that have one: the others stand still', () => {
    const store = new FeatureStore(count, 4);
    for (let i = 0; i < WARM_UP + 4; i++) {
      for (let series = 0; series < count; series++) if (series !== 7 || i < WARM_UP + 2) offer(store, series, i);
      store.settle();
    }
    expect([store.count(6), store.count(7), store.count(8)]).toEqual([WARM_UP + 4, WARM_UP + 2, WARM_UP + 4]);
    expect(newest(fed(walks[8]))).toEqual(FEATURE_NAMES.map((_, column) => store.value(8, column)));
    expect(newest(fed(walks[7], 0, WARM_UP + 2))).toEqual(FEATURE_NAMES.map((_, column) => store.value(7, column)));
  });
});

describe('rows', () => {
  const walk = randomWalk(3, WARM_UP + 20, '1m');

  it('a window is the newest rows, oldest first, of the chosen columns', () => {
    const store = fed(walk);
    const columns = featureColumnsOf(['rsi_14', 'log_return_1']);
    const { rows } = exportRows(walk);
    const into = new Float32Array(1 + 3 * 2);
    expect(store.copyWindow(0, columns, 3, into, 1)).toBe(true);
    const wanted = [3, 2, 1].flatMap((age) => [...columns].map((c) => rows[rows.length - age * WIDTH + c]));
    expect([...into.subarray(1)]).toEqual(wanted);
  });

  it('a window is the same where its columns are kept together, before and after they are', () => {
    const columns = featureColumnsOf(['macd', 'rsi_14', 'hour_sin']);
    const window = (store: FeatureStore) => {
      const into = new Float32Array(6 * 3);
      expect(store.copyWindow(0, columns, 6, into, 0)).toBe(true);
      return into;
    };
    const store = fed(walk, 0, WARM_UP + 15);
    store.keepNarrow([columns]);
    expect(window(store)).toEqual(window(fed(walk, 0, WARM_UP + 15)));
    for (let i = WARM_UP + 15; i < walk.openTime.length; i++) absorbAt(store, 0, walk, i);
    expect(window(store)).toEqual(window(fed(walk)));
    store.keepNarrow([]);
    expect(window(store)).toEqual(window(fed(walk)));
  });

  it('a window longer than the rows at hand is refused and writes nothing', () => {
    const into = new Float32Array(WIDTH * 9);
    expect(fed(walk, 0, WARM_UP + 2).copyWindow(0, ALL, 4, into, 0)).toBe(false);
    expect(fed(walk).copyWindow(0, ALL, 9, into, 0)).toBe(false);
    expect(into.every((value) => value === 0)).toBe(true);
  });
});

describe('every feature', () => {
  it('looks at nothing after its candle', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (seed, otherSeed) => {
        const [walk, other] = [randomWalk(seed, 320, '15m'), randomWalk(otherSeed, 320, '15m')];
        const cut = 280;
        const changed = { ...walk };
        for (const key of ['open', 'high', 'low', 'close', 'volume'] as const) {
          changed[key] = Float64Array.from(walk[key], (value, i) => (i < cut ? value : other[key][i]));
        }
        const until = (cut - WARM_UP + 1) * WIDTH;
        expect(exportRows(changed).rows.subarray(0, until)).toEqual(exportRows(walk).rows.subarray(0, until));
      }),
      { numRuns: 8 },
    );
  });

  it('has no unit of price and none of volume', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: -20, max: 20 }), fc.integer({ min: -20, max: 20 }), (seed, k, m) => {
        const walk = randomWalk(seed, WARM_UP + 60, '1h');
        const scaled = { ...walk, volume: walk.volume.map((value) => value * 2 ** m) };
        for (const key of ['open', 'high', 'low', 'close'] as const) scaled[key] = walk[key].map((x) => x * 2 ** k);
        // Powers of two scale without rounding: the features are equal to the last bit.
        expect(newest(fed(scaled))).toEqual(newest(fed(walk)));
      }),
      { numRuns: 20 },
    );
  });

  it.each([0.37, 1, 64_000])('is finite in a dead market at %d, which nobody trades', (price) => {
    const walk = randomWalk(5, 700, '1m');
    for (const key of ['open', 'high', 'low', 'close'] as const) walk[key].fill(price, 300);
    walk.volume.fill(0, 300);
    expect(exportRows(walk).rows.every(Number.isFinite)).toBe(true);
    for (const key of ['open', 'high', 'low', 'close'] as const) walk[key].fill(price);
    walk.volume.fill(0);
    const store = fed(walk);
    const value = (name: string) => store.value(0, FEATURE_NAMES.indexOf(name));
    expect(newest(store).every(Number.isFinite)).toBe(true);
    expect([value('rsi_14'), value('williams_r_14'), value('choppiness_14')]).toEqual([50, -50, 100]);
    expect([value('bollinger_position_20'), value('volume_ratio_20'), value('adx_14')]).toEqual([0.5, 0, 0]);
    expect([value('ema_50_distance'), value('macd'), value('cci_20')].map(Math.abs)).toEqual([0, 0, 0]);
  });

  it('is the same from 500 candles of history as from the beginning', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 90 }), (seed, begun) => {
        const walk = randomWalk(seed, 1500, '1m', begun);
        const [whole, late] = [newest(fed(walk)), newest(fed(walk, 1000))];
        FEATURE_NAMES.forEach((name, column) => {
          const tolerance = RECURSIVE.test(name) ? 1e-6 * Math.max(1, Math.abs(whole[column])) : 0;
          const apart = Math.abs(whole[column] - late[column]);
          if (apart > tolerance) expect.fail(`${name}: ${late[column]} is not ${whole[column]}`);
        });
      }),
      { numRuns: 25 },
    );
  });
});

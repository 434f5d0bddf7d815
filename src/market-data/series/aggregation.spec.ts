import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationOf, openTimeAt, type Timeframe } from '../../domain/timeframe.js';
import { aggregate, aggregateColumns } from './aggregation.js';
import { admit, columnsOf, readRow, type Ohlcv } from './columns.js';
import { Series } from './series.js';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);
const LONGER = ['5m', '15m', '1h', '4h'] as const;

/** A minute's candle that any change would show in. */
function minute(openTime: number, seed = openTime / MINUTE): Ohlcv {
  const open = 100 + (seed % 17);
  const close = 100 + ((seed * 7) % 19);
  return {
    openTime,
    open,
    high: Math.max(open, close) + (seed % 3),
    low: Math.min(open, close) - (seed % 5),
    close,
    volume: seed % 11,
  };
}

/** The plain way: group by clock, keep the groups with every minute. */
function grouped(rows: readonly Ohlcv[], timeframe: Timeframe): Ohlcv[] {
  const groups = new Map<number, Ohlcv[]>();
  for (const row of rows) {
    const openTime = openTimeAt(timeframe, row.openTime);
    groups.set(openTime, [...(groups.get(openTime) ?? []), row]);
  }
  return [...groups]
    .filter(([, parts]) => parts.length === durationOf(timeframe) / MINUTE)
    .map(([openTime, parts]) => ({
      openTime,
      open: parts[0]!.open,
      high: Math.max(...parts.map(({ high }) => high)),
      low: Math.min(...parts.map(({ low }) => low)),
      close: parts.at(-1)!.close,
      volume: parts.reduce((sum, { volume }) => sum + volume, 0),
    }));
}

const minutes = (offset: number, count: number) =>
  Array.from({ length: count }, (_, i) => minute(START + (offset + i) * MINUTE));

/** A stretch of minutes from anywhere, with holes. */
const recording = fc
  .record({
    offset: fc.nat(500),
    count: fc.integer({ min: 1, max: 600 }),
    holes: fc.array(fc.nat(599), { maxLength: 12 }),
  })
  .map(({ offset, count, holes }) => minutes(offset, count).filter((_, i) => !holes.includes(i)));

describe('1m candles summed by clock', () => {
  it('equals naive grouping, holes included: a candle with one minute missing is absent', () => {
    fc.assert(
      fc.property(recording, fc.constantFrom(...LONGER), (rows, timeframe) => {
        const sums = aggregateColumns(columnsOf('BTC/USDT', '1m', rows), timeframe);
        expect(Array.from(sums.openTime, (_, i) => readRow(sums, i))).toEqual(grouped(rows, timeframe));
      }),
    );
  });

  it('gives the same from a ring as from a recording', () => {
    fc.assert(
      fc.property(
        fc.nat(500),
        fc.integer({ min: 1, max: 900 }),
        fc.constantFrom(...LONGER),
        (offset, count, timeframe) => {
          const rows = minutes(offset, count);
          const ring = new Series('BTC/USDT', '1m', 600);
          for (const row of rows) ring.append(row);
          const held = grouped(rows.slice(-600), timeframe);
          const first = openTimeAt(timeframe, rows[0]!.openTime);
          const found: Ohlcv[] = [];
          for (let time = first; time <= rows.at(-1)!.openTime; time += durationOf(timeframe)) {
            const sum = aggregate(ring, timeframe, time);
            if (sum) found.push(sum);
          }
          expect(found).toEqual(held);
        },
      ),
    );
  });
});

describe('a series', () => {
  it('keeps the newest candles, in order, whatever its ring has seen', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 40 }), (capacity, count) => {
        const rows = minutes(0, count);
        const series = new Series('BTC/USDT', '1m', capacity);
        for (const row of rows) series.append(row);
        const kept = rows.slice(-capacity);
        expect(series.columns()).toEqual(columnsOf('BTC/USDT', '1m', kept));
        expect(rows.map(({ openTime }) => series.at(openTime)).filter(Boolean)).toEqual(kept);
        expect(series.lastOpenTime).toBe(kept.at(-1)?.openTime ?? NaN);
      }),
    );
  });

  it('takes only what follows', () => {
    const series = new Series('BTC/USDT', '1m', 4);
    series.append(minute(START));
    expect(() => series.append(minute(START + 2 * MINUTE))).toThrow('does not follow');
    expect(series.replace(minute(START - MINUTE))).toBe(false);
  });
});

describe('history is admitted at the door', () => {
  const rows = minutes(0, 6);
  const admitted = (changed: readonly Ohlcv[]) => {
    const { columns, refused } = admit(columnsOf('BTC/USDT', '1m', changed));
    return { rows: Array.from(columns.openTime, (time) => (time - START) / MINUTE), refused };
  };
  const impossible = (i: number) => rows.map((row, j) => (i === j ? { ...row, high: row.low - 1 } : row));

  it.each([
    ['whole', rows, [0, 1, 2, 3, 4, 5], []],
    ['empty', [], [], []],
    ['with a hole: what follows it is kept', rows.filter((_, i) => i !== 2), [3, 4, 5], []],
    ['with an impossible candle: what follows it is kept', impossible(3), [4, 5], ['HIGH_LOW_CROSSED']],
    ['with an impossible newest candle: it alone is lost', impossible(5), [0, 1, 2, 3, 4], ['HIGH_LOW_CROSSED']],
  ])('%s', (_, changed, kept, refused) => {
    expect(admitted(changed)).toEqual({ rows: kept, refused });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUCKETS, bucketOf, LEAST_MS, LogHistogram, MOST_MS, RELATIVE_ERROR } from './log-histogram.js';

const SHARES = [0, 0.5, 0.95, 0.99, 0.999, 1];

/** Durations over the whole range, as many short ones as long ones. */
const duration = fc
  .double({ min: Math.log(LEAST_MS), max: Math.log(MOST_MS), noNaN: true })
  .map((power) => Math.min(MOST_MS, Math.max(LEAST_MS, Math.exp(power))));
const durations = fc.array(duration, { minLength: 1, maxLength: 400 });

function histogramOf(values: readonly number[]): LogHistogram {
  const histogram = new LogHistogram();
  for (const ms of values) histogram.record(ms, bucketOf(ms));
  return histogram;
}

/** What `LogHistogram.quantile` stands for, from all the durations. */
function exact(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1]!;
}

const shown = (histogram: LogHistogram) => ({
  count: histogram.count,
  max: histogram.max,
  quantiles: SHARES.map((share) => histogram.quantile(share)),
});

describe('a histogram of durations', () => {
  it('tells every quantile within its error, over nine orders of magnitude', () => {
    fc.assert(
      fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const histogram = histogramOf(values);
        for (const each of [share, ...SHARES]) {
          const truth = exact(values, each);
          expect(Math.abs(histogram.quantile(each) - truth)).toBeLessThanOrEqual(RELATIVE_ERROR * truth);
        }
        expect([histogram.count, histogram.max]).toEqual([values.length, Math.max(...values)]);
      }),
    );
  });

  it('at the edges of its buckets too', () => {
    let worst = 0;
    for (let ms = LEAST_MS; ms <= MOST_MS; ms *= 1.0001) {
      const told = histogramOf([ms, MOST_MS]).quantile(0.5); // not the longest: that one is exact
      worst = Math.max(worst, Math.abs(told - ms) / ms);
    }
    expect(worst).toBeLessThanOrEqual(RELATIVE_ERROR);
  });

  it('adds up as if all had been recorded in one', () => {
    fc.assert(
      fc.property(durations, durations, (some, others) => {
        const sum = histogramOf(some);
        sum.add(histogramOf(others));
        expect(shown(sum)).toEqual(shown(histogramOf([...some, ...others])));
      }),
    );
  });

  it('begins anew when cleared, and takes no further memory for what it has seen', () => {
    fc.assert(
      fc.property(durations, (values) => {
        const histogram = histogramOf(values);
        const { bytes } = histogram;
        histogram.clear();
        expect([histogram.count, histogram.max, histogram.quantile(0.5)]).toEqual([0, NaN, NaN]);
        for (const ms of values) histogram.record(ms, bucketOf(ms));
        expect([histogram.bytes, shown(histogram)]).toEqual([bytes, shown(histogramOf(values))]);
      }),
    );
  });

  it.each([
    ['nothing yet', [], 0],
    ['one stage: 2 to 3 ms', [2, 2.5, 3], 256],
    ['everything from 1 µs to 1,000 s', [LEAST_MS, MOST_MS], 4_352],
  ])('holds %s', (_, values, bytes) => {
    expect(histogramOf(values).bytes).toBe(bytes);
    expect(BUCKETS * 4).toBeLessThanOrEqual(4_352);
  });

  it.each([
    ['below a microsecond, clocks that disagree included', [-3, 0, 0.0004, 1], 0.75, LEAST_MS],
    ['beyond a thousand seconds', [5 * MOST_MS, 7 * MOST_MS], 0.5, MOST_MS],
  ])('a duration %s counts as the nearest that it tells apart', (_, values, share, nearest) => {
    const told = histogramOf(values).quantile(share);
    expect(Math.abs(told - nearest)).toBeLessThanOrEqual(2 * RELATIVE_ERROR * nearest);
    expect(histogramOf(values).max).toBe(Math.max(...values));
  });
});

import { describe, expect, it } from 'vitest';
import { CostLine } from '../pool/cost-line.js';
import { costOf, SLICE_MS, sliceRows, turnedAway, type Ahead } from './admission.js';

/** 0.95 ms a call and 0.1 ms a row: 90 rows a slice. */
const COST = new CostLine([1, 50, 500].map((rows) => ({ rows, ms: 0.95 + 0.1 * rows })));
const FREE: Ahead = { workers: 1, ms: 0, rows: 0, mostRows: 10_000 };

describe('a slice', () => {
  it('is what fits into its time, at least one row, and no more than a call gains by', () => {
    expect(sliceRows(COST)).toBe(90);
    expect(COST.of(sliceRows(COST))).toBeLessThanOrEqual(SLICE_MS + 1e-9);
    expect(sliceRows(new CostLine([{ rows: 1, ms: 500 }]))).toBe(1);
    expect(sliceRows(new CostLine())).toBe(1_000);
    expect(costOf(180, COST)).toBeCloseTo(19.9);
    expect(costOf(181, COST)).toBeCloseTo(20.95);
  });
});

describe('a request', () => {
  it.each<[string, number, number, Partial<Ahead>, object | undefined]>([
    ['of one row on an idle pool joins', 1, 100, {}, undefined],
    ['that just fits joins', 90, 10.3, {}, undefined],
    ['that cannot be in time even alone is refused for good', 90, 10, {}, { code: 'DEADLINE_UNREACHABLE' }],
    ['behind 95 ms of work is told when', 1, 96, { ms: 95 }, { code: 'DEADLINE_UNREACHABLE', retryAfterMs: 1 }],
    ['behind 495 ms of work is told when', 1, 96, { ms: 495 }, { code: 'DEADLINE_UNREACHABLE', retryAfterMs: 401 }],
    ['has the work before it shared by two workers', 1, 96, { ms: 180, workers: 2 }, undefined],
    ['has its own slices shared, but the last', 180, 15.3, { workers: 2 }, undefined],
    ['of one slice is not shared', 90, 10, { workers: 2 }, { code: 'DEADLINE_UNREACHABLE' }],
    ['while no worker is up is refused', 1, 100, { workers: 0 }, { code: 'DEADLINE_UNREACHABLE', retryAfterMs: 1000 }],
    ['that fills the queue joins', 10, 100, { rows: 90, mostRows: 100 }, undefined],
    [
      'over the queue is told when there is room',
      20,
      100,
      { ms: 90, rows: 90, mostRows: 100 },
      { code: 'QUEUE_FULL', retryAfterMs: 10 },
    ],
    ['larger than the queue is refused for good', 101, 1e6, { rows: 1, mostRows: 100 }, { code: 'QUEUE_FULL' }],
  ])('%s', (_, rows, timeoutMs, ahead, expected) => {
    const turned = turnedAway(rows, timeoutMs, COST, { ...FREE, ...ahead });
    if (!turned || !expected) return expect(turned).toEqual(expected);
    const { message, ...rest } = turned;
    expect(rest).toEqual(expected);
    expect(message.length).toBeGreaterThan(10);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shardsOf } from './sharding.js';

describe('sharding', () => {
  it.each([
    ['nothing to run', 0, 100, 4, []],
    ['a batch of BATCH_SIZE stays whole', 100, 100, 4, [100]],
    ['a bigger one is split over two workers', 101, 100, 4, [51, 50]],
    ['one worker gains nothing by chunks', 2000, 100, 1, [2000]],
    ['at most one part a worker', 2000, 100, 2, [1000, 1000]],
    ['no more parts than chunks of BATCH_SIZE', 250, 100, 8, [84, 83, 83]],
  ])('%s', (_, rows, batchSize, workers, parts) => expect(shardsOf(rows, batchSize, workers)).toEqual(parts));

  it('loses no row and leaves no part empty, whatever the sizes', () =>
    fc.assert(
      fc.property(
        fc.nat(5000),
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 64 }),
        (rows, size, workers) => {
          const parts = shardsOf(rows, size, workers);
          expect(parts.reduce((sum, part) => sum + part, 0)).toBe(rows);
          expect(parts.every((part) => part > 0)).toBe(true);
          expect(parts.length).toBeLessThanOrEqual(workers);
        },
      ),
    ));
});

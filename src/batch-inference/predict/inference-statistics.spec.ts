import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { AdHocReport } from '../../domain/ad-hoc.js';
import { InferenceStatistics } from './inference-statistics.js';

const model = { name: 'gbt', version: '1.0.0' };
const report = (more: Partial<AdHocReport>): AdHocReport => ({
  ...{ model, engine: 'tree', rows: 1, outcome: 'ANSWERED', queueMs: 1, inferenceMs: 2, totalMs: 4, batchRows: 1 },
  ...more,
});

it('counts rows, executions and times as Triton does', () => {
  const statistics = new InferenceStatistics();
  statistics.report(report({}), 1000.5);
  statistics.report(report({ rows: 3, batchRows: 8 }), 1001.5); // three requests that went as one batch of eight
  statistics.report(report({ rows: 4, batchRows: 8 }), 1001.5);
  statistics.report(report({ rows: 1, batchRows: 8 }), 1001.5);
  statistics.report({ ...{ model, engine: 'tree', rows: 2, totalMs: 0.5 }, outcome: 'QUEUE_FULL' }, 2000);
  statistics.codec(model, 0.25, 0.125);
  const never = { count: 0, ns: 0 };
  expect(statistics.of(model)).toEqual({
    ...{ ...model, last_inference: 1001, inference_count: 9, execution_count: 2 },
    inference_stats: {
      ...{ success: { count: 4, ns: 16e6 }, fail: { count: 1, ns: 0.5e6 }, queue: { count: 4, ns: 4e6 } },
      ...{ compute_input: { count: 1, ns: 0.25e6 }, compute_infer: { count: 4, ns: 8e6 } },
      ...{ compute_output: { count: 1, ns: 0.125e6 }, cache_hit: never, cache_miss: never },
    },
    batch_stats: [1, 8].map((batch_size) => ({
      ...{ batch_size, compute_input: { count: 1, ns: 0 }, compute_infer: { count: 1, ns: 2e6 } },
      compute_output: { count: 1, ns: 0 },
    })),
  });
});

it('says nothing of a version that nobody asked', () => {
  expect(new InferenceStatistics().of(model)).toMatchObject({ last_inference: 0, inference_count: 0, batch_stats: [] });
});

it('counts a batch once, however many requests it held', () => {
  const batches = fc.array(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 }), {
    minLength: 1,
  });
  fc.assert(
    fc.property(batches, (requests) => {
      const statistics = new InferenceStatistics();
      for (const batch of requests) {
        const batchRows = batch.reduce((sum, rows) => sum + rows, 0);
        for (const rows of batch) statistics.report(report({ rows, batchRows }), 0);
      }
      const { execution_count, inference_count, batch_stats } = statistics.of(model);
      expect(execution_count).toBe(requests.length);
      expect(inference_count).toBe(requests.flat().reduce((sum, rows) => sum + rows, 0));
      expect(batch_stats.reduce((sum, { compute_infer }) => sum + compute_infer.count, 0)).toBe(requests.length);
    }),
  );
});

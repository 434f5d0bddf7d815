import { expect, it } from 'vitest';
import type { ActiveModel } from '../../domain/model.js';
import { CLASSIFIER } from '../../../test/builders/active-model.js';
import { writePredictions, type SeriesRows } from './predict-answer.js';

const model: ActiveModel = {
  ...{ name: 'gbt', version: '1.0.0', file: '', timeframes: ['1m'], window: 1, ...CLASSIFIER },
  ...{ input: 'features', output: 'probabilities', variant: { engine: 'tree' }, features: [] },
};
const timings = { decode: 0.12345, queue: 1, inference: 2, total: 3.5 };

function written(
  of: ActiveModel,
  output: Float32Array | Float64Array,
  series?: SeriesRows,
  engine: string | null = 'tree',
) {
  const writing = writePredictions(of, { engine, output }, series, timings);
  for (let turns = 0; ; turns += 1) {
    const { done, value } = writing.next();
    if (done) return { turns, answer: JSON.parse(value as string) as Record<string, unknown> };
  }
}

it('names classes, and abstains row by row where an answer is no number', () => {
  expect(written(model, Float32Array.of(0.5, 0.25, 0.25, NaN, 0, 1)).answer).toEqual({
    ...{ model: 'gbt@1.0.0', engine: 'tree', rows: 2 },
    predictions: [{ short: 0.5, flat: 0.25, long: 0.25 }, { abstained: 'BAD_ANSWER' }],
    timings_ms: { decode: 0.123, queue: 1, inference: 2, total: 3.5 },
  });
});

it('shows columns that are no classes in their order, every bit of them', () => {
  const { answer } = written({ ...model, classes: null, columns: 2 }, Float64Array.of(0.1, -1e-300, 1, Infinity));
  expect(answer['predictions']).toEqual([[0.1, -1e-300], { abstained: 'BAD_ANSWER' }]);
});

it('says whose rows they are, of which candle, and why others have none', () => {
  const series: SeriesRows = {
    ...{ packed: ['BTC/USDT'], openTimes: [Date.UTC(2026, 0, 1)], absent: new Map([['ETH/USDT', 'WARMING_UP']]) },
  };
  const btc = { symbol: 'BTC/USDT', open_time: '2026-01-01T00:00:00.000Z' };
  const absent = [{ symbol: 'ETH/USDT', reason: 'WARMING_UP' }];
  const { answer } = written(model, Float32Array.of(0.5, 0.25, 0.25), series);
  expect(answer).toMatchObject({ rows: 1, predictions: [{ ...btc, short: 0.5, flat: 0.25, long: 0.25 }], absent });
  const { answer: nobody } = written(model, new Float32Array(0), { ...series, packed: [], openTimes: [] }, null);
  expect(nobody).toMatchObject({ engine: null, rows: 0, predictions: [], absent });
});

it('is written in turns', () => {
  expect(written(model, new Float32Array(9_999)).turns).toBe(9);
});

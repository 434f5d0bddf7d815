import { describe, expect, it } from 'vitest';
import type { ActiveModel } from '../../domain/model.js';
import { JsonNumbers, readJson, type Json } from '../../platform/http/json-body.js';
import { RequestRefused } from '../../platform/http/refusal.js';
import { CLASSIFIER } from '../../../test/builders/active-model.js';
import { inputOf, readPredictRequest, requireTimeframe } from './predict-request.js';

const features = ['a', 'b'].map((name) => ({ name, mean: 0, std: 1, importance: 0 }));
const model: ActiveModel = {
  ...{ name: 'gbt', version: '1.0.0', file: '', timeframes: ['1m', '5m'], window: 1, ...CLASSIFIER },
  ...{ input: 'features', output: 'probabilities', variant: { engine: 'tree' }, features },
};
const sequence: ActiveModel = { ...model, window: 2 };
const wide: ActiveModel = { ...model, dtype: { input: 'float64', output: 'float64' }, timeframes: [] };

function json(value: unknown): Json {
  const reading = readJson(Buffer.from(JSON.stringify(value)));
  for (;;) {
    const { done, value: read } = reading.next();
    if (done) return read;
  }
}
const read = (body: unknown) => readPredictRequest(json(body));
const numbers = (rows: unknown) => json(rows) as JsonNumbers;
function faultOf(act: () => unknown): [code: string, ...fields: string[]] {
  try {
    act();
  } catch (error) {
    if (!(error instanceof RequestRefused) || error.status !== 400) throw error;
    return [error.code, ...error.faults.map(({ field }) => field)];
  }
  throw new Error('it was read');
}

describe('a request to predict', () => {
  it('brings rows, to a version or to the one that serves', () => {
    const rows = new JsonNumbers([1, 2], Float64Array.of(1, NaN));
    expect(read({ model: 'gbt@1.0.0', rows: [[1, null]], timeout_ms: 50 })).toEqual({
      ...{ name: 'gbt', version: '1.0.0', timeoutMs: 50, rows },
    });
    expect(read({ model: 'gbt', rows: [[1, 'NaN']] })).toEqual({
      name: 'gbt',
      version: undefined,
      timeoutMs: undefined,
      rows,
    });
  });

  it('or names series, in any spelling, once', () => {
    expect(read({ model: 'gbt', timeframe: '5m', symbols: ['BTC/USDT', 'ethusdt', 'BTC-USDT'] })).toMatchObject({
      timeframe: '5m',
      symbols: ['BTC/USDT', 'ETH/USDT'],
    });
  });

  it.each<[string, unknown, string[]]>([
    ['no object', 'gbt', ['body']],
    ['no model', { rows: [[1, 2]] }, ['body.model']],
    ['a strange model', { model: 'a b', rows: [[1, 2]] }, ['body.model']],
    ['neither rows nor series', { model: 'gbt' }, ['body']],
    ['both', { model: 'gbt', rows: [[1, 2]], timeframe: '1m', symbols: ['BTC/USDT'] }, ['body']],
    ['series without a timeframe', { model: 'gbt', symbols: ['BTC/USDT'] }, ['body']],
    ['an unknown timeframe', { model: 'gbt', timeframe: '2m', symbols: ['BTC/USDT'] }, ['body.timeframe']],
    ['no series', { model: 'gbt', timeframe: '1m', symbols: [] }, ['body.symbols']],
    ['what is no pair', { model: 'gbt', timeframe: '1m', symbols: ['BTC/USDT', '???'] }, ['body.symbols.1']],
    ['rows of words', { model: 'gbt', rows: ['a'] }, ['body.rows']],
    ['no rows', { model: 'gbt', rows: [] }, ['body.rows']],
    ['no time', { model: 'gbt', rows: [[1, 2]], timeout_ms: 0 }, ['body.timeout_ms']],
    ['more than one fault', { model: 7, rows: [[1, 2]], colour: 'red' }, ['body.model', 'body']],
  ])('is refused with %s', (_, body, fields) => {
    expect(faultOf(() => read(body))).toEqual(['INVALID_REQUEST', ...fields]);
  });
});

describe('rows', () => {
  it('are read in the type of the model', () => {
    expect(inputOf(numbers([[0.1, null]]), model, 9)).toEqual({ rows: 1, input: Float32Array.of(0.1, NaN) });
    expect(inputOf(numbers([[0.1, 2]]), wide, 9)).toEqual({ rows: 1, input: Float64Array.of(0.1, 2) });
    const windows = [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]; // prettier-ignore
    expect(inputOf(numbers(windows), sequence, 9)).toEqual({ rows: 2, input: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) });
  });

  it.each<[string, ActiveModel, unknown, string, string]>([
    ['numbers without rows', model, [1, 2], 'SHAPE_MISMATCH', 'body.rows'],
    ['too few columns', model, [[1]], 'SHAPE_MISMATCH', 'body.rows'],
    ['too many columns', model, [[1, 2, 3]], 'SHAPE_MISMATCH', 'body.rows'],
    ['windows of a model that reads rows', model, [[[1, 2]]], 'SHAPE_MISMATCH', 'body.rows'],
    ['rows of a model that reads windows', sequence, [[1, 2]], 'SHAPE_MISMATCH', 'body.rows'],
    ['a short window', sequence, [[[1, 2]]], 'SHAPE_MISMATCH', 'body.rows'],
    ['more rows than may be', model, Array(10).fill([1, 2]), 'TOO_MANY_ROWS', 'body.rows'],
    ['an infinite number', model, [[1, 2], [3, '-Infinity']], 'NOT_FINITE', 'body.rows.1.1'], // prettier-ignore
    ['one in a window', sequence, [[[1, 2], ['Infinity', 4]]], 'NOT_FINITE', 'body.rows.0.1.0'], // prettier-ignore
  ])('are refused: %s', (_, of, rows, code, field) => {
    expect(faultOf(() => inputOf(numbers(rows), of, 9))).toEqual([code, field]);
  });
});

it('a timeframe that the model was not made for is refused', () => {
  expect(() => requireTimeframe(model, '5m')).not.toThrow();
  expect(faultOf(() => requireTimeframe(model, '1h'))).toEqual(['TIMEFRAME_NOT_SERVED', 'body.timeframe']);
  expect(faultOf(() => requireTimeframe(wide, '1m'))).toEqual(['TIMEFRAME_NOT_SERVED', 'body.timeframe']);
});

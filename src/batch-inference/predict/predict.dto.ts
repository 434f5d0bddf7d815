import type { ApiBodyOptions } from '@nestjs/swagger';
import { TIMEFRAMES } from '../../domain/timeframe.js';

type Schema = Extract<ApiBodyOptions, { schema: unknown }>['schema'];

const number = { type: 'number' } as const;
const text = { type: 'string' } as const;

/** `POST /api/v1/predict`, as the API's documentation shows it; `readPredictRequest` is what judges. */
export const predictBody: Schema = {
  type: 'object',
  required: ['model'],
  properties: {
    model: {
      ...text,
      example: 'gbt',
      description: 'model or ensemble: name, or name@version; without a version the one that serves',
    },
    rows: {
      type: 'array',
      items: { type: 'array', items: { ...number, nullable: true } },
      description:
        'rows of features in the order of the manifest, null (or NaN) where one is missing; of a model with a window: windows of rows, oldest first; of an ensemble none',
    },
    timeframe: { ...text, enum: [...TIMEFRAMES], description: 'with symbols, in place of rows' },
    symbols: {
      type: 'array',
      items: text,
      example: ['BTC/USDT'],
      description: 'whose newest closed candle is asked about',
    },
    timeout_ms: {
      ...number,
      maximum: 60_000,
      description: 'until the answer is of no more use; INFERENCE_TIMEOUT where that is shorter',
    },
  },
};

export const predictAnswer: Schema = {
  type: 'object',
  properties: {
    model: { ...text, example: 'gbt@1.0.0' },
    engine: { ...text, nullable: true, example: 'tree' },
    rows: number,
    predictions: {
      type: 'array',
      items: {
        type: 'object',
        example: { symbol: 'BTC/USDT', open_time: '2025-11-25T00:00:00.000Z', short: 0.2, flat: 0.5, long: 0.3 },
      },
      description:
        'a row each: by class, or an array where the columns are no classes; symbol and open_time where they were asked for; { abstained: "BAD_ANSWER" } where the answer is no number',
    },
    absent: {
      type: 'array',
      items: { type: 'object', example: { symbol: 'ETH/USDT', reason: 'WARMING_UP' } },
      description: 'symbols without a row, each with its reason',
    },
    timings_ms: { type: 'object', example: { decode: 0.1, queue: 0.2, inference: 0.8, total: 1.3 } },
  },
};

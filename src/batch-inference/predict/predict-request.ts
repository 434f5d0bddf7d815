import { z } from 'zod';
import type { ActiveModel, Serving } from '../../domain/model.js';
import { parsePair, type Pair } from '../../domain/pair.js';
import { TIMEFRAMES, type Timeframe } from '../../domain/timeframe.js';
import type { Floats } from '../../engines/inference.engine.js';
import { JsonNumbers, type Json } from '../../platform/http/json-body.js';
import { parse, RequestRefused } from '../../platform/http/refusal.js';

/** Whom to ask, and until when: name and version, absent for the one that serves. */
export interface Asked {
  readonly name: string;
  readonly version: string | undefined;
  readonly timeoutMs: number | undefined;
}

export interface SeriesAsked {
  readonly timeframe: Timeframe;
  readonly symbols: readonly Pair[];
}

/** Rows to score: brought along, or the newest ones of live series. */
export type PredictRequest = Asked & ({ readonly rows: JsonNumbers } | SeriesAsked);

const MOST_SYMBOLS = 1000;

const pair = z.string().transform((text, context): Pair => {
  const found = parsePair(text);
  if (found) return found;
  context.addIssue({ code: 'custom', message: 'must be a pair like BTC/USDT' });
  return z.NEVER;
});
const request = z.strictObject({
  model: z.string().regex(/^[\w.-]{1,100}(@[\w.+-]{1,50})?$/, 'must be a model like gbt or gbt@1.0.0'),
  rows: z.instanceof(JsonNumbers, { error: 'must be an array of rows of numbers' }).optional(),
  timeframe: z.enum(TIMEFRAMES).optional(),
  symbols: z.array(pair, 'must be an array of pairs').min(1, 'must name one pair or more').max(MOST_SYMBOLS).optional(),
  timeout_ms: z.number().positive().max(60_000).optional(),
});

/** @throws RequestRefused 400 naming every faulty field */
export function readPredictRequest(json: Json): PredictRequest {
  const { model, rows, timeframe, symbols, timeout_ms: timeoutMs } = parse(request, json, 'body');
  const [name, version] = model.split('@') as [string, string | undefined];
  const asked = { name, version, timeoutMs };
  if (rows && !timeframe && !symbols) return { ...asked, rows };
  if (!rows && timeframe && symbols) return { ...asked, timeframe, symbols: [...new Set(symbols)] };
  throw refused('INVALID_REQUEST', 'body', 'must have either rows, or timeframe and symbols');
}

/**
 * @returns how many rows there are, and their values in the model's own type, NaN where one is missing
 * @throws RequestRefused 400 where they are not what the model reads, or more than `mostRows`
 */
export function inputOf(
  { shape, values }: JsonNumbers,
  { window, features, dtype }: ActiveModel,
  mostRows: number,
): { rows: number; input: Floats } {
  const [rows, ...inner] = shape as [number, ...number[]];
  const row = window > 1 ? [window, features.length] : [features.length];
  if (inner.join() !== row.join()) {
    const wanted = window > 1 ? `windows of ${window} rows of ${features.length}` : `rows of ${features.length}`;
    throw refused('SHAPE_MISMATCH', 'body.rows', `must be ${wanted} numbers, and is [${shape.join(', ')}]`);
  }
  if (rows > mostRows) throw refused('TOO_MANY_ROWS', 'body.rows', `must be at most ${mostRows}, and is ${rows}`);
  const infinite = values.findIndex((value) => value === Infinity || value === -Infinity);
  if (infinite >= 0) {
    const field = ['body.rows', ...placeOf(infinite, shape)].join('.');
    throw refused('NOT_FINITE', field, 'must be a number, or null where it is missing');
  }
  return { rows, input: dtype.input === 'float32' ? new Float32Array(values) : values };
}

/** @throws RequestRefused 400 where the model was not made for the timeframe */
export function requireTimeframe({ timeframes }: Pick<Serving, 'timeframes'>, timeframe: Timeframe): void {
  if (timeframes.includes(timeframe)) return;
  const served = timeframes.length > 0 ? `must be one of ${timeframes.join(', ')}` : 'must not be there: send rows';
  throw refused('TIMEFRAME_NOT_SERVED', 'body.timeframe', `${served}, by the model's manifest`);
}

/** @returns which series are asked about @throws RequestRefused 400 where rows were brought: each member reads others */
export function seriesOf(request: PredictRequest): SeriesAsked {
  if (!('rows' in request)) return request;
  throw refused('ENSEMBLE_READS_SERIES', 'body.rows', 'must not be there: ask an ensemble by timeframe and symbols');
}

function placeOf(index: number, shape: readonly number[]): number[] {
  const place: number[] = [];
  let rest = index;
  for (const length of shape.toReversed()) {
    place.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  return place;
}

function refused(code: string, field: string, message: string): RequestRefused {
  return new RequestRefused(400, code, `${field} ${message}.`, [{ field, message }]);
}

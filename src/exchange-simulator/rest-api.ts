import { durationOf, isTimeframe, openTimeAt, type Timeframe } from '../domain/timeframe.js';
import { decimal8 } from './decimal.js';
import { exchangeInfo } from './exchange-info.js';
import { klineRow } from './kline-text.js';
import { listingIndex, LISTINGS } from './listings.js';
import { GENESIS, type Market } from './market.js';

/** A JSON text and its HTTP status. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A refusal in Binance's words: HTTP 400 with `{"code","msg"}`. */
class BadRequest extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** Binance gives at most this many klines, whatever is asked. */
const MAX_KLINES = 1000;
const DEFAULT_KLINES = 500;
const SYMBOL = /^[A-Z0-9-_.]{1,20}$/;
const SYMBOL_WORDS = '^[A-Z0-9-_.]{1,20}$';

/**
 * The public market data part of Binance's spot REST API.
 * @param now exchange time, UTC ms
 * @returns the answer; undefined when the path is not served
 */
export function restAnswer(market: Market, now: number, path: string, query: URLSearchParams): Answer | undefined {
  try {
    switch (path) {
      case '/api/v3/ping':
        return ok('{}');
      case '/api/v3/time':
        return ok(`{"serverTime":${Math.floor(now)}}`);
      case '/api/v3/exchangeInfo':
        return ok(exchangeInfo(Math.floor(now), symbolsIn(query)));
      case '/api/v3/klines':
        return ok(klines(market, now, query));
      case '/api/v3/ticker/price':
        return ok(prices(market, now, query));
      default:
        return undefined;
    }
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    return { status: 400, body: JSON.stringify({ code: error.code, msg: error.message }) };
  }
}

function ok(body: string): Answer {
  return { status: 200, body };
}

function klines(market: Market, now: number, query: URLSearchParams): string {
  const symbol = symbolOf(mandatory(query, 'symbol'));
  const interval = mandatory(query, 'interval');
  if (!isTimeframe(interval)) throw new BadRequest(-1120, 'Invalid interval.');
  const limit = Math.min(wholeNumber(query, 'limit') ?? DEFAULT_KLINES, MAX_KLINES);
  if (limit === 0) throw new BadRequest(-1130, "Data sent for parameter 'limit' is not valid.");
  const { first, last } = range(interval, now, limit, wholeNumber(query, 'startTime'), wholeNumber(query, 'endTime'));
  const rows: string[] = [];
  for (let open = first; open <= last; open += durationOf(interval)) {
    rows.push(klineRow(LISTINGS[symbol], interval, open, market.candle(symbol, interval, open, now)));
  }
  return `[${rows.join(',')}]`;
}

/** @returns open times of the first and last candle asked for; the first `limit` from a start time, else the last `limit` */
function range(timeframe: Timeframe, now: number, limit: number, start?: number, end = now) {
  const duration = durationOf(timeframe);
  const ceiling = openTimeAt(timeframe, Math.min(end, now));
  if (start === undefined) return { first: Math.max(GENESIS, ceiling - (limit - 1) * duration), last: ceiling };
  const first = openTimeAt(timeframe, Math.max(GENESIS, start) + duration - 1);
  return { first, last: Math.min(ceiling, first + (limit - 1) * duration) };
}

function prices(market: Market, now: number, query: URLSearchParams): string {
  const asked = symbolsIn(query);
  const text = (index: number) => {
    const { symbol, priceDecimals } = LISTINGS[index];
    return `{"symbol":"${symbol}","price":"${decimal8(market.price(index, now), priceDecimals)}"}`;
  };
  if (query.has('symbol')) return text(asked![0]);
  return `[${(asked ?? [...LISTINGS.keys()]).map(text).join(',')}]`;
}

/** @returns positions of the symbols that `symbol` or `symbols` names; undefined when neither is sent */
function symbolsIn(query: URLSearchParams): readonly number[] | undefined {
  const list = query.get('symbols');
  if (query.has('symbol')) {
    if (list !== null) throw new BadRequest(-1128, 'Combination of optional parameters invalid.');
    return [symbolOf(mandatory(query, 'symbol'))];
  }
  if (list === null) return undefined;
  return namesIn(list).map(symbolOf);
}

function namesIn(list: string): readonly string[] {
  if (!/^\["[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}")*\]$/.test(list)) throw illegal('symbols', SYMBOL_WORDS);
  return JSON.parse(list) as string[];
}

function symbolOf(name: string): number {
  if (!SYMBOL.test(name)) throw illegal('symbol', SYMBOL_WORDS);
  const index = listingIndex(name);
  if (index === undefined) throw new BadRequest(-1121, 'Invalid symbol.');
  return index;
}

function mandatory(query: URLSearchParams, name: string): string {
  const value = query.get(name);
  if (value) return value;
  throw new BadRequest(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`);
}

function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  if (value === '') throw new BadRequest(-1105, `Parameter '${name}' was empty.`);
  if (!/^[0-9]{1,20}$/.test(value)) throw illegal(name, '^[0-9]{1,20}$');
  return Number(value);
}

function illegal(name: string, legal: string): BadRequest {
  return new BadRequest(-1100, `Illegal characters found in parameter '${name}'; legal range is '${legal}'.`);
}

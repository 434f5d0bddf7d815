import type { KlineUpdate } from './kline-update.js';

/** Why a frame could not be read. Codes are stable: they label a counter. */
export type FrameFault = 'NOT_JSON' | 'NOT_AN_OBJECT' | 'UNKNOWN_SHAPE' | 'FIELD_MISSING' | 'FIELD_NOT_A_NUMBER';

/** A kline as the exchange wrote it, in its own spelling of the symbol. Prices in quote per base, volume in base. */
export interface KlineFrame extends Omit<KlineUpdate, 'symbol' | 'receivedAt'> {
  readonly kind: 'kline';
  /** `BTCUSDT` */
  readonly exchangeSymbol: string;
  /** `1m` */
  readonly interval: string;
}

export type Frame =
  | KlineFrame
  /** Readable and of no interest here: an answer to SUBSCRIBE, another kind of stream. */
  | { readonly kind: 'other' }
  | { readonly kind: 'malformed'; readonly reason: FrameFault };

type Json = Readonly<Record<string, unknown>>;

const OTHER: Frame = { kind: 'other' };
const DECIMAL = /^-?\d+(\.\d+)?$/;

/**
 * Reads one text frame of Binance's spot streams, raw (`{"e":"kline",…}`) or combined (`{"stream":…,"data":{…}}`).
 * Whether the candle is possible at all is asked at the door, not here.
 * @see https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams (Kline/Candlestick Streams for UTC)
 */
export function readFrame(text: string): Frame {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return malformed('NOT_JSON');
  }
  if (!isObject(message)) return malformed('NOT_AN_OBJECT');
  const data = 'stream' in message ? message['data'] : message;
  if (!isObject(data)) return malformed('UNKNOWN_SHAPE');
  if (data['e'] === 'kline') return readKline(data);
  const known = typeof data['e'] === 'string' || 'result' in data || 'error' in data || 'stream' in message;
  return known ? OTHER : malformed('UNKNOWN_SHAPE');
}

function readKline(data: Json): Frame {
  const kline = data['k'];
  if (!isObject(kline)) return malformed('FIELD_MISSING');
  const { s: exchangeSymbol, i: interval, x: closed, t: openTime } = kline;
  const eventTime = data['E'];
  if (typeof exchangeSymbol !== 'string' || typeof interval !== 'string' || typeof closed !== 'boolean') {
    return malformed('FIELD_MISSING');
  }
  if (!Number.isSafeInteger(openTime) || !Number.isSafeInteger(eventTime)) return malformed('FIELD_NOT_A_NUMBER');
  const open = decimal(kline['o']);
  const high = decimal(kline['h']);
  const low = decimal(kline['l']);
  const close = decimal(kline['c']);
  const volume = decimal(kline['v']);
  if (Number.isNaN(open + high + low + close + volume)) return malformed('FIELD_NOT_A_NUMBER');
  return {
    kind: 'kline',
    exchangeSymbol,
    interval,
    openTime: openTime as number,
    open,
    high,
    low,
    close,
    volume,
    closed,
    eventTime: eventTime as number,
  };
}

/** @returns the number that a decimal string such as `0.00000638` writes, or NaN for anything else */
export function decimal(text: unknown): number {
  return typeof text === 'string' && DECIMAL.test(text) ? Number(text) : NaN;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(reason: FrameFault): Frame {
  return { kind: 'malformed', reason };
}

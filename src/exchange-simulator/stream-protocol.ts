import { isTimeframe, type Timeframe } from '../domain/timeframe.js';
import { listingIndex } from './listings.js';

/** What a stream name stands for. */
export interface KlineStream {
  readonly name: string;
  /** Position in `LISTINGS`; undefined for a symbol that is not traded: such a stream is accepted and stays silent. */
  readonly symbol: number | undefined;
  readonly timeframe: Timeframe;
}

/** @returns the kline stream that `<symbol>@kline_<interval>` names; undefined for anything else */
export function parseStream(name: string): KlineStream | undefined {
  const match = /^([a-z0-9]{1,20})@kline_([0-9]{1,2}[mhdwM])$/.exec(name);
  if (!match || !isTimeframe(match[2])) return undefined;
  return { name, symbol: listingIndex(match[1].toUpperCase()), timeframe: match[2] };
}

/** How a client opened its connection. */
export interface Opening {
  /** Frames come wrapped in `{"stream","data"}`. */
  readonly combined: boolean;
  readonly streams: readonly KlineStream[];
}

/** @returns what the address of a websocket asks for; undefined when it is no address of the exchange */
export function parseOpening(path: string, query: URLSearchParams): Opening | undefined {
  if (path === '/stream') return opening(true, (query.get('streams') ?? '').split('/'));
  if (path === '/ws' || path.startsWith('/ws/')) return opening(false, path.slice('/ws/'.length).split('/'));
  return undefined;
}

function opening(combined: boolean, names: readonly string[]): Opening | undefined {
  const streams = names.filter((name) => name !== '').map(parseStream);
  if (streams.includes(undefined)) return undefined;
  return { combined, streams: streams as KlineStream[] };
}

type RequestId = number | string | null;

/** A client's message, understood or refused in Binance's words. */
export type ClientRequest =
  | { readonly kind: 'subscribe' | 'unsubscribe'; readonly id: RequestId; readonly streams: readonly KlineStream[] }
  | { readonly kind: 'list' | 'get-combined'; readonly id: RequestId }
  | { readonly kind: 'set-combined'; readonly id: RequestId; readonly combined: boolean }
  | { readonly kind: 'refused'; readonly id: RequestId; readonly code: number; readonly message: string };

const METHODS = 'SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY';

/** Reads one text frame from a client. */
export function parseRequest(text: string): ClientRequest {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return refused(null, 3, 'Invalid JSON: expected value at line 1 column 1');
  }
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    return refused(null, 2, 'Invalid request: missing field `method` at line 1 column 1');
  }
  const { method, params = [], id = null } = message as Record<string, unknown>;
  if (id !== null && !(Number.isSafeInteger(id) && (id as number) >= 0) && typeof id !== 'string') {
    return refused(null, 2, 'Invalid request: request ID must be an unsigned integer');
  }
  return parseMethod(method, params, id as RequestId, text.length);
}

function parseMethod(method: unknown, params: unknown, id: RequestId, column: number): ClientRequest {
  switch (method) {
    case undefined:
      return refused(id, 2, `Invalid request: missing field \`method\` at line 1 column ${column}`);
    case 'SUBSCRIBE':
      return streamRequest('subscribe', params, id);
    case 'UNSUBSCRIBE':
      return streamRequest('unsubscribe', params, id);
    case 'LIST_SUBSCRIPTIONS':
      return { kind: 'list', id };
    case 'SET_PROPERTY':
    case 'GET_PROPERTY':
      return propertyRequest(method, params, id);
    default:
      return refused(
        id,
        2,
        `Invalid request: unknown variant \`${String(method).slice(0, 40)}\`, expected one of \`${METHODS}\` at line 1 column ${column}`,
      );
  }
}

function streamRequest(kind: 'subscribe' | 'unsubscribe', params: unknown, id: RequestId): ClientRequest {
  if (!Array.isArray(params) || params.length === 0 || !params.every((name) => typeof name === 'string')) {
    return refused(id, 2, 'Invalid request: invalid stream');
  }
  const streams = (params as string[]).map(parseStream);
  if (streams.includes(undefined)) return refused(id, 2, 'Invalid request: invalid stream');
  return { kind, id, streams: streams as KlineStream[] };
}

function propertyRequest(method: 'SET_PROPERTY' | 'GET_PROPERTY', params: unknown, id: RequestId): ClientRequest {
  const [name, value] = Array.isArray(params) ? (params as unknown[]) : [];
  if (typeof name !== 'string') return refused(id, 2, 'Invalid request: property name must be a string');
  if (name !== 'combined') return refused(id, 0, 'Unknown property');
  if (method === 'GET_PROPERTY') return { kind: 'get-combined', id };
  if (typeof value !== 'boolean') return refused(id, 1, 'Invalid value type: expected Boolean');
  return { kind: 'set-combined', id, combined: value };
}

function refused(id: RequestId, code: number, message: string): ClientRequest {
  return { kind: 'refused', id, code, message };
}

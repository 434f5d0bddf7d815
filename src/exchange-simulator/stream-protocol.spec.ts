import { describe, expect, it } from 'vitest';
import { parseOpening, parseRequest, parseStream } from './stream-protocol.js';

describe('a stream name', () => {
  it.each([
    ['btcusdt@kline_1m', { name: 'btcusdt@kline_1m', symbol: 0, timeframe: '1m' }],
    ['ethusdt@kline_1d', { name: 'ethusdt@kline_1d', symbol: 1, timeframe: '1d' }],
    ['nopeusdt@kline_1m', { name: 'nopeusdt@kline_1m', symbol: undefined, timeframe: '1m' }],
    ['BTCUSDT@kline_1m', undefined],
    ['btcusdt@kline_7m', undefined],
    ['btcusdt@trade', undefined],
  ])('%s', (name, stream) => expect(parseStream(name)).toEqual(stream));
});

describe('the address of a websocket', () => {
  it.each([
    ['/stream', 'streams=btcusdt@kline_1m/ethusdt@kline_5m', { combined: true, count: 2 }],
    ['/stream', '', { combined: true, count: 0 }],
    ['/ws', '', { combined: false, count: 0 }],
    ['/ws/btcusdt@kline_1m', '', { combined: false, count: 1 }],
    ['/ws/btcusdt@kline_1m/ethusdt@kline_1m', '', { combined: false, count: 2 }],
    ['/stream', 'streams=nonsense', undefined],
    ['/elsewhere', '', undefined],
  ])('%s?%s', (path, query, expected) => {
    const opening = parseOpening(path, new URLSearchParams(query));
    expect(opening && { combined: opening.combined, count: opening.streams.length }).toEqual(expected);
  });
});

describe('a request', () => {
  it.each([
    ['{"method":"SUBSCRIBE","params":["btcusdt@kline_1m"],"id":1}', { kind: 'subscribe', id: 1 }],
    ['{"method":"UNSUBSCRIBE","params":["btcusdt@kline_1m"],"id":"a"}', { kind: 'unsubscribe', id: 'a' }],
    ['{"method":"LIST_SUBSCRIPTIONS","id":3}', { kind: 'list', id: 3 }],
    ['{"method":"SET_PROPERTY","params":["combined",true],"id":4}', { kind: 'set-combined', combined: true }],
    ['{"method":"GET_PROPERTY","params":["combined"],"id":5}', { kind: 'get-combined', id: 5 }],
    ['not json', { kind: 'refused', code: 3 }],
    ['[]', { kind: 'refused', code: 2 }],
    ['{"id":1}', { kind: 'refused', code: 2, id: 1 }],
    ['{"method":"DANCE","id":1}', { kind: 'refused', code: 2 }],
    [
      '{"method":"SUBSCRIBE","params":["nonsense"],"id":1}',
      { kind: 'refused', code: 2, message: 'Invalid request: invalid stream' },
    ],
    ['{"method":"SUBSCRIBE","params":[],"id":1}', { kind: 'refused', code: 2 }],
    ['{"method":"SUBSCRIBE","params":["btcusdt@kline_1m"],"id":-1}', { kind: 'refused', code: 2 }],
    ['{"method":"SET_PROPERTY","params":["combined","yes"],"id":4}', { kind: 'refused', code: 1 }],
    ['{"method":"GET_PROPERTY","params":["colour"],"id":4}', { kind: 'refused', code: 0 }],
  ])('%s', (text, expected) => expect(parseRequest(text)).toMatchObject(expected));
});

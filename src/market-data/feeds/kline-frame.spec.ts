import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sharedData } from '../../../test/builders/shared-data.js';
import { readFrame, type KlineFrame } from './kline-frame.js';

const cryptofeed = sharedData('exchange-messages/cryptofeed/BINANCE.ws.1.0.gz');
const gocryptotrader = sharedData('exchange-messages/gocryptotrader/binance-wsHandleData.jsonl');
const binanceNet = sharedData('exchange-messages/binance-net/Subscriptions/Spot/ExchangeData');
const kinds = (texts: readonly string[]) => texts.map((text) => readFrame(text).kind);
const count = (texts: readonly string[], kind: string) => kinds(texts).filter((found) => found === kind).length;

const kline = {
  t: 1633998480000,
  T: 1633998539999,
  s: 'NKNUSDT',
  i: '1m',
  o: '0.35270000',
  c: '0.35280000',
  h: '0.35280000',
  l: '0.35220000',
  v: '25877.00000000',
  x: true,
};
const frame = (changes: object = {}, k: object = {}) =>
  JSON.stringify({ e: 'kline', E: 1633998540012, s: 'NKNUSDT', k: { ...kline, ...k }, ...changes });

describe('frames as the exchange sent them', () => {
  it.skipIf(!cryptofeed)('reads 30 s of a recorded connection: two klines, everything else of no interest', () => {
    const lines = gunzipSync(readFileSync(cryptofeed!)).toString('utf8').split('\n').slice(1).filter(Boolean);
    const texts = lines.map((line) => line.slice(line.indexOf(': ') + 2));
    expect(texts.length).toBeGreaterThan(200);
    expect(count(texts, 'malformed')).toBe(0);
    const klines = texts.map(readFrame).filter((read): read is KlineFrame => read.kind === 'kline');
    expect(klines.map(({ exchangeSymbol }) => exchangeSymbol)).toEqual(['NKNUSDT', 'LRCBTC']);
    expect(klines[0]).toEqual({
      kind: 'kline',
      exchangeSymbol: 'NKNUSDT',
      interval: '1m',
      openTime: 1633998480000,
      open: 0.3527,
      high: 0.3528,
      low: 0.3522,
      close: 0.3528,
      volume: 25877,
      closed: false,
      eventTime: 1633998523963,
    });
    expect(klines[1]!.close).toBe(0.00000638);
  });

  it.skipIf(!gocryptotrader)('reads one kline among the documentation samples and passes the others by', () => {
    const texts = readFileSync(gocryptotrader!, 'utf8').split('\n').filter(Boolean);
    expect(count(texts, 'kline')).toBe(1);
    expect(count(texts, 'malformed')).toBe(0);
  });

  it.skipIf(!binanceNet)('reads the pushed frames and the answers to SUBSCRIBE', () => {
    const pushed = readdirSync(binanceNet!).map((name) => {
      const text = readFileSync(join(binanceNet!, name), 'utf8');
      return { name, json: text.slice(text.indexOf('\n= ') + 3).trim() };
    });
    expect(pushed.filter(({ json }) => readFrame(json).kind === 'kline').map(({ name }) => name)).toEqual([
      'Klines.txt',
    ]);
    expect(count(['{"result":null,"id":1}', '{"error":{"code":2,"msg":"Invalid request"},"id":1}'], 'other')).toBe(2);
  });
});

describe('a frame that cannot be read is a value with a reason', () => {
  it.each([
    ['no JSON', '{"e":"kline"', 'NOT_JSON'],
    ['empty', '', 'NOT_JSON'],
    ['a list', '[1,2]', 'NOT_AN_OBJECT'],
    ['null', 'null', 'NOT_AN_OBJECT'],
    ['an object of no known shape', '{"hello":1}', 'UNKNOWN_SHAPE'],
    ['a combined frame without data', '{"stream":"btcusdt@kline_1m","data":7}', 'UNKNOWN_SHAPE'],
    ['a kline without its candle', '{"e":"kline","E":1}', 'FIELD_MISSING'],
    ['no closed flag', frame({}, { x: undefined }), 'FIELD_MISSING'],
    ['a closed flag that is text', frame({}, { x: 'true' }), 'FIELD_MISSING'],
    ['no symbol', frame({}, { s: undefined }), 'FIELD_MISSING'],
    ['a price that is a word', frame({}, { c: 'NaN' }), 'FIELD_NOT_A_NUMBER'],
    ['a price that is empty', frame({}, { o: '' }), 'FIELD_NOT_A_NUMBER'],
    ['a price in exponent notation', frame({}, { o: '1e5' }), 'FIELD_NOT_A_NUMBER'],
    ['a price that is null', frame({}, { h: null }), 'FIELD_NOT_A_NUMBER'],
    ['no open time', frame({}, { t: undefined }), 'FIELD_NOT_A_NUMBER'],
    ['an event time that is text', frame({ E: 'now' }), 'FIELD_NOT_A_NUMBER'],
  ])('%s', (_, text, reason) => {
    expect(readFrame(text)).toEqual({ kind: 'malformed', reason });
  });

  it('reads raw and combined frames alike', () => {
    expect(readFrame(`{"stream":"nknusdt@kline_1m","data":${frame()}}`)).toEqual(readFrame(frame()));
  });

  it('never throws, whatever text comes', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void readFrame(text)));
  });

  it('never throws when any one field of a frame is any value', () => {
    fc.assert(
      fc.property(fc.constantFrom('t', 's', 'i', 'o', 'h', 'l', 'c', 'v', 'x'), fc.jsonValue(), (key, value) => {
        expect(['kline', 'malformed']).toContain(readFrame(frame({}, { [key]: value })).kind);
      }),
    );
  });
});

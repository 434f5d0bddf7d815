import { describe, expect, it } from 'vitest';
import { readCursor, signalQuery, writeCursor } from './signal-query.js';

describe("a list's query", () => {
  it.each<[string, Record<string, unknown>, unknown]>([
    ['nothing asked', {}, { limit: 100 }],
    ['any spelling of a pair', { symbol: 'btcusdt' }, { symbol: 'BTC/USDT', limit: 100 }],
    ['times to UTC ms', { from: '2026-01-05T01:00:00+01:00' }, { from: Date.UTC(2026, 0, 5), limit: 100 }],
    ['numbers', { min_confidence: '0.5', limit: '500' }, { min_confidence: 0.5, limit: 500 }],
  ])('reads %s', (_name, raw, expected) => {
    expect(signalQuery.parse(raw)).toEqual(expected);
  });

  it.each<[string, Record<string, unknown>]>([
    ['an unknown key', { colour: 'red' }],
    ['no pair', { symbol: '???' }],
    ['an unknown timeframe', { timeframe: '2m' }],
    ['another word for long', { direction: 'buy' }],
    ['a confidence above 1', { min_confidence: '1.01' }],
    ['a confidence below 0', { min_confidence: '-0.1' }],
    ['an empty confidence', { min_confidence: '' }],
    ['a time without zone', { from: '2026-01-05T00:00:00' }],
    ['a limit of 0', { limit: '0' }],
    ['a limit of 501', { limit: '501' }],
    ['a made-up cursor', { cursor: 'abc' }],
    ['the same key twice', { symbol: ['BTC/USDT', 'ETH/USDT'] }],
  ])('refuses %s', (_name, raw) => {
    expect(signalQuery.safeParse(raw).success).toBe(false);
  });

  it('a cursor reads back as written', () => {
    const cursor = { decidedAt: Date.UTC(2026, 0, 5), id: '0123456789abcdef0123456789abcdef' };
    expect(readCursor(writeCursor(cursor))).toEqual(cursor);
  });
});

import { describe, expect, it } from 'vitest';
import { LISTINGS } from './listings.js';
import { GENESIS, Market } from './market.js';
import { restAnswer } from './rest-api.js';

const market = new Market(42);
const NOW = Date.UTC(2025, 5, 1, 12, 34, 30);
const MINUTE = 60_000;

function get(path: string, query: Record<string, string> = {}, now = NOW) {
  const answer = restAnswer(market, now, `/api/v3/${path}`, new URLSearchParams(query));
  return answer && { status: answer.status, body: JSON.parse(answer.body) };
}

type Row = [number, string, string, string, string, string, number, string, number, string, string, string];
const klines = (query: Record<string, string>, now = NOW): Row[] => get('klines', query, now)!.body;

describe('what is asked rightly', () => {
  it('ping and time', () => {
    expect(get('ping')).toEqual({ status: 200, body: {} });
    expect(get('time')).toEqual({ status: 200, body: { serverTime: NOW } });
  });

  it('exchangeInfo lists every pair with its grids and its smallest order', () => {
    const { symbols } = get('exchangeInfo')!.body;
    expect(symbols.map(({ symbol }: { symbol: string }) => symbol)).toEqual(LISTINGS.map(({ symbol }) => symbol));
    expect(symbols[0]).toMatchObject({ symbol: 'BTCUSDT', status: 'TRADING', baseAsset: 'BTC', quoteAsset: 'USDT' });
    expect(symbols[0].filters).toMatchObject([
      { filterType: 'PRICE_FILTER', tickSize: '0.01000000' },
      { filterType: 'LOT_SIZE', minQty: '0.00001000', stepSize: '0.00001000' },
      { filterType: 'NOTIONAL', minNotional: '5.00000000' },
    ]);
    expect(get('exchangeInfo', { symbol: 'ETHUSDT' })!.body.symbols).toHaveLength(1);
    expect(get('exchangeInfo', { symbols: '["ETHUSDT","BTCUSDT"]' })!.body.symbols).toHaveLength(2);
  });

  it('klines are the newest 500 by default, the last still forming', () => {
    const rows = klines({ symbol: 'BTCUSDT', interval: '1m' });
    expect(rows).toHaveLength(500);
    expect(rows[499][0]).toBe(NOW - 30_000);
    expect(rows[499][6]).toBe(NOW + 30_000 - 1);
    expect(rows[0]).toHaveLength(12);
    rows.slice(1).forEach((row, i) => {
      expect(row[0]).toBe(rows[i][0] + MINUTE);
      expect(row[1]).toBe(rows[i][4]);
    });
  });

  it('klines from a start time are the first ones, never more than 1000', () => {
    const start = NOW - 30_000 - 2000 * MINUTE;
    const rows = klines({ symbol: 'BTCUSDT', interval: '1m', startTime: String(start), limit: '5000' });
    expect([rows.length, rows[0][0]]).toEqual([1000, start]);
    expect(klines({ symbol: 'BTCUSDT', interval: '1m', startTime: String(start + 1), limit: '1' })[0][0]).toBe(
      start + MINUTE,
    );
  });

  it('klines up to an end time include the candle that opens at it', () => {
    const end = NOW - 30_000 - 10 * MINUTE;
    const query = { symbol: 'BTCUSDT', interval: '1m', endTime: String(end) };
    expect(klines({ ...query, limit: '3' }).map(([open]) => open)).toEqual([end - 2 * MINUTE, end - MINUTE, end]);
    expect(klines({ ...query, startTime: String(end - MINUTE) }).map(([open]) => open)).toEqual([end - MINUTE, end]);
    expect(klines({ ...query, startTime: String(end + MINUTE) })).toEqual([]);
  });

  it('klines end at the birth of the market and at now', () => {
    expect(klines({ symbol: 'BTCUSDT', interval: '1d' }, GENESIS + 3.5 * 86_400_000)).toHaveLength(4);
    expect(klines({ symbol: 'BTCUSDT', interval: '1h', startTime: '0', limit: '1' })[0][0]).toBe(GENESIS);
    expect(klines({ symbol: 'BTCUSDT', interval: '1h', startTime: String(NOW + 1) })).toEqual([]);
  });

  it('a closed candle never changes', () => {
    const query = { symbol: 'SHIBUSDT', interval: '15m', startTime: String(NOW - 86_400_000), limit: '20' };
    expect(klines(query)).toEqual(klines(query, NOW + 7 * 86_400_000));
  });

  it('ticker/price of one is an object, of many a list', () => {
    const [last] = klines({ symbol: 'BTCUSDT', interval: '1m', limit: '1' });
    expect(get('ticker/price', { symbol: 'BTCUSDT' })!.body).toEqual({ symbol: 'BTCUSDT', price: last[4] });
    expect(get('ticker/price')!.body).toHaveLength(LISTINGS.length);
  });
});

describe('what is asked wrongly is refused in Binance’s words', () => {
  it.each([
    ['klines', { interval: '1m' }, -1102],
    ['klines', { symbol: 'BTCUSDT' }, -1102],
    ['klines', { symbol: 'NOPEUSDT', interval: '1m' }, -1121],
    ['klines', { symbol: 'btcusdt', interval: '1m' }, -1100],
    ['klines', { symbol: 'BTCUSDT', interval: '7m' }, -1120],
    ['klines', { symbol: 'BTCUSDT', interval: '1m', limit: 'ten' }, -1100],
    ['klines', { symbol: 'BTCUSDT', interval: '1m', limit: '0' }, -1130],
    ['klines', { symbol: 'BTCUSDT', interval: '1m', startTime: '' }, -1105],
    ['exchangeInfo', { symbol: 'NOPEUSDT' }, -1121],
    ['exchangeInfo', { symbols: 'BTCUSDT' }, -1100],
    ['ticker/price', { symbol: 'BTCUSDT', symbols: '["BTCUSDT"]' }, -1128],
  ])('%s %j: %d', (path, query, code) => {
    expect(get(path, query as Record<string, string>)).toMatchObject({
      status: 400,
      body: { code, msg: expect.any(String) },
    });
  });

  it('another path is not served', () => expect(get('depth')).toBeUndefined());
});

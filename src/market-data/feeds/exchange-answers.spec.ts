import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { sharedData } from '../../../test/builders/shared-data.js';
import { readExchangeInfo } from './exchange-info.js';
import { readKlines } from './kline-rows.js';

const rest = sharedData('exchange-messages/gocryptotrader/binance-http-spot.json.gz');
const recorded = sharedData('exchange-messages/cryptofeed/BINANCE.0.gz');
const MINUTE = 60_000;
const row = (openTime: number, close = '2') => [openTime, '1', '3', '0.5', close, '10', openTime + MINUTE - 1, '0', 1];
const read = (raw: unknown, closedBy: number) => readKlines(raw, 'BTC/USDT', '1m', closedBy);

describe('klines by REST', () => {
  it('drops the last candle while it still forms, by exchange time', () => {
    const raw = [row(0), row(MINUTE), row(2 * MINUTE)];
    expect(read(raw, 3 * MINUTE)).toMatchObject({ openTime: Float64Array.of(0, MINUTE, 2 * MINUTE) });
    expect(read(raw, 3 * MINUTE - 1)).toMatchObject({ openTime: Float64Array.of(0, MINUTE) });
    expect(read([], 0)).toMatchObject({ openTime: new Float64Array(0) });
  });

  it.each([
    ['an error object', { code: -1121, msg: 'Invalid symbol.' }, 'the answer is not a list'],
    ['a row that is no list', [row(0), 7], 'row 1 is not a kline'],
    ['a row that is too short', [[0, '1']], 'row 0 is not a kline'],
    ['a price that is no decimal', [row(0, 'two')], 'row 0 holds a field that is no number'],
    ['rows out of order', [row(MINUTE), row(0)], 'row 1 is out of order'],
  ])('names what is wrong with %s', (_, raw, fault) => {
    expect(read(raw, Infinity)).toEqual({ fault });
  });

  it.skipIf(!rest)('reads recorded answers', () => {
    const { routes } = JSON.parse(gunzipSync(readFileSync(rest!)).toString('utf8')) as {
      routes: Record<string, { GET: { data: unknown }[] }>;
    };
    const columns = routes['/api/v3/klines']!.GET.map(({ data }) => readKlines(data, 'BTC/USDT', '5m', Infinity));
    expect(columns.length).toBeGreaterThan(0);
    for (const read of columns) expect(read).not.toHaveProperty('fault');
    expect(columns[0]).toMatchObject({
      open: expect.toSatisfy((open: Float64Array) => open[0] === 6733.55) as unknown,
    });
  });
});

describe('exchangeInfo', () => {
  const filters = [
    { filterType: 'PRICE_FILTER', tickSize: '0.01000000' },
    { filterType: 'LOT_SIZE', stepSize: '0.00001000', minQty: '0.00001000' },
    { filterType: 'NOTIONAL', minNotional: '5.00000000' },
  ];
  const listed = { symbol: 'BTCUSDT', status: 'TRADING', baseAsset: 'BTC', quoteAsset: 'USDT', filters };

  it('reads steps and limits exactly', () => {
    expect(readExchangeInfo({ symbols: [listed] })).toEqual({
      instruments: [
        { symbol: 'BTC/USDT', tickSize: 1_000_000n, stepSize: 1000n, minQuantity: 1000n, minNotional: 500_000_000n },
      ],
      skipped: [],
    });
  });

  it.each([
    ['one that does not trade', { ...listed, status: 'BREAK' }, 'its status is BREAK'],
    ['one without spot trading', { ...listed, isSpotTradingAllowed: false }, 'spot trading is not allowed'],
    ['one without filters', { ...listed, filters: [] }, 'PRICE_FILTER, LOT_SIZE or NOTIONAL is missing'],
    ['one named in other letters', { ...listed, baseAsset: '币' }, 'its assets are not plain letters and digits'],
    [
      'one whose tick is no decimal',
      { ...listed, filters: [{ ...filters[0], tickSize: 'x' }, filters[1], filters[2]] },
      '"x" is no decimal number',
    ],
  ])('leaves out %s and says why', (_, entry, reason) => {
    expect(readExchangeInfo({ symbols: [entry] })).toEqual({
      instruments: [],
      skipped: [{ symbol: 'BTCUSDT', reason }],
    });
  });

  it('names an answer that is none', () => {
    expect(readExchangeInfo(null)).toEqual({ fault: 'the answer holds no list of symbols' });
  });

  it.skipIf(!recorded)('reads the whole exchange as recorded in 2021, with MIN_NOTIONAL filters', () => {
    const line = gunzipSync(readFileSync(recorded!)).toString('utf8').split('\n')[0]!;
    const info = readExchangeInfo(JSON.parse(line.slice(line.indexOf(': ') + 2)));
    if ('fault' in info) throw new Error(info.fault);
    expect(info.instruments.length).toBeGreaterThan(1000);
    expect(info.instruments[0]).toEqual({
      symbol: 'ETH/BTC',
      tickSize: 100n,
      stepSize: 10_000n,
      minQuantity: 10_000n,
      minNotional: 10_000n,
    });
  });
});

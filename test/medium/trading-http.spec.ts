import { ScheduleModule } from '@nestjs/schedule';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExchangeClock } from '../../src/platform/exchange.clock.js';
import { TradingJob } from '../../src/trading/trading.job.js';
import { TradingModule } from '../../src/trading/trading.module.js';
import { TradingService } from '../../src/trading/trading.service.js';
import { nestApp, type NestApp } from '../builders/nest-app.js';
import { freshDatabase } from '../builders/postgres.js';
import { BTC, candleAt, ETH, flatAt, instrumentOf, MINUTE, signalAt, T0 } from '../builders/trading.js';

interface Page {
  data: Record<string, unknown>[];
  next: string | null;
}

let fresh: Awaited<ReturnType<typeof freshDatabase>>;
let server: NestApp;
let trading: TradingService;
let cold: number;
beforeAll(async () => {
  fresh = await freshDatabase();
  const environment = { SLIPPAGE_BPS: '0', PAPER_BALANCE: '10000', UPDATE_INTERVAL: '3600' };
  server = await nestApp([ScheduleModule.forRoot(), TradingModule], fresh.dataSource, environment);
  trading = server.app.get(TradingService);
  cold = (await post('trading/resume')).status;
  const clock = server.app.get(ExchangeClock);
  const show = (time: number) => clock.sync(time, clock.wallNow());
  trading.list([instrumentOf(BTC), instrumentOf(ETH)]);
  await trading.recover();
  show(T0 + MINUTE);
  await trading.mark([flatAt(0, 100)]);
  await trading.execute([signalAt(0)]);
  await trading.mark([candleAt(1, [100, 101, 99, 100])]);
  await server.app.get(TradingJob).turn();
});
afterAll(async () => {
  await server.close();
  await fresh.close();
});

const page = (path: string) => server.json<Page>(`/api/v1/${path}`);
const post = (path: string, body?: unknown) =>
  server.request(`/api/v1/${path}`, {
    method: 'POST',
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });

it('before recovery, a person is told that trading is not ready', () => expect(cold).toBe(503));

it('lists in snake case, exact numbers as decimal text, times ISO 8601', async () => {
  expect((await page('orders')).data).toMatchObject([
    {
      symbol: BTC,
      side: 'buy',
      purpose: 'entry',
      state: 'filled',
      quantity: '20',
      filled: '20',
      stop_loss: '98',
    },
  ]);
  expect((await page('fills?symbol=btcusdt')).data).toMatchObject([
    { price: '100', quantity: '20', fee: '2', filled_at: '2026-01-05T00:01:00.000Z' },
  ]);
  expect((await page('positions')).data).toMatchObject([{ direction: 'long', cost: '2000', closed_at: null }]);
  expect((await page('equity')).data).toMatchObject([{ equity: '9998', peak: '9998', drawdown: '0' }]);
});

describe('a bad request is answered with what is allowed', () => {
  it.each([
    ['orders?state=open', 'query.state'],
    ['orders?symbol=%21', 'query.symbol'],
    ['orders?limit=0', 'query.limit'],
    ['orders?colour=red', 'query'],
    ['orders?cursor=abc', 'query.cursor'],
    ['fills?from=yesterday', 'query.from'],
    ['positions?state=half', 'query.state'],
    ['equity?limit=501', 'query.limit'],
  ])('GET %s: 400 naming %s', async (path, field) => {
    const response = await server.request(`/api/v1/${path}`);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(field);
  });

  it.each([
    ['trading/halt', undefined, 400],
    ['trading/halt', {}, 400],
    ['trading/halt', { reason: '' }, 400],
    ['trading/halt', { reason: 'x', why: 'y' }, 400],
    ['positions/%21/close', undefined, 400],
    ['positions/DOGE-USDT/close', undefined, 404],
    ['positions/ETH-USDT/close', undefined, 409],
  ])('POST %s %o: %i', async (path, body, status) => expect((await post(path, body)).status).toBe(status));

  it('without the key: 401', async () => {
    expect((await fetch(`${server.url}/api/v1/orders`)).status).toBe(401);
    expect((await fetch(`${server.url}/api/v1/trading/halt`, { method: 'POST' })).status).toBe(401);
  });
});

it('halts, says so, and resumes', async () => {
  const halted = await post('trading/halt', { reason: 'news' });
  expect(halted.status).toBe(200);
  expect(await halted.json()).toMatchObject({ halted: true, code: 'PERSON', reason: 'news' });
  const resumed = await post('trading/resume');
  expect(await resumed.json()).toEqual({ halted: false, code: null, reason: null, halted_at: null });
});

it.each(['BTC-USDT', 'BTCUSDT', 'BTC%2FUSDT'])('closes a position named %s, by one order', async (symbol) => {
  const response = await post(`positions/${symbol}/close`);
  expect(response.status).toBe(202);
  expect(await response.json()).toMatchObject({
    symbol: BTC,
    side: 'sell',
    purpose: 'manual_close',
    state: 'accepted',
  });
  expect((await page('orders?purpose=manual_close')).data).toHaveLength(1);
});

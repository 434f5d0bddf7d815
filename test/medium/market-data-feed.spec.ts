import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Pair } from '../../src/domain/pair.js';
import { ExchangeFeed, type ExchangeFeedOptions } from '../../src/market-data/feeds/exchange.feed.js';
import type { FeedHandlers } from '../../src/market-data/feeds/market.feed.js';
import type { KlineUpdate } from '../../src/market-data/feeds/kline-update.js';
import { MarketDataModule } from '../../src/market-data/market-data.module.js';
import { ExchangeClock } from '../../src/platform/exchange.clock.js';
import { nestApp } from '../builders/nest-app.js';
import { freshDatabase } from '../builders/postgres.js';

/** An exchange that does as it is told: answers each request with the next of `answers`, keeps every socket. */
let server: Server;
let sockets: { socket: WebSocket; url: string }[];
let requests: string[];
let answer: (request: IncomingMessage, response: ServerResponse, n: number) => void;
const feeds: ExchangeFeed[] = [];

beforeEach(async () => {
  sockets = [];
  requests = [];
  answer = (_, response) => response.end('{"serverTime":1000}');
  server = createServer((request, response) => {
    requests.push(request.url!);
    answer(request, response, requests.length);
  });
  new WebSocketServer({ server }).on('connection', (socket, { url = '' }) => sockets.push({ socket, url }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  for (const feed of feeds.splice(0)) await feed.close();
  for (const { socket } of sockets) socket.terminate();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function feedWith(options: Partial<ExchangeFeedOptions> = {}): ExchangeFeed {
  const { port } = server.address() as AddressInfo;
  const endpoint = { restUrl: `http://127.0.0.1:${port}`, wsUrl: `ws://127.0.0.1:${port}` };
  const quick = { retryBaseMs: 2, reconnect: { baseMs: 2, maxMs: 20 }, clockMarginMs: 0 };
  const feed = new ExchangeFeed(endpoint, new ExchangeClock(1), { ...quick, ...options });
  feeds.push(feed);
  return feed;
}

function listener() {
  const told = { klines: [] as KlineUpdate[], events: [] as string[] };
  const handlers: FeedHandlers = {
    kline: (update) => told.klines.push(update),
    connected: () => told.events.push('connected'),
    disconnected: (reason) => told.events.push(`disconnected: ${reason}`),
    malformed: (reason) => told.events.push(`malformed: ${reason}`),
  };
  return { told, handlers };
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await sleep(5);
}

const frame = (symbol: string, interval = '1m') => {
  const k = { t: 0, T: 59_999, s: symbol, i: interval, o: '1', h: '2', l: '1', c: '1.5', v: '10', x: true };
  return JSON.stringify({ stream: `${symbol.toLowerCase()}@kline_1m`, data: { e: 'kline', E: 60_001, s: symbol, k } });
};

describe('REST', () => {
  it.each([
    ['a 500', (response: ServerResponse) => response.writeHead(500).end('oops')],
    [
      'a 429 that says how long to wait',
      (response: ServerResponse) => response.writeHead(429, { 'retry-after': '0' }).end(),
    ],
    ['a connection that breaks', (response: ServerResponse) => response.destroy()],
    ['an answer that is no JSON', (response: ServerResponse) => response.end('<html>')],
    ['an answer that does not come', () => undefined],
  ])('tries again after %s', async (_, fail) => {
    answer = (_request, response, n) => void (n < 3 ? fail(response) : response.end('{"serverTime":1000}'));
    expect(await feedWith({ timeoutMs: 100 }).serverTime()).toMatchObject({ exchangeTime: 1000 });
    expect(requests).toHaveLength(3);
  });

  it('gives up after its attempts, with the address and the reason', async () => {
    answer = (_, response) => response.writeHead(503).end('maintenance');
    const failing = feedWith({ attempts: 3 }).instruments();
    await expect(failing).rejects.toMatchObject({ code: 'EXCHANGE_UNREACHABLE' });
    await expect(failing).rejects.toThrow(/exchangeInfo: HTTP 503 maintenance \(3 attempts\)/);
  });

  it('does not repeat what the exchange refused', async () => {
    answer = (_, response) => response.writeHead(400).end('{"code":-1121,"msg":"Invalid symbol."}');
    await expect(feedWith().klines('NO/USDT', '1m', 5)).rejects.toMatchObject({ code: 'EXCHANGE_REFUSED' });
    expect(requests).toEqual(['/api/v3/klines?symbol=NOUSDT&interval=1m&limit=5']);
  });

  it('has no more requests under way than it may', async () => {
    let busy = 0;
    let most = 0;
    answer = (_, response) => {
      most = Math.max(most, ++busy);
      setTimeout(() => {
        busy--;
        response.end('[]');
      }, 5);
    };
    const feed = feedWith({ concurrency: 3 });
    await Promise.all(Array.from({ length: 20 }, () => feed.klines('BTC/USDT', '1m', 1)));
    expect(most).toBe(3);
  });

  it('closes at once, with requests under way and others waiting', async () => {
    answer = () => undefined;
    const feed = feedWith({ concurrency: 1 });
    const waiting = [feed.serverTime(), feed.instruments()];
    await until(() => requests.length === 1);
    await feed.close();
    for (const { status } of await Promise.allSettled(waiting)) expect(status).toBe('rejected');
  });
});

describe('the stream', () => {
  it('spreads its streams over connections of at most 200 and is connected when all are up', async () => {
    const symbols = Array.from({ length: 450 }, (_, i): Pair => `C${i}/USDT`);
    const { told, handlers } = listener();
    await feedWith().open(symbols, handlers);
    expect(told.events).toEqual(['connected']);
    const streams = sockets.map(({ url }) => url.slice(url.indexOf('=') + 1).split('/'));
    expect(streams.map(({ length }) => length).sort()).toEqual([200, 200, 50]);
    expect(streams.flat()).toContain('c449usdt@kline_1m');
    for (const { socket } of sockets) socket.send(frame('C7USDT'));
    await until(() => told.klines.length === 3);
    expect(told.klines[0]).toMatchObject({
      symbol: 'C7/USDT',
      openTime: 0,
      close: 1.5,
      closed: true,
      eventTime: 60_001,
    });
  });

  it('counts what it cannot read and reads on', async () => {
    const { told, handlers } = listener();
    await feedWith().open(['BTC/USDT'], handlers);
    const [{ socket }] = sockets as [(typeof sockets)[0]];
    for (const text of ['{', frame('ETHUSDT'), frame('BTCUSDT', '5m'), '{"result":null,"id":1}']) socket.send(text);
    socket.send(Buffer.from([1, 2, 3]));
    socket.send(frame('BTCUSDT'));
    await until(() => told.klines.length === 1);
    const reasons = ['NOT_JSON', 'UNKNOWN_SYMBOL', 'UNEXPECTED_INTERVAL', 'NOT_JSON'];
    expect(told.events.slice(1)).toEqual(reasons.map((reason) => `malformed: ${reason}`));
  });

  it('comes back, however often it is cut off', async () => {
    const { told, handlers } = listener();
    await feedWith().open(['BTC/USDT'], handlers);
    for (let n = 1; n <= 5; n++) {
      await until(() => sockets.length === n && told.events.filter((event) => event === 'connected').length === n);
      sockets[n - 1]!.socket.close(1001);
    }
    await until(() => sockets.length === 6);
    expect(told.events.filter((event) => event.startsWith('disconnected'))).toHaveLength(5);
    expect(told.events[1]).toContain('closed the connection (code 1001)');
  });

  it('takes a connection on which nothing comes for dead; pings keep it alive and are answered', async () => {
    const { told, handlers } = listener();
    await feedWith({ livenessMs: 150 }).open(['BTC/USDT'], handlers);
    let pongs = 0;
    sockets[0]!.socket.on('pong', () => pongs++);
    for (let i = 0; i < 10; i++) {
      sockets[0]!.socket.ping();
      await sleep(30);
    }
    expect(told.events).toEqual(['connected']);
    expect(pongs).toBeGreaterThan(0);
    await until(() => told.events.length >= 2);
    expect(told.events[1]).toBe('disconnected: nothing came for 150 ms');
    await until(() => sockets.length >= 2);
  });

  it('goes on trying where the exchange is not there yet, and stays closed once closed', async () => {
    const { told, handlers } = listener();
    server.removeAllListeners('upgrade');
    server.on('upgrade', (_, socket) => socket.destroy());
    const feed = feedWith({ openWaitMs: 50 });
    await feed.open(['BTC/USDT'], handlers);
    expect(told.events).toEqual([]);
    server.removeAllListeners('upgrade');
    new WebSocketServer({ server }).on('connection', (socket, { url = '' }) => sockets.push({ socket, url }));
    await until(() => told.events.includes('connected'));
    await feed.close();
    const connections = sockets.length;
    await sleep(100);
    expect(sockets).toHaveLength(connections);
    expect(told.events).toEqual(['connected']);
  });
});

describe('over HTTP', () => {
  it('serves candles and series by pages, and refuses a wrong query by its field', async () => {
    const fresh = await freshDatabase();
    await fresh.database.query(
      `insert into candles (exchange, symbol, timeframe, open_time, open, high, low, close, volume, source)
       select 'simulator', 'BTC/USDT', '1m', timestamptz '2026-01-01T00:00Z' + n * interval '1 minute', 1, 2, 1, n + 1, 3, 'rest'
         from generate_series(0, 4) n`,
    );
    const { json, request, close } = await nestApp([MarketDataModule], fresh.dataSource);
    type Page = { data: { open_time: string; close: number }[]; next: string | null };
    const path = '/api/v1/candles?symbol=btcusdt&timeframe=1m&from=2026-01-01T00:01:00Z&limit=3';
    const first = await json<Page>(path);
    expect(first.data.map(({ close }) => close)).toEqual([5, 4, 3]);
    const second = await json<Page>(`${path}&cursor=${encodeURIComponent(first.next!)}`);
    expect(second).toMatchObject({
      data: [{ open_time: '2026-01-01T00:01:00.000Z', close: 2, source: 'rest', revision: 0 }],
      next: null,
    });
    expect(await json('/api/v1/series?timeframe=5m')).toEqual({ data: [], next: null });
    for (const wrong of [
      'symbol=BTC/USDT',
      'symbol=x&timeframe=1m',
      'symbol=BTC/USDT&timeframe=2m',
      'symbol=BTC/USDT&timeframe=1m&limit=0',
    ]) {
      expect((await request(`/api/v1/candles?${wrong}`)).status).toBe(400);
    }
    expect(await json('/api/v1/candles?symbol=BTC/USDT&timeframe=1m&from=2026-02-31')).toMatchObject({ status: 400 });
    expect(await json('/api/v1/series?colour=red')).toMatchObject({ status: 400 });
    await close();
    await fresh.close();
  });
});

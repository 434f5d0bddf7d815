import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { price, quantity } from '../../src/domain/money.js';
import type { Signal } from '../../src/domain/signal.js';
import { FeedModule } from '../../src/feed/feed.module.js';
import { SignalFeed } from '../../src/feed/signal.feed.js';
import { decide, NOTHING } from '../../src/strategy/decide.js';
import { SignalRepository } from '../../src/strategy/signal.repository.js';
import { nestApp, type NestApp } from '../builders/nest-app.js';
import { freshDatabase } from '../builders/postgres.js';
import { batchOf, LONG, MIDNIGHT } from '../builders/prediction-batch.js';

interface Message {
  type: string;
  data: unknown;
  timestamp: string;
}

const POLICY = {
  minConfidence: 0.4,
  minEdge: 0,
  minAgreement: 1,
  cooldownCandles: 0,
  stopLossAtr: 1,
  takeProfitAtr: 1,
};
const batchAt = (minute: number) =>
  batchOf([{ model: 'trees', rows: [LONG] }], { openTime: MIDNIGHT + minute * 60_000 });
const signalsAt = (minute: number): readonly Signal[] => decide(batchAt(minute), POLICY, NOTHING).signals;

let fresh: Awaited<ReturnType<typeof freshDatabase>>;
let server: NestApp;
let feed: SignalFeed;
const open: WebSocket[] = [];
beforeAll(async () => {
  fresh = await freshDatabase();
  await new SignalRepository(fresh.database).insertAll([...signalsAt(0), ...signalsAt(1)]);
  server = await nestApp([FeedModule], fresh.dataSource);
  feed = server.app.get(SignalFeed);
});
afterAll(async () => {
  for (const socket of open) socket.terminate();
  await server.close();
  await fresh.close();
});

/** A client with the key, and a queue of what it heard. */
async function client() {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`, {
    headers: { authorization: `Bearer ${server.key}` },
  });
  open.push(socket);
  const heard: Message[] = [];
  socket.on('message', (data) => heard.push(JSON.parse(String(data)) as Message));
  await once(socket, 'open');
  const next = async (): Promise<Message> => {
    while (heard.length === 0) await once(socket, 'message');
    return heard.shift()!;
  };
  return { socket, heard, next };
}

describe('the websocket', () => {
  it('greets with the signals on record, newest first, as REST shows them', async () => {
    const { next } = await client();
    const { type, data, timestamp } = await next();
    expect(type).toBe('initial_signals');
    expect((data as { timestamp: string }[]).map((signal) => signal.timestamp)).toEqual([
      '2026-01-05T00:02:00.000Z',
      '2026-01-05T00:01:00.000Z',
    ]);
    expect((data as object[])[0]).toMatchObject({ entry_price: 100, direction: 'long', metadata: { because: {} } });
    expect(new Date(timestamp).toISOString()).toBe(timestamp);
  });

  it('tells a new signal to everyone, once, and greets later clients with it', async () => {
    const [a, b] = [await client(), await client()];
    await Promise.all([a.next(), b.next()]);
    const [signal] = signalsAt(2);
    feed.signals([signal!]);
    feed.signals([signal!]);
    feed.completed(batchAt(2));
    for (const { next } of [a, b]) {
      expect(await next()).toMatchObject({ type: 'new_signal', data: { id: signal!.id, symbol: 'S0/USDT' } });
      expect(await next()).toMatchObject({ type: 'run_completed' });
    }
    const late = await client();
    expect(((await late.next()).data as { id: string }[])[0]!.id).toBe(signal!.id);
  });

  it('tells a completed run with rows, abstentions and the measured stages only', async () => {
    const { next } = await client();
    await next();
    const batch = batchAt(3);
    Object.assign(batch.runs[0]!.moments, { inferred: 1000, decided: 1002.5 });
    feed.completed(batch);
    expect((await next()).data).toMatchObject({
      timeframe: '1m',
      open_time: '2026-01-05T00:03:00.000Z',
      runs: [{ model: 'trees', version: '1.0.0', rows: 1, abstentions: {}, stages_ms: { decide: 2.5 } }],
    });
  });

  it('tells an order with exact numbers as decimals', async () => {
    const { next } = await client();
    await next();
    feed.order(updateOf(null));
    expect(await next()).toMatchObject({
      type: 'order_update',
      data: {
        order: { quantity: '1.5', stop_loss: '99.99', take_profit: null, created_at: '2026-01-05T00:00:00.000Z' },
      },
    });
  });

  it('pings, and drops who answers no ping', async () => {
    const { next, socket } = await client();
    await next();
    feed.pingAll();
    expect(await next()).toMatchObject({ type: 'ping', data: null });
    const dead = new WebSocket(`${server.url.replace('http', 'ws')}/ws`, {
      headers: { authorization: `Bearer ${server.key}` },
      autoPong: false,
    });
    open.push(dead);
    await once(dead, 'open');
    feed.pingAll();
    await once(socket, 'ping'); // its answer goes out with this
    await next();
    for (let i = 0; i < 50; i++) await turn();
    const gone = once(dead, 'close');
    feed.pingAll();
    await gone;
    expect((await next()).type).toBe('ping');
  });

  it.each([
    ['garbage', 'no json', 1003],
    ['a number', '42', 1003],
    ['binary', Buffer.from('{"type":"pong"}'), 1003],
    ['more than it may', `{"type":"${'x'.repeat(5000)}"}`, 1009],
  ])('closes on %s', async (_name, message, code) => {
    const { socket, next } = await client();
    await next();
    socket.send(message);
    expect((await once(socket, 'close'))[0]).toBe(code);
  });

  it('reads and drops what it does not know', async () => {
    const { socket, next } = await client();
    await next();
    socket.send('{"type":"pong"}');
    socket.send('{"type":"subscribe","event":"constructor"}');
    feed.completed(batchAt(4));
    expect((await next()).type).toBe('run_completed');
    expect(socket.readyState).toBe(WebSocket.OPEN);
  });

  it('is closed to who shows no key', async () => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`);
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toContain('401');
  });

  it('cuts off who does not read, and the others hear everything', async () => {
    const slow = await stalled();
    const quick = await client();
    await quick.next();
    const clients = feed.clients;
    // Events go on, each read by the quick one, until what waits for the slow one exceeds its bound.
    for (let told = 0; feed.clients === clients && told < 500; told++) {
      feed.order(updateOf('x'.repeat(200_000)));
      expect((await quick.next()).type).toBe('order_update');
    }
    expect(feed.clients).toBe(clients - 1);
    expect(await slow.closeCode()).toBe(1013);
  });

  it('turns away more than a hundred', async () => {
    const all = await Promise.all(Array.from({ length: 100 - feed.clients }, () => client()));
    const { socket } = await client();
    expect((await once(socket, 'close'))[0]).toBe(1013);
    for (const each of all) each.socket.terminate();
  });
});

function updateOf(reason: string | null): Parameters<SignalFeed['order']>[0] {
  const order = {
    id: 'o1',
    signalId: null,
    symbol: 'BTC/USDT' as const,
    side: 'buy' as const,
    purpose: 'entry' as const,
    quantity: quantity('1.5'),
    stopLoss: price('99.99'),
    takeProfit: null,
    state: 'accepted' as const,
    filled: quantity('0'),
    createdAt: MIDNIGHT,
    reason,
  };
  return { order, fills: [], position: null };
}

/** A client that reads nothing after its handshake, until asked for the code it was closed with. */
async function stalled(): Promise<{ closeCode: () => Promise<number> }> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const key = Buffer.alloc(16, 7).toString('base64');
  socket.write(
    `GET /ws HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Key: ${key}\r\nAuthorization: Bearer ${server.key}\r\n\r\n`,
  );
  await once(socket, 'readable');
  return {
    async closeCode() {
      let tail = Buffer.alloc(0);
      for await (const chunk of socket) {
        tail = Buffer.concat([tail, chunk as Buffer]).subarray(-200);
        const reason = tail.indexOf('too slow'); // the code stands right before it
        if (reason > 0) return tail.readUInt16BE(reason - 2);
      }
      throw new Error('closed without a code');
    },
  };
}

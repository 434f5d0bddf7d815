import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startSimulator, type Simulator } from '../../src/exchange-simulator/simulator.service.js';

const START = Date.UTC(2025, 5, 1, 12, 3, 40);
const MINUTE = 60_000;

interface Kline {
  readonly t: number;
  readonly T: number;
  readonly s: string;
  readonly i: string;
  readonly f: number;
  readonly L: number;
  readonly n: number;
  readonly x: boolean;
  readonly o: string;
  readonly h: string;
  readonly l: string;
  readonly c: string;
  readonly v: string;
  readonly q: string;
  readonly V: string;
  readonly Q: string;
}
interface Event {
  readonly e: string;
  readonly E: number;
  readonly s: string;
  readonly k: Kline;
}

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ port: 0, speed: 300, seed: 42, start: START, allowFaults: true });
});
afterAll(() => simulator.close());

const address = (path: string) => `127.0.0.1:${simulator.port}${path}`;
const fetchJson = async (path: string, init?: RequestInit) => (await fetch(`http://${address(path)}`, init)).json();

/** A client that keeps what it is sent. */
class Listener {
  readonly #socket: WebSocket;
  readonly #texts: string[] = [];
  #wake: () => void = () => undefined;
  readonly closed: Promise<unknown>;

  constructor(path: string) {
    this.#socket = new WebSocket(`ws://${address(path)}`);
    this.closed = once(this.#socket, 'close');
    this.#socket.on('message', (data: Buffer) => {
      this.#texts.push(data.toString());
      this.#wake();
    });
  }

  opened(): Promise<unknown> {
    return once(this.#socket, 'open');
  }

  say(message: unknown): void {
    this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** @returns the first text, kept or yet to come, that `found` gives a value for */
  async find<Value>(found: (text: string) => Value | undefined): Promise<Value> {
    for (let i = 0; ; i++) {
      while (i >= this.#texts.length) await new Promise<void>((resolve) => (this.#wake = resolve));
      const value = found(this.#texts[i]);
      if (value !== undefined) return value;
    }
  }

  end(): void {
    this.#socket.terminate();
  }
}

const restRow = (event: Event): unknown[] => {
  const { t, T, o, h, l, c, v, q, n, V, Q } = event.k;
  return [t, o, h, l, c, v, T, q, n, V, Q, '0'];
};
const closedEvent =
  (accept: (event: Event) => boolean) =>
  (text: string): Event | undefined => {
    const event = JSON.parse(text).data as Event | undefined;
    return event?.k.x && accept(event) ? event : undefined;
  };

describe('the simulated exchange', () => {
  it('gives over REST what it closes over the websocket, in every timeframe that ends', async () => {
    const listener = new Listener('/stream?streams=btcusdt@kline_1m/btcusdt@kline_5m/pepeusdt@kline_1m');
    for (const [symbol, interval] of [
      ['BTCUSDT', '1m'],
      ['BTCUSDT', '5m'],
      ['PEPEUSDT', '1m'],
    ] as const) {
      const event = await listener.find(closedEvent(({ k }) => k.s === symbol && k.i === interval));
      expect(event).toMatchObject({ e: 'kline', s: symbol });
      expect(event.E).toBeGreaterThan(event.k.T);
      expect(event.k.L - event.k.f + 1).toBe(event.k.n);
      const path = `/api/v3/klines?symbol=${symbol}&interval=${interval}&startTime=${event.k.t}&limit=1`;
      expect(await fetchJson(path)).toEqual([restRow(event)]);
    }
    listener.end();
  });

  it('closes every minute once, in order, and shows forming candles in between', async () => {
    const listener = new Listener('/ws/ethusdt@kline_1m');
    const opens: number[] = [];
    let forming = 0;
    await listener.find((text) => {
      const { k } = JSON.parse(text) as Event;
      if (k.x) opens.push(k.t);
      else forming++;
      return opens.length === 5 ? true : undefined;
    });
    expect(opens.slice(1).map((open, i) => open - opens[i])).toEqual(Array(4).fill(MINUTE));
    expect(forming).toBeGreaterThan(0);
    listener.end();
  });

  it('subscribes, lists, unsubscribes and refuses by message', async () => {
    const listener = new Listener('/ws');
    await listener.opened();
    const answer = (id: number) => listener.find((text) => (JSON.parse(text).id === id ? JSON.parse(text) : undefined));
    listener.say({ method: 'SUBSCRIBE', params: ['solusdt@kline_1m', 'nopeusdt@kline_1m'], id: 1 });
    expect(await answer(1)).toEqual({ result: null, id: 1 });
    listener.say({ method: 'LIST_SUBSCRIPTIONS', id: 2 });
    expect(await answer(2)).toEqual({ result: ['solusdt@kline_1m', 'nopeusdt@kline_1m'], id: 2 });
    await listener.find((text) => ((JSON.parse(text) as Event).k?.s === 'SOLUSDT' ? true : undefined));
    listener.say({ method: 'UNSUBSCRIBE', params: ['solusdt@kline_1m', 'nopeusdt@kline_1m'], id: 3 });
    expect(await answer(3)).toEqual({ result: null, id: 3 });
    listener.say({ method: 'SUBSCRIBE', params: ['nonsense'], id: 4 });
    expect(await answer(4)).toEqual({ error: { code: 2, msg: 'Invalid request: invalid stream' }, id: 4 });
    listener.say('nonsense');
    await listener.find((text) => (JSON.parse(text).error?.code === 3 ? true : undefined));
    listener.end();
  });

  it('refuses what it does not serve', async () => {
    expect((await fetch(`http://${address('/api/v3/depth')}`)).status).toBe(404);
    expect((await fetch(`http://${address('//')}`)).status).toBe(404);
    const refused = await fetch(`http://${address('/api/v3/klines?symbol=NOPE&interval=1m')}`);
    expect([refused.status, await refused.json()]).toEqual([400, { code: -1121, msg: 'Invalid symbol.' }]);
    const socket = new WebSocket(`ws://${address('/elsewhere')}`);
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toContain('400');
  });

  it('is the same market in another process of the same seed', async () => {
    const other = await startSimulator({ port: 0, speed: 1, seed: 42, start: START + 3_600_000 });
    const path = `/api/v3/klines?symbol=LINKUSDT&interval=15m&endTime=${START - 900_000}&limit=50`;
    expect(await (await fetch(`http://127.0.0.1:${other.port}${path}`)).json()).toEqual(await fetchJson(path));
    expect((await fetch(`http://127.0.0.1:${other.port}/faults`, { method: 'POST', body: '{}' })).status).toBe(404);
    await other.close();
  });
});

describe('faults on request', () => {
  const order = (body: unknown) => fetchJson('/faults', { method: 'POST', body: JSON.stringify(body) });

  it('cuts frames in half, withholds a symbol whose candles REST still has, and drops connections', async () => {
    const listener = new Listener('/stream?streams=adausdt@kline_1m/xrpusdt@kline_1m');
    await listener.opened();
    expect(await order({ withhold: { symbol: 'ADAUSDT', minutes: 3 } })).toEqual({ ok: true });
    const opens: number[] = [];
    // A candle of ADA that was on its way before the order comes within the first minute; the next after those withheld.
    await listener.find(
      closedEvent(({ k }) => (k.s === 'XRPUSDT' && opens.push(k.t), k.s === 'ADAUSDT' && opens.length > 1)),
    );
    expect(opens.length).toBeGreaterThanOrEqual(3);
    expect(await fetchJson(`/api/v3/klines?symbol=ADAUSDT&interval=1m&startTime=${opens[0]}&limit=3`)).toHaveLength(3);

    await order({ malformed_frames: 1 });
    await listener.find((text) => (text.endsWith('}') ? undefined : true));

    await order({ drop_connections: true });
    await listener.closed;
  });

  it('refuses an order that it does not understand', async () => {
    const response = await fetch(`http://${address('/faults')}`, { method: 'POST', body: '{"explode":true}' });
    expect(response.status).toBe(400);
  });
});

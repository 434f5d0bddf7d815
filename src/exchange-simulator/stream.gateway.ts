import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { closeTimeOf, durationOf, openTimeAt, TIMEFRAMES, type Timeframe } from '../domain/timeframe.js';
import type { FaultOrder } from './faults.js';
import { klineEvent } from './kline-text.js';
import { LISTINGS } from './listings.js';
import type { Market } from './market.js';
import type { SimulatedClock } from './simulated.clock.js';
import { parseOpening, parseRequest, type ClientRequest, type KlineStream } from './stream-protocol.js';

/** A client that leaves more than this unread is cut off, never waited for. */
const MAX_BUFFERED = 8 * 1024 * 1024;
/** Binance's own: a ping every 20 s, a minute to answer. */
const PING_MS = 20_000;
const PONG_MS = 60_000;
const MAX_STREAMS = 1024;
const MINUTE = 60_000;

interface Client {
  readonly socket: WebSocket;
  readonly streams: Map<string, KlineStream>;
  combined: boolean;
  /** Monotonic ms of its last pong. */
  heardAt: number;
}

/** A stream that somebody listens to. */
interface Subscription {
  readonly stream: KlineStream;
  readonly symbol: number;
  readonly clients: Set<Client>;
}

/** Binance's websocket: `/stream?streams=`, `/ws/<stream>`, `/ws`. A frame is written once a moment, whoever listens. */
export class StreamGateway {
  readonly #server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 256 * 1024 });
  readonly #clients = new Set<Client>();
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #pings: NodeJS.Timeout;
  #malformed = 0;
  /** Exchange time until which a symbol is silent. */
  readonly #withheld = new Map<number, number>();

  constructor(
    private readonly market: Market,
    private readonly clock: SimulatedClock,
  ) {
    this.#pings = setInterval(() => this.#ping(), PING_MS);
    this.#pings.unref();
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const [path, query] = (request.url ?? '/').split('?', 2);
    const opening = parseOpening(path, new URLSearchParams(query));
    socket.on('error', () => socket.destroy());
    if (!opening) {
      socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      this.#welcome(
        { socket: webSocket, streams: new Map(), combined: opening.combined, heardAt: performance.now() },
        opening.streams,
      );
    });
  }

  /** Sends the closed candle of every stream whose candle ends at `boundary` (exchange time, UTC ms), minutes first. */
  sendClosed(boundary: number): void {
    const eventTime = Math.floor(this.clock.now());
    for (const timeframe of TIMEFRAMES) {
      if (boundary % durationOf(timeframe) !== 0) continue;
      for (const subscription of this.#subscriptions.values()) {
        if (subscription.stream.timeframe !== timeframe || this.#isWithheld(subscription.symbol, boundary)) continue;
        const openTime = boundary - durationOf(timeframe);
        this.#broadcast(subscription, this.#frame(subscription, openTime, boundary, true, eventTime));
      }
    }
  }

  /** Sends the forming candle of every stream. */
  sendForming(): void {
    const now = this.clock.now();
    for (const subscription of this.#subscriptions.values()) {
      if (this.#isWithheld(subscription.symbol, closeTimeOf('1m', openTimeAt('1m', now)))) continue;
      const openTime = openTimeAt(subscription.stream.timeframe, now);
      this.#broadcast(subscription, this.#frame(subscription, openTime, now, false, Math.floor(now)));
    }
  }

  /** Makes go wrong what a test asks for. */
  order(order: FaultOrder): void {
    this.#malformed += order.malformedFrames;
    if (order.withhold) {
      const firstClose = closeTimeOf('1m', openTimeAt('1m', this.clock.now()));
      this.#withheld.set(order.withhold.symbol, firstClose + order.withhold.minutes * MINUTE);
    }
    if (order.dropConnections) for (const client of this.#clients) client.socket.terminate();
  }

  close(): void {
    clearInterval(this.#pings);
    for (const client of this.#clients) client.socket.terminate();
    this.#server.close();
  }

  #welcome(client: Client, streams: readonly KlineStream[]): void {
    const { socket } = client;
    this.#clients.add(client);
    for (const stream of streams.slice(0, MAX_STREAMS)) this.#subscribe(client, stream);
    socket.on('pong', () => (client.heardAt = performance.now()));
    socket.on('message', (data: Buffer, binary) => {
      if (!binary) this.#answer(client, parseRequest(data.toString('utf8')));
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      for (const stream of [...client.streams.values()]) this.#unsubscribe(client, stream);
      this.#clients.delete(client);
    });
  }

  #answer(client: Client, request: ClientRequest): void {
    const { id } = request;
    switch (request.kind) {
      case 'refused':
        return this.#say(client, {
          error: { code: request.code, msg: request.message },
          ...(id === null ? {} : { id }),
        });
      case 'subscribe':
        if (client.streams.size + request.streams.length > MAX_STREAMS) {
          return this.#say(client, { error: { code: 2, msg: 'Invalid request: too many subscriptions' }, id });
        }
        for (const stream of request.streams) this.#subscribe(client, stream);
        return this.#say(client, { result: null, id });
      case 'unsubscribe':
        for (const stream of request.streams) this.#unsubscribe(client, stream);
        return this.#say(client, { result: null, id });
      case 'list':
        return this.#say(client, { result: [...client.streams.keys()], id });
      case 'get-combined':
        return this.#say(client, { result: client.combined, id });
      case 'set-combined':
        client.combined = request.combined;
        return this.#say(client, { result: null, id });
    }
  }

  #say(client: Client, message: object): void {
    client.socket.send(JSON.stringify(message));
  }

  #subscribe(client: Client, stream: KlineStream): void {
    client.streams.set(stream.name, stream);
    if (stream.symbol === undefined) return;
    const known = this.#subscriptions.get(stream.name);
    const subscription = known ?? { stream, symbol: stream.symbol, clients: new Set<Client>() };
    if (!known) this.#subscriptions.set(stream.name, subscription);
    subscription.clients.add(client);
  }

  #unsubscribe(client: Client, stream: KlineStream): void {
    client.streams.delete(stream.name);
    const subscription = this.#subscriptions.get(stream.name);
    subscription?.clients.delete(client);
    if (subscription?.clients.size === 0) this.#subscriptions.delete(stream.name);
  }

  #frame({ stream, symbol }: Subscription, openTime: number, now: number, closed: boolean, eventTime: number): string {
    const timeframe: Timeframe = stream.timeframe;
    const candle = this.market.candle(symbol, timeframe, openTime, now);
    return klineEvent(LISTINGS[symbol], { timeframe, openTime, closed, eventTime }, candle);
  }

  #broadcast({ stream, clients }: Subscription, event: string): void {
    let raw: Buffer | undefined;
    let wrapped: Buffer | undefined;
    for (const client of clients) {
      const { socket } = client;
      if (socket.readyState !== socket.OPEN) continue;
      if (socket.bufferedAmount > MAX_BUFFERED) {
        socket.terminate();
        continue;
      }
      const frame = client.combined
        ? (wrapped ??= Buffer.from(`{"stream":"${stream.name}","data":${event}}`))
        : (raw ??= Buffer.from(event));
      socket.send(this.#spoiled() ? frame.subarray(0, frame.length >> 1) : frame, { binary: false });
    }
  }

  /** @returns whether this frame is one that a test wants cut in half */
  #spoiled(): boolean {
    if (this.#malformed === 0) return false;
    this.#malformed--;
    return true;
  }

  /** @param minuteClose end of the minute that a frame would tell of */
  #isWithheld(symbol: number, minuteClose: number): boolean {
    const until = this.#withheld.get(symbol);
    if (until === undefined) return false;
    if (minuteClose < until) return true;
    this.#withheld.delete(symbol);
    return false;
  }

  #ping(): void {
    const now = performance.now();
    for (const client of this.#clients) {
      if (now - client.heardAt > PONG_MS) client.socket.terminate();
      else client.socket.ping(String(Math.floor(this.clock.now())));
    }
  }
}

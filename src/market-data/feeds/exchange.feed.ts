import { Logger } from '@nestjs/common';
import type { CandleColumns } from '../../domain/candle.js';
import type { Instrument } from '../../domain/instrument.js';
import { exchangeSymbolOf, type Pair } from '../../domain/pair.js';
import type { Timeframe } from '../../domain/timeframe.js';
import type { Clock } from '../../platform/clock.js';
import { readExchangeInfo } from './exchange-info.js';
import { ExchangeRest, FeedFailed, type RestOptions } from './exchange-rest.feed.js';
import { readFrame } from './kline-frame.js';
import { readKlines } from './kline-rows.js';
import { KlineStream, type StreamOptions } from './kline-stream.feed.js';
import { MarketFeed, type FeedHandlers } from './market.feed.js';

export interface ExchangeFeedOptions extends RestOptions, StreamOptions {
  /** Streams on one connection at most. */
  readonly streamsPerConnection: number;
  /** How long `open` waits for the stream to be up; it goes on trying afterwards. */
  readonly openWaitMs: number;
  /** Exchange time, ms, by which our idea of the exchange's clock may be ahead: candles this young count as forming. */
  readonly clockMarginMs: number;
}

export const EXCHANGE_FEED_DEFAULTS: ExchangeFeedOptions = {
  concurrency: 8,
  timeoutMs: 10_000,
  attempts: 5,
  retryBaseMs: 200,
  retryMaxMs: 10_000,
  livenessMs: 30_000,
  handshakeMs: 10_000,
  reconnect: { baseMs: 250, maxMs: 30_000 },
  streamsPerConnection: 200,
  openWaitMs: 10_000,
  clockMarginMs: 100,
};

/** An exchange that speaks Binance's spot protocol, the real one or the simulator: public data, no keys. */
export class ExchangeFeed extends MarketFeed {
  readonly #logger = new Logger(ExchangeFeed.name);
  readonly #options: ExchangeFeedOptions;
  readonly #rest: ExchangeRest;
  #streams: KlineStream[] = [];
  #stopWaiting: (() => void) | undefined;

  /** @param endpoint base URLs, without a path: `https://api.binance.com`, `wss://stream.binance.com:9443` */
  constructor(
    private readonly endpoint: { readonly restUrl: string; readonly wsUrl: string },
    private readonly clock: Clock,
    options: Partial<ExchangeFeedOptions> = {},
  ) {
    super();
    this.#options = { ...EXCHANGE_FEED_DEFAULTS, ...options };
    this.#rest = new ExchangeRest(endpoint.restUrl, clock, this.#options);
  }

  override async serverTime(): Promise<{ exchangeTime: number; wallTime: number; roundTripMs: number }> {
    const sent = this.clock.wallNow();
    const { body } = await this.#rest.get('/api/v3/time');
    const received = this.clock.wallNow();
    const exchangeTime = (body as { serverTime?: unknown } | null)?.serverTime;
    if (typeof exchangeTime !== 'number' || !Number.isFinite(exchangeTime)) {
      throw new FeedFailed('EXCHANGE_ANSWER_MALFORMED', 'GET /api/v3/time: serverTime is not a number');
    }
    return { exchangeTime, wallTime: (sent + received) / 2, roundTripMs: received - sent };
  }

  override async instruments(): Promise<readonly Instrument[]> {
    const { body } = await this.#rest.get('/api/v3/exchangeInfo');
    const info = readExchangeInfo(body);
    if ('fault' in info) throw new FeedFailed('EXCHANGE_ANSWER_MALFORMED', `GET /api/v3/exchangeInfo: ${info.fault}`);
    this.#logger.debug(`${info.instruments.length} instruments trade, ${info.skipped.length} left out`);
    return info.instruments;
  }

  override async klines(symbol: Pair, timeframe: Timeframe, limit: number, from?: number): Promise<CandleColumns> {
    const query = { symbol: exchangeSymbolOf(symbol), interval: timeframe, limit };
    const question = from === undefined ? query : { ...query, startTime: from };
    const { body, askedAt } = await this.#rest.get('/api/v3/klines', question);
    const columns = readKlines(body, symbol, timeframe, askedAt - this.#options.clockMarginMs);
    if ('fault' in columns) {
      throw new FeedFailed('EXCHANGE_ANSWER_MALFORMED', `GET /api/v3/klines ${symbol} ${timeframe}: ${columns.fault}`);
    }
    return columns;
  }

  /** Resolves when every connection is up, or after `openWaitMs`: what is not up by then goes on trying. */
  override async open(symbols: readonly Pair[], handlers: FeedHandlers): Promise<void> {
    const bySymbol = new Map(symbols.map((symbol) => [exchangeSymbolOf(symbol), symbol]));
    const urls = streamUrls(this.endpoint.wsUrl, symbols, this.#options.streamsPerConnection);
    let up = 0;
    await new Promise<void>((resolve) => {
      const waited = setTimeout(resolve, this.#options.openWaitMs);
      this.#stopWaiting = () => {
        clearTimeout(waited);
        resolve();
      };
      const connected = () => {
        if (++up < urls.length) return;
        handlers.connected();
        this.#stopWaiting?.();
      };
      const disconnected = (reason: string) => {
        up--;
        handlers.disconnected(reason);
      };
      const frame = (text: string) => this.#read(text, bySymbol, handlers);
      this.#streams = urls.map(
        (url) => new KlineStream(url, this.#options, { up: connected, down: disconnected, frame }),
      );
      for (const stream of this.#streams) stream.open();
    });
  }

  override close(): Promise<void> {
    for (const stream of this.#streams) stream.close();
    this.#streams = [];
    this.#stopWaiting?.();
    this.#rest.close();
    return Promise.resolve();
  }

  #read(text: string, bySymbol: ReadonlyMap<string, Pair>, handlers: FeedHandlers): void {
    const receivedAt = this.clock.wallNow();
    const frame = readFrame(text);
    if (frame.kind === 'other') return;
    if (frame.kind === 'malformed') return handlers.malformed(frame.reason);
    const symbol = bySymbol.get(frame.exchangeSymbol);
    if (!symbol) return handlers.malformed('UNKNOWN_SYMBOL');
    if (frame.interval !== '1m') return handlers.malformed('UNEXPECTED_INTERVAL');
    const { openTime, open, high, low, close, volume, closed, eventTime } = frame;
    handlers.kline({ symbol, openTime, open, high, low, close, volume, closed, eventTime, receivedAt });
  }
}

/** @returns one combined-stream URL a connection */
function streamUrls(wsUrl: string, symbols: readonly Pair[], perConnection: number): readonly string[] {
  const base = wsUrl.replace(/\/+$/, '');
  const names = symbols.map((symbol) => `${exchangeSymbolOf(symbol).toLowerCase()}@kline_1m`);
  return Array.from({ length: Math.ceil(names.length / perConnection) }, (_, i) => {
    const streams = names.slice(i * perConnection, (i + 1) * perConnection);
    return `${base}/stream?streams=${streams.join('/')}`;
  });
}

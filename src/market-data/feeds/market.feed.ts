import type { CandleColumns } from '../../domain/candle.js';
import type { Instrument } from '../../domain/instrument.js';
import type { Pair } from '../../domain/pair.js';
import type { Timeframe } from '../../domain/timeframe.js';
import type { KlineUpdate } from './kline-update.js';

export interface FeedHandlers {
  kline(update: KlineUpdate): void;
  /** The stream is up, first or again: what was missed since must be refetched. */
  connected(): void;
  disconnected(reason: string): void;
  /** A frame that could not be read; counted and dropped. */
  malformed(reason: string): void;
}

/** Where candles come from: an exchange speaking Binance's spot protocol, or a recording. */
export abstract class MarketFeed {
  /** @returns exchange time now (UTC ms) and the wall time (epoch ms) it belongs to */
  abstract serverTime(): Promise<{ exchangeTime: number; wallTime: number }>;
  /** @returns every instrument that trades, in the exchange's order */
  abstract instruments(): Promise<readonly Instrument[]>;
  /**
   * Closed candles only, oldest first.
   * @param from open time of the first one wanted, UTC ms, inclusive; absent: the newest `limit`
   */
  abstract klines(symbol: Pair, timeframe: Timeframe, limit: number, from?: number): Promise<CandleColumns>;
  abstract open(symbols: readonly Pair[], handlers: FeedHandlers): Promise<void>;
  abstract close(): Promise<void>;
}

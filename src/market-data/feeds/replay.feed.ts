import type { CandleColumns } from '../../domain/candle.js';
import type { Instrument } from '../../domain/instrument.js';
import type { Pair } from '../../domain/pair.js';
import { closeTimeOf, durationOf, type Timeframe } from '../../domain/timeframe.js';
import { aggregateColumns } from '../series/aggregation.js';
import { emptyColumns, readRow, sliceColumns } from '../series/columns.js';
import { MarketFeed, type FeedHandlers } from './market.feed.js';
import type { KlineUpdate } from './kline-update.js';
import type { ReplayClock } from './replay.clock.js';

const MINUTE = durationOf('1m');

export interface Recording {
  /** Closed 1m candles a symbol, open times ascending, holes allowed. */
  readonly columns: readonly CandleColumns[];
  readonly instruments: readonly Instrument[];
  /** Minutes at the beginning that are past when the replay starts: history for `klines`. */
  readonly warmUp: number;
}

/** A recording played minute by minute, on request: the same recording gives the same market, to the byte. */
export class ReplayFeed extends MarketFeed {
  readonly #bySymbol: ReadonlyMap<Pair, CandleColumns>;
  readonly #end: number;
  #next: number;
  #symbols: readonly Pair[] = [];
  #handlers: FeedHandlers | undefined;

  /** @param clock is set to the end of the warm-up, and moved by `play` alone from then on */
  constructor(
    private readonly recording: Recording,
    private readonly clock: ReplayClock,
  ) {
    super();
    const filled = recording.columns.filter(({ openTime }) => openTime.length > 0);
    this.#bySymbol = new Map(recording.columns.map((columns) => [columns.symbol, columns]));
    this.#next = Math.min(...filled.map(({ openTime }) => openTime[0]!)) + recording.warmUp * MINUTE;
    this.#end = Math.max(...filled.map(({ openTime }) => openTime.at(-1)! + MINUTE));
    clock.set(this.#next);
  }

  override serverTime(): Promise<{ exchangeTime: number; wallTime: number }> {
    return Promise.resolve({ exchangeTime: this.clock.now(), wallTime: this.clock.wallNow() });
  }

  override instruments(): Promise<readonly Instrument[]> {
    return Promise.resolve(this.recording.instruments);
  }

  override klines(symbol: Pair, timeframe: Timeframe, limit: number, from?: number): Promise<CandleColumns> {
    const minutes = this.#bySymbol.get(symbol) ?? emptyColumns(symbol, '1m', 0);
    const past = sliceColumns(minutes, 0, firstAtOrAfter(minutes, this.clock.now()));
    const columns = timeframe === '1m' ? past : aggregateColumns(past, timeframe);
    const count = columns.openTime.length;
    const start = from === undefined ? Math.max(0, count - limit) : firstAtOrAfter(columns, from);
    return Promise.resolve(sliceColumns(columns, start, Math.min(count, start + limit)));
  }

  override open(symbols: readonly Pair[], handlers: FeedHandlers): Promise<void> {
    this.#symbols = symbols;
    this.#handlers = handlers;
    handlers.connected();
    return Promise.resolve();
  }

  override close(): Promise<void> {
    this.#handlers = undefined;
    return Promise.resolve();
  }

  /**
   * Plays the recording on from where it stands.
   * @param settled awaited after each minute: resolves when everything that the minute set off is done
   * @param until exchange time, UTC ms, at which to stop; absent: the recording's end
   * @returns minutes played
   */
  async play(settled: () => Promise<void>, until = Infinity): Promise<number> {
    let played = 0;
    for (; this.#handlers && this.#next + MINUTE <= Math.min(until, this.#end); played++) {
      const openTime = this.#next;
      this.#next += MINUTE;
      this.clock.set(this.#next);
      this.#tell(openTime);
      await settled();
    }
    return played;
  }

  #tell(openTime: number): void {
    let last: KlineUpdate | undefined;
    for (const symbol of this.#symbols) {
      const columns = this.#bySymbol.get(symbol);
      const row = columns ? firstAtOrAfter(columns, openTime) : 0;
      if (columns?.openTime[row] !== openTime) continue;
      const eventTime = closeTimeOf('1m', openTime);
      last = { symbol, ...readRow(columns, row), closed: true, eventTime, receivedAt: this.clock.wallNow() };
      this.#handlers!.kline(last);
    }
    // What a live exchange's stamps would say before the next minute closes: symbols without a candle are given up.
    const forming = last && {
      ...last,
      openTime: last.openTime + MINUTE,
      eventTime: last.eventTime + MINUTE,
      closed: false,
    };
    if (forming) this.#handlers!.kline(forming);
  }
}

/** @returns index of the first row that opens at `time` or later; the row count where none does */
function firstAtOrAfter({ openTime }: CandleColumns, time: number): number {
  let low = 0;
  let high = openTime.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (openTime[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

import type { Abstention } from '../../domain/abstention.js';
import type { Candle, CandleColumns } from '../../domain/candle.js';
import type { Pair } from '../../domain/pair.js';
import { closeTimeOf, durationOf, openTimeAt, TIMEFRAMES, type Timeframe } from '../../domain/timeframe.js';
import { aggregate, baseOf } from './aggregation.js';
import { readRow, sameCandle } from './columns.js';
import { Series } from './series.js';

const MINUTE = durationOf('1m');
/** Candles asked for when a series starts from nothing. */
export const WARM_UP_CANDLES = 500;

export type SeriesState = 'warming' | 'ok' | 'gap';

/** What a streamed 1m candle did. */
export type Absorbed =
  /** It follows: here it is with every longer candle that it completes. `short`: a longer one could not be summed. */
  | { readonly kind: 'appended'; readonly candles: readonly Candle[]; readonly short: boolean }
  /** Its series is warming up or a candle before it is missing: held until history comes. */
  | { readonly kind: 'held'; readonly gap: boolean }
  /** Told before, or older than the series. */
  | { readonly kind: 'duplicate' }
  /** Same open time, other numbers: it replaced, and so did every longer candle that contains it. */
  | { readonly kind: 'corrected'; readonly candles: readonly Candle[] };

/** Candles to ask the exchange for. */
export interface Need {
  readonly limit: number;
  /** Open time of the first one missing; absent: the newest `limit`. */
  readonly from?: number;
}

export interface Patched {
  /** Whether the series changed at all: then its history is told again. */
  readonly changed: boolean;
  readonly corrections: number;
  /** Minutes that were held and follow now. */
  readonly released: readonly Candle[];
}

interface Shelf {
  readonly series: ReadonlyMap<Timeframe, Series>;
  readonly warmed: Set<Timeframe>;
  held: Candle[];
}

/**
 * Every series of the market. Invariant: a series is consecutive. A minute that would break it is held until the ones
 * before it were refetched, so what is handed on is in time order, and a hole is never hidden.
 */
export class CandleBook {
  /** Timeframes kept, shortest first: those asked for, the minutes all else is summed from, and hours where days are. */
  readonly kept: readonly Timeframe[];
  readonly #shelves: ReadonlyMap<Pair, Shelf>;

  constructor(
    readonly symbols: readonly Pair[],
    timeframes: readonly Timeframe[],
    capacity = 600,
  ) {
    const wanted = new Set(timeframes.flatMap((timeframe) => [timeframe, baseOf(timeframe)]).concat('1m'));
    this.kept = TIMEFRAMES.filter((timeframe) => wanted.has(timeframe));
    const shelf = (symbol: Pair): Shelf => ({
      series: new Map(this.kept.map((timeframe) => [timeframe, new Series(symbol, timeframe, capacity)])),
      warmed: new Set(),
      held: [],
    });
    this.#shelves = new Map(symbols.map((symbol) => [symbol, shelf(symbol)]));
  }

  series(symbol: Pair, timeframe: Timeframe): Series {
    return this.#shelf(symbol).series.get(timeframe)!;
  }

  /** Takes a closed 1m candle from the stream; it has passed the door. */
  absorb(minute: Candle): Absorbed {
    const shelf = this.#shelf(minute.symbol);
    const series = shelf.series.get('1m')!;
    if (!shelf.warmed.has('1m')) return this.#hold(shelf, minute, false);
    if (series.count === 0 || minute.openTime === series.lastOpenTime + MINUTE) {
      series.append(minute);
      return { kind: 'appended', ...this.#complete(shelf, minute) };
    }
    if (minute.openTime > series.lastOpenTime) return this.#hold(shelf, minute, true);
    const known = series.at(minute.openTime);
    return !known || sameCandle(known, minute) ? { kind: 'duplicate' } : this.#correct(shelf, minute);
  }

  /** @returns what the exchange has closed and this series lacks, or undefined where it lacks nothing */
  need(symbol: Pair, timeframe: Timeframe, exchangeTime: number): Need | undefined {
    const { series, warmed } = this.#shelf(symbol);
    const { lastOpenTime, count } = series.get(timeframe)!;
    if (!warmed.has(timeframe)) return { limit: WARM_UP_CANDLES };
    if (count === 0) return undefined;
    const from = closeTimeOf(timeframe, lastOpenTime);
    const missing = Math.floor((exchangeTime - from) / durationOf(timeframe));
    if (missing <= 0) return undefined;
    return missing > WARM_UP_CANDLES ? { limit: WARM_UP_CANDLES } : { limit: missing + 1, from };
  }

  /**
   * Takes history that was fetched for a need. Where it begins after a hole, the exchange has no candle there either: the
   * series starts again behind the hole.
   * @param columns admitted: possible and consecutive
   */
  patch(columns: CandleColumns): Patched {
    const { symbol, timeframe } = columns;
    const shelf = this.#shelf(symbol);
    const series = shelf.series.get(timeframe)!;
    const first = columns.openTime[0] ?? NaN;
    const restart = !shelf.warmed.has(timeframe) || first > closeTimeOf(timeframe, series.lastOpenTime);
    if (restart) series.clear();
    shelf.warmed.add(timeframe);
    let corrections = 0;
    let appended = 0;
    for (let i = 0; i < columns.openTime.length; i++) {
      const row = readRow(columns, i);
      const known = series.at(row.openTime);
      if (known && !sameCandle(known, row) && series.replace(row)) corrections++;
      if (series.count > 0 && row.openTime <= series.lastOpenTime) continue;
      series.append(row);
      appended++;
    }
    const released = timeframe === '1m' ? this.#release(shelf) : [];
    return { changed: restart || corrections + appended + released.length > 0, corrections, released };
  }

  /** Sums what the minutes allow onto a longer series. @returns the candles added */
  catchUp(symbol: Pair, timeframe: Timeframe, receivedAt: number): readonly Candle[] {
    const shelf = this.#shelf(symbol);
    const series = shelf.series.get(timeframe)!;
    const added: Candle[] = [];
    if (timeframe === '1m' || !shelf.warmed.has(timeframe) || series.count === 0) return added;
    const base = shelf.series.get(baseOf(timeframe))!;
    for (;;) {
      const sum = aggregate(base, timeframe, closeTimeOf(timeframe, series.lastOpenTime));
      if (!sum) return added;
      series.append(sum);
      added.push({ symbol, timeframe, ...sum, source: 'aggregate', receivedAt });
    }
  }

  /** @returns why the series cannot answer for the interval, or undefined where its newest candle is the interval's */
  absence(symbol: Pair, timeframe: Timeframe, openTime: number): Abstention | undefined {
    const { series, warmed, held } = this.#shelf(symbol);
    const newest = series.get(timeframe)!.lastOpenTime;
    if (newest === openTime) return undefined;
    if (newest > openTime) return 'CANDLE_LATE';
    if (!warmed.has(timeframe)) return 'WARMING_UP';
    const lastMinute = closeTimeOf(timeframe, openTime) - MINUTE;
    const minuteIsHere =
      series.get('1m')!.lastOpenTime >= lastMinute || held.some((candle) => candle.openTime === lastMinute);
    return minuteIsHere || newest < openTime - durationOf(timeframe) ? 'GAP' : 'CANDLE_MISSING';
  }

  state(symbol: Pair, timeframe: Timeframe): SeriesState {
    const { series, warmed, held } = this.#shelf(symbol);
    if (!warmed.has(timeframe)) return 'warming';
    if (held.length > 0) return 'gap';
    const minutesReach = series.get('1m')!.lastOpenTime + MINUTE;
    const lastDue = openTimeAt(timeframe, minutesReach) - durationOf(timeframe);
    return series.get(timeframe)!.lastOpenTime < lastDue ? 'gap' : 'ok';
  }

  #shelf(symbol: Pair): Shelf {
    return this.#shelves.get(symbol)!;
  }

  #hold(shelf: Shelf, minute: Candle, gap: boolean): Absorbed {
    const { capacity } = shelf.series.get('1m')!;
    shelf.held = shelf.held.filter(({ openTime }) => openTime !== minute.openTime).slice(1 - capacity);
    shelf.held.push(minute);
    return { kind: 'held', gap };
  }

  #release(shelf: Shelf): readonly Candle[] {
    const series = shelf.series.get('1m')!;
    const released: Candle[] = [];
    for (const minute of [...shelf.held].sort((a, b) => a.openTime - b.openTime)) {
      if (series.count > 0 && minute.openTime !== series.lastOpenTime + MINUTE) continue;
      series.append(minute);
      released.push(minute);
    }
    shelf.held = shelf.held.filter((minute) => minute.openTime > series.lastOpenTime);
    return released;
  }

  #complete(shelf: Shelf, minute: Candle): { candles: readonly Candle[]; short: boolean } {
    const candles: Candle[] = [minute];
    let short = false;
    const close = minute.openTime + MINUTE;
    for (const timeframe of this.kept.slice(1)) {
      const series = shelf.series.get(timeframe)!;
      const openTime = close - durationOf(timeframe);
      if (close % durationOf(timeframe) !== 0 || !shelf.warmed.has(timeframe) || series.lastOpenTime >= openTime)
        continue;
      const follows = series.count === 0 || closeTimeOf(timeframe, series.lastOpenTime) === openTime;
      const sum = follows ? aggregate(shelf.series.get(baseOf(timeframe))!, timeframe, openTime) : undefined;
      if (sum) {
        series.append(sum);
        candles.push({ ...minute, timeframe, ...sum, source: 'aggregate' });
      } else if (series.count > 0) short = true;
    }
    return { candles, short };
  }

  #correct(shelf: Shelf, minute: Candle): Absorbed {
    shelf.series.get('1m')!.replace(minute);
    const candles: Candle[] = [minute];
    for (const timeframe of this.kept.slice(1)) {
      const series = shelf.series.get(timeframe)!;
      const known = series.at(openTimeAt(timeframe, minute.openTime));
      const sum = known && aggregate(shelf.series.get(baseOf(timeframe))!, timeframe, known.openTime);
      if (!known || !sum || sameCandle(known, sum)) continue;
      series.replace(sum);
      candles.push({ ...minute, timeframe, ...sum, source: 'aggregate' });
    }
    return { kind: 'corrected', candles };
  }
}

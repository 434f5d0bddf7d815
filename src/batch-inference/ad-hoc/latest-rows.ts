import type { Abstention } from '../../domain/abstention.js';
import type { ActiveModel } from '../../domain/model.js';
import type { Pair } from '../../domain/pair.js';
import type { Timeframe } from '../../domain/timeframe.js';
import type { Floats } from '../../engines/inference.engine.js';
import type { SeriesBook } from '../series-book.js';

/** The newest feature rows of live series, as a model reads them. */
export interface LatestRows {
  readonly rows: number;
  /** [rows × window × features], of the model's own input type. */
  readonly input: Floats;
  /** [rows] whose row it is, and the open time (UTC ms, exchange time) of its newest candle. */
  readonly packed: readonly Pair[];
  readonly openTimes: readonly number[];
  /** The other symbols, each with its reason; all of them NO_MODEL where the model does not read this project's features. */
  readonly absent: ReadonlyMap<Pair, Abstention>;
}

/**
 * By the same rules as the trading path: a hole, too few candles or a number that is none leaves the symbol out.
 * @param columns where the model's features stand in the feature table; undefined: it reads others
 */
export function latestRowsOf(
  book: SeriesBook,
  { window, features, dtype }: Pick<ActiveModel, 'window' | 'features' | 'dtype'>,
  columns: Int32Array | undefined,
  timeframe: Timeframe,
  symbols: readonly Pair[],
): LatestRows {
  const width = window * features.length;
  const rows = new Float32Array(symbols.length * width);
  const absent = new Map<Pair, Abstention>();
  const packed: Pair[] = [];
  const openTimes: number[] = [];
  for (const symbol of symbols) {
    const offset = packed.length * width;
    const openTime = book.newest(symbol, timeframe);
    const reason = columns
      ? copyInto(rows, offset, { book, columns, window, symbol, timeframe, openTime })
      : 'NO_MODEL';
    if (reason) {
      absent.set(symbol, reason);
      continue;
    }
    packed.push(symbol);
    openTimes.push(openTime!);
  }
  const filled = rows.subarray(0, packed.length * width);
  const input = dtype.input === 'float32' ? filled : Float64Array.from(filled);
  return { rows: packed.length, input, packed, openTimes, absent };
}

interface Wanted {
  readonly book: SeriesBook;
  readonly columns: Int32Array;
  readonly window: number;
  readonly symbol: Pair;
  readonly timeframe: Timeframe;
  /** Of the series' newest candle; undefined: there is none. */
  readonly openTime: number | undefined;
}

function copyInto(
  rows: Float32Array,
  offset: number,
  { book, columns, window, symbol, timeframe, openTime }: Wanted,
): Abstention | undefined {
  if (openTime === undefined) return 'CANDLE_MISSING';
  const reason = book.absence(symbol, timeframe, openTime);
  if (reason) return reason;
  if (!book.copy(book.find(symbol, timeframe)!, columns, window, rows, offset)) return 'WARMING_UP';
  return rows.subarray(offset, offset + window * columns.length).every(Number.isFinite) ? undefined : 'NOT_FINITE';
}

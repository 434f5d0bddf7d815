import type { Abstention } from '../../domain/abstention.js';
import type { ActiveModel } from '../../domain/model.js';
import type { Pair } from '../../domain/pair.js';
import type { Timeframe } from '../../domain/timeframe.js';
import type { Floats } from '../../engines/inference.engine.js';
import type { Gate } from '../drift/gate.js';
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

/** How a model reads rows of series. */
export interface Reading {
  readonly model: Pick<ActiveModel, 'window' | 'features' | 'dtype'>;
  /** Where its features stand in the feature table; empty: it reads others. */
  readonly columns: Int32Array;
  /** Absent: no row is unlike its training. */
  readonly gate: Gate | undefined;
}

/**
 * By the same rules as the trading path: a hole, too few candles, a number that is none, or a row unlike the training leaves
 * the symbol out.
 */
export function latestRowsOf(
  book: SeriesBook,
  reading: Reading,
  timeframe: Timeframe,
  symbols: readonly Pair[],
): LatestRows {
  const { window, features, dtype } = reading.model;
  const width = window * features.length;
  const rows = new Float32Array(symbols.length * width);
  const absent = new Map<Pair, Abstention>();
  const packed: Pair[] = [];
  const openTimes: number[] = [];
  for (const symbol of symbols) {
    const openTime = book.newest(symbol, timeframe);
    const into = rows.subarray(packed.length * width, (packed.length + 1) * width);
    const reason = copyInto(into, reading, { book, symbol, timeframe, openTime });
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

interface Newest {
  readonly book: SeriesBook;
  readonly symbol: Pair;
  readonly timeframe: Timeframe;
  /** Of the series' newest candle; undefined: there is none. */
  readonly openTime: number | undefined;
}

/** @param row [window × features] @returns why it is not to be used */
function copyInto(
  row: Float32Array,
  { model, columns, gate }: Reading,
  { book, symbol, timeframe, openTime }: Newest,
): Abstention | undefined {
  if (columns.length === 0) return 'NO_MODEL';
  if (openTime === undefined) return 'CANDLE_MISSING';
  const reason = book.absence(symbol, timeframe, openTime);
  if (reason) return reason;
  if (!book.copy(book.find(symbol, timeframe)!, columns, model.window, row, 0)) return 'WARMING_UP';
  if (!row.every(Number.isFinite)) return 'NOT_FINITE';
  return !gate || gate.admits(row, row.length - gate.columns) ? undefined : 'OUT_OF_DISTRIBUTION';
}

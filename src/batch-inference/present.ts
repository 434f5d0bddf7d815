import type { Abstention } from '../domain/abstention.js';
import type { Interval } from '../domain/interval.js';
import type { SeriesBook } from './series-book.js';

/** What an interval has to offer, before any model asks. */
export interface Present {
  /** Rows with a candle, and their series. */
  readonly rows: Int32Array;
  readonly series: Int32Array;
  /** The other rows, each with its reason. */
  readonly absent: ReadonlyMap<number, Abstention>;
  /** [symbols] last close and ATR(14), quote per base; NaN in the rows without a candle. */
  readonly close: Float64Array;
  readonly atr: Float64Array;
}

/** @returns which of the interval's symbols have their candle in the book; row i is `symbols[i]` */
export function presentIn(book: SeriesBook, { timeframe, openTime, symbols, absent }: Interval): Present {
  const rows = new Int32Array(symbols.length);
  const series = new Int32Array(symbols.length);
  const close = new Float64Array(symbols.length).fill(NaN);
  const atr = new Float64Array(symbols.length).fill(NaN);
  const reasons = new Map<number, Abstention>();
  let count = 0;
  for (let row = 0; row < symbols.length; row += 1) {
    const symbol = symbols[row]!;
    const reason = absent.get(symbol) ?? book.absence(symbol, timeframe, openTime);
    if (reason) {
      reasons.set(row, reason);
      continue;
    }
    const number = book.find(symbol, timeframe)!;
    close[row] = book.close(number);
    atr[row] = book.atr(number);
    rows[count] = row;
    series[count] = number;
    count += 1;
  }
  return { rows: rows.subarray(0, count), series: series.subarray(0, count), absent: reasons, close, atr };
}

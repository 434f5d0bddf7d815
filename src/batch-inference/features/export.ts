import { durationOf } from '../../domain/timeframe.js';
import type { CandleColumns } from '../../domain/candle.js';
import { FeatureStore } from './feature-store.js';
import { FEATURE_NAMES } from './feature-table.js';

/** Every warm row of one series, in time order, computed as live rows are. */
export interface FeatureRows {
  readonly names: readonly string[];
  /** [rows] UTC ms. */
  readonly openTime: Float64Array;
  /** [rows] quote per base; the candle each row belongs to. */
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  /** [rows] ATR(14) in quote. */
  readonly atr: Float64Array;
  /** [rows × names] */
  readonly rows: Float32Array;
  /** Places where the candles were not contiguous; the rows after each are warm again only WARM_UP candles later. */
  readonly gaps: number;
}

/** @param columns candles in time order; a gap starts the features afresh, as it does live */
export function exportRows(columns: CandleColumns): FeatureRows {
  const total = columns.openTime.length;
  const width = FEATURE_NAMES.length;
  const all = Int32Array.from({ length: width }, (_, i) => i);
  const duration = durationOf(columns.timeframe);
  const store = new FeatureStore(1, 1);
  const rows = new Float32Array(total * width);
  const at = new Int32Array(total);
  const atr = new Float64Array(total);
  let [kept, gaps] = [0, 0];
  for (let i = 0; i < total; i++) {
    if (i > 0 && columns.openTime[i] !== columns.openTime[i - 1] + duration) {
      gaps++;
      store.reset(0);
    }
    const { openTime, open, high, low, close, volume } = columns;
    store.absorb(0, openTime[i], duration, open[i], high[i], low[i], close[i], volume[i]);
    if (!store.warm(0)) continue;
    store.copyRow(0, all, rows, kept * width);
    atr[kept] = store.atr(0);
    at[kept++] = i;
  }
  const pick = (column: Float64Array) => Float64Array.from(at.subarray(0, kept), (i) => column[i]);
  return {
    names: FEATURE_NAMES,
    openTime: pick(columns.openTime),
    open: pick(columns.open),
    high: pick(columns.high),
    low: pick(columns.low),
    close: pick(columns.close),
    atr: atr.slice(0, kept),
    rows: rows.slice(0, kept * width),
    gaps,
  };
}

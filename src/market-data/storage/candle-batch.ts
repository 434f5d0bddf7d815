import type { Candle, CandleColumns, CandleSource } from '../../domain/candle.js';

/** Candles on their way to the table: one plain array a column, as one statement takes them. */
export class CandleBatch {
  readonly symbol: string[] = [];
  readonly timeframe: string[] = [];
  readonly openTime: number[] = [];
  readonly open: number[] = [];
  readonly high: number[] = [];
  readonly low: number[] = [];
  readonly close: number[] = [];
  readonly volume: number[] = [];
  readonly source: CandleSource[] = [];

  /** @param fetched whether it takes history alone, which the exchange tells again */
  constructor(readonly fetched = false) {}

  get size(): number {
    return this.symbol.length;
  }

  add(candle: Candle): void {
    this.symbol.push(candle.symbol);
    this.timeframe.push(candle.timeframe);
    this.openTime.push(candle.openTime);
    this.open.push(candle.open);
    this.high.push(candle.high);
    this.low.push(candle.low);
    this.close.push(candle.close);
    this.volume.push(candle.volume);
    this.source.push(candle.source);
  }

  addColumns(columns: CandleColumns, source: CandleSource): void {
    for (const name of ['openTime', 'open', 'high', 'low', 'close', 'volume'] as const) {
      for (const value of columns[name]) this[name].push(value);
    }
    for (let i = 0; i < columns.openTime.length; i++) {
      this.symbol.push(columns.symbol);
      this.timeframe.push(columns.timeframe);
      this.source.push(source);
    }
  }
}

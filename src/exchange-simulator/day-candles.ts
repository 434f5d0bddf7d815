/** One candle in whole units: prices in ticks, volumes in steps, quote volumes in ticks × steps. */
export interface UnitCandle {
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  quote: number;
  /** The parts of volume and quote in which the taker bought. */
  takerVolume: number;
  takerQuote: number;
  trades: number;
  /** Trades of the day before this candle. */
  tradesBefore: number;
}

/** The candles of one symbol and UTC day as columns, in whole units: no sum of them is ever rounded below 2^53. */
export class DayCandles {
  readonly open: Int32Array;
  readonly high: Int32Array;
  readonly low: Int32Array;
  readonly close: Int32Array;
  readonly volume: Float64Array;
  readonly quote: Float64Array;
  readonly takerVolume: Float64Array;
  readonly takerQuote: Float64Array;
  /** [length + 1] trades of the day before each candle; the last entry is the day's count. */
  readonly tradesBefore: Uint32Array;

  constructor(readonly length: number) {
    const block = new ArrayBuffer(length * 48 + (length + 1) * 4); // one block a day: thousands of days are kept
    const wide = (column: number) => new Float64Array(block, column * length * 8, length);
    const narrow = (column: number) => new Int32Array(block, length * 32 + column * length * 4, length);
    this.volume = wide(0);
    this.quote = wide(1);
    this.takerVolume = wide(2);
    this.takerQuote = wide(3);
    this.open = narrow(0);
    this.high = narrow(1);
    this.low = narrow(2);
    this.close = narrow(3);
    this.tradesBefore = new Uint32Array(block, length * 48, length + 1);
  }

  /** @returns the candle that rows from..to-1 make together; at least one row */
  fold(from: number, to: number): UnitCandle {
    const folded: UnitCandle = {
      open: this.open[from],
      high: this.high[from],
      low: this.low[from],
      close: this.close[to - 1],
      volume: 0,
      quote: 0,
      takerVolume: 0,
      takerQuote: 0,
      trades: this.tradesBefore[to] - this.tradesBefore[from],
      tradesBefore: this.tradesBefore[from],
    };
    for (let i = from; i < to; i++) {
      if (this.high[i] > folded.high) folded.high = this.high[i];
      if (this.low[i] < folded.low) folded.low = this.low[i];
      folded.volume += this.volume[i];
      folded.quote += this.quote[i];
      folded.takerVolume += this.takerVolume[i];
      folded.takerQuote += this.takerQuote[i];
    }
    return folded;
  }

  /** Overwrites row `at`. */
  put(at: number, candle: UnitCandle): void {
    this.open[at] = candle.open;
    this.high[at] = candle.high;
    this.low[at] = candle.low;
    this.close[at] = candle.close;
    this.volume[at] = candle.volume;
    this.quote[at] = candle.quote;
    this.takerVolume[at] = candle.takerVolume;
    this.takerQuote[at] = candle.takerQuote;
    this.tradesBefore[at] = candle.tradesBefore;
    this.tradesBefore[at + 1] = candle.tradesBefore + candle.trades;
  }

  /**
   * The candle of row `at` while it still forms. Its price walks open → one extreme → the other → close in straight lines,
   * the extreme that lies against the move first.
   * @param share of the row's time that has passed, 0 ≤ share < 1
   */
  forming(at: number, share: number): UnitCandle {
    const open = this.open[at];
    const close = this.close[at];
    const rises = close >= open;
    const first = rises ? this.low[at] : this.high[at];
    const second = rises ? this.high[at] : this.low[at];
    const price = walk(open, first, second, close, share);
    const seen = [open, price];
    if (share >= FIRST_EXTREME) seen.push(first);
    if (share >= SECOND_EXTREME) seen.push(second);
    return {
      open,
      high: Math.max(...seen),
      low: Math.min(...seen),
      close: price,
      volume: Math.floor(this.volume[at] * share),
      quote: Math.floor(this.quote[at] * share),
      takerVolume: Math.floor(this.takerVolume[at] * share),
      takerQuote: Math.floor(this.takerQuote[at] * share),
      trades: Math.floor((this.tradesBefore[at + 1] - this.tradesBefore[at]) * share),
      tradesBefore: this.tradesBefore[at],
    };
  }
}

/** Shares of a minute after which its extremes are reached. */
const FIRST_EXTREME = 0.3;
const SECOND_EXTREME = 0.7;

function walk(open: number, first: number, second: number, close: number, share: number): number {
  if (share < FIRST_EXTREME) return between(open, first, share / FIRST_EXTREME);
  if (share < SECOND_EXTREME) return between(first, second, (share - FIRST_EXTREME) / (SECOND_EXTREME - FIRST_EXTREME));
  return between(second, close, (share - SECOND_EXTREME) / (1 - SECOND_EXTREME));
}

function between(from: number, to: number, share: number): number {
  return Math.round(from + (to - from) * share);
}

/** @returns the candle of two that follow one another */
export function join(earlier: UnitCandle, later: UnitCandle): UnitCandle {
  return {
    open: earlier.open,
    high: Math.max(earlier.high, later.high),
    low: Math.min(earlier.low, later.low),
    close: later.close,
    volume: earlier.volume + later.volume,
    quote: earlier.quote + later.quote,
    takerVolume: earlier.takerVolume + later.takerVolume,
    takerQuote: earlier.takerQuote + later.takerQuote,
    trades: earlier.trades + later.trades,
    tradesBefore: earlier.tradesBefore,
  };
}

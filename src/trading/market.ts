import type { Instrument } from '../domain/instrument.js';
import { fromNumber, type Price } from '../domain/money.js';
import type { Pair } from '../domain/pair.js';
import type { Mark } from './risk.js';

/** What trading was told of the market: the exchange's rules and each symbol's newest close. Outlives a rebuilt ledger. */
export class Market {
  readonly #instruments = new Map<Pair, Instrument>();
  readonly #closes = new Map<Pair, { readonly close: number; readonly at: number }>();
  #heard: number | undefined;

  /** Newest close of any candle, exchange time; undefined until the first. No clock is believed before it. */
  get heard(): number | undefined {
    return this.#heard;
  }

  get instruments(): number {
    return this.#instruments.size;
  }

  list(instruments: readonly Instrument[]): void {
    this.#instruments.clear();
    for (const instrument of instruments) this.#instruments.set(instrument.symbol, instrument);
  }

  instrument(symbol: Pair): Instrument | undefined {
    return this.#instruments.get(symbol);
  }

  /** @param at close of the candle, exchange time; one older than known changes nothing */
  remember(symbol: Pair, close: number, at: number): void {
    const known = this.#closes.get(symbol);
    if (!known || known.at <= at) this.#closes.set(symbol, { close, at });
    this.#heard = Math.max(this.#heard ?? at, at);
  }

  mark(symbol: Pair): Mark | undefined {
    const known = this.#closes.get(symbol);
    return known && { price: fromNumber<Price>(known.close, 'nearest'), at: known.at };
  }
}

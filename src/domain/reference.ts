import type { Timeframe } from './timeframe.js';

/** How one number was spread over the training rows: shares of rows between edges. */
export interface Spread {
  /** Ascending; bin i holds edges[i-1] < x ≤ edges[i], the first and last are open. */
  readonly edges: readonly number[];
  /** One more than edges; they add up to 1. */
  readonly shares: readonly number[];
}

/** Every column of some rows. */
export interface Spreads {
  /** In the order of the model's features; of the newest candle for a model that reads a window. */
  readonly features: readonly Spread[];
  /** In the order of the output's columns. */
  readonly outputs: readonly Spread[];
}

/** What a model's training rows looked like, kept in its manifest: what live rows are compared with. */
export interface Reference extends Spreads {
  /** Rows it was taken from. */
  readonly rows: number;
  /** Of each timeframe's rows alone: a minute's returns are small beside an hour's. One that is absent is compared with the whole. */
  readonly timeframes?: Readonly<Partial<Record<Timeframe, Spreads>>>;
  /**
   * Mean over the features that vary (std > 0) of ((x − mean) / std)², of the newest candle: a row above `limit` is unlike
   * anything that training saw. `limit` is above all but 1 in 10,000 of the training rows.
   */
  readonly distance: { readonly limit: number };
}

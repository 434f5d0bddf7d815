/** What a home remembers of its simulated market: the seed it is made of, and how far it has come (UTC ms). */
export interface SimulatedMarket {
  readonly seed: number;
  readonly exchangeTime: number;
}

/** Where a new simulated market begins. */
export const FIRST_START = Date.UTC(2025, 5, 1);

export type Resumed = { readonly start: number } | { readonly refused: string };

/**
 * Exchange time goes on where it stopped, never back: after a crash the saved time may be behind what is in the database.
 * @param saved what the home remembers, if anything
 * @param newestClose close time (UTC ms) of the newest stored 1m candle, if any
 */
export function resume(seed: number, saved: SimulatedMarket | undefined, newestClose: number | undefined): Resumed {
  if (saved && saved.seed !== seed && newestClose !== undefined) {
    const data = `The data here come from the simulated market of SIMULATOR_SEED=${saved.seed}, not of ${seed}`;
    return { refused: `${data}. Set it back, or use another ALPHAPULSE_HOME for another market.` };
  }
  const resumed = saved?.seed === seed ? saved.exchangeTime : FIRST_START;
  return { start: Math.ceil(Math.max(resumed, newestClose ?? 0)) };
}

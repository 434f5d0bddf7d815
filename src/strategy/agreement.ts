import type { Pair } from '../domain/pair.js';
import { closeTimeOf, durationOf, TIMEFRAMES, type Timeframe } from '../domain/timeframe.js';
import type { Side } from './vote.js';

/** The newest vote of every symbol on one timeframe. */
export interface Votes {
  readonly timeframe: Timeframe;
  /** Open time of the candle voted on, UTC ms. */
  readonly openTime: number;
  readonly symbols: readonly Pair[];
  /** [symbols] the `Side` of each. */
  readonly sides: Int8Array;
}

/**
 * A vote holds until one candle of its timeframe after its close; one from the future (a replay has rewound) does not
 * count.
 * @param now exchange time, UTC ms
 * @returns the votes of the timeframes that still hold, shortest timeframe first
 */
export function holding(votes: ReadonlyMap<Timeframe, Votes>, now: number): Votes[] {
  return TIMEFRAMES.flatMap((timeframe) => {
    const newest = votes.get(timeframe);
    if (!newest) return [];
    const age = now - closeTimeOf(timeframe, newest.openTime);
    return age >= 0 && age <= durationOf(timeframe) ? [newest] : [];
  });
}

/** @returns how many of `votes` point to `side` for the symbol; `row` is where it stands, if in the usual order */
export function pointing(votes: readonly Votes[], symbol: Pair, row: number, side: Side): number {
  let count = 0;
  for (const vote of votes) if (sideIn(vote, symbol, row) === side) count++;
  return count;
}

/** @returns the timeframes of `votes` that point to `side` for the symbol */
export function timeframesPointing(votes: readonly Votes[], symbol: Pair, row: number, side: Side): Timeframe[] {
  return votes.filter((vote) => sideIn(vote, symbol, row) === side).map(({ timeframe }) => timeframe);
}

function sideIn({ symbols, sides }: Votes, symbol: Pair, row: number): number {
  return sides[symbols[row] === symbol ? row : symbols.indexOf(symbol)] ?? 0;
}

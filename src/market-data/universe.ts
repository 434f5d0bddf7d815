import type { Instrument } from '../domain/instrument.js';
import type { Pair } from '../domain/pair.js';

/** Symbols in force; those only followed, for their price, are told apart. */
export interface Universe {
  /** Asked for: they take part in intervals. */
  readonly instruments: readonly Instrument[];
  /** Not asked for any more, but something of them is open: they get candles, and take part in nothing. */
  readonly followed: readonly Instrument[];
  /** Something of them is open, and the exchange does not trade them any more: they get no candle. */
  readonly gone: readonly Pair[];
}

/**
 * Resolves SYMBOLS against what the exchange trades.
 * @param wanted a count takes that many of the exchange's USDT pairs, in its order (all of them where it has fewer); a
 *   list is taken as it stands
 * @param held symbols of which something is open
 * @returns the instruments in force, in a fixed order, or the pairs that the exchange does not trade and of which nothing
 *   is open: mistyped, most likely
 */
export function resolveUniverse(
  wanted: number | readonly Pair[],
  listed: readonly Instrument[],
  held: readonly Pair[] = [],
): Universe | { readonly unknown: readonly Pair[] } {
  const universeOf = (instruments: readonly Instrument[]): Universe => ({
    instruments,
    followed: listed.filter(
      (instrument) =>
        held.includes(instrument.symbol) && !instruments.some(({ symbol }) => symbol === instrument.symbol),
    ),
    gone: held.filter((symbol) => !listed.some((instrument) => instrument.symbol === symbol)),
  });
  if (typeof wanted === 'number') {
    return universeOf(listed.filter(({ symbol }) => symbol.endsWith('/USDT')).slice(0, wanted));
  }
  const bySymbol = new Map(listed.map((instrument) => [instrument.symbol, instrument]));
  const unknown = wanted.filter((symbol) => !bySymbol.has(symbol) && !held.includes(symbol));
  return unknown.length > 0 ? { unknown } : universeOf(wanted.flatMap((symbol) => bySymbol.get(symbol) ?? []));
}

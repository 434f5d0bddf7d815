import type { Instrument } from '../domain/instrument.js';
import type { Pair } from '../domain/pair.js';

/**
 * Resolves SYMBOLS against what the exchange trades.
 * @param wanted a count takes that many of the exchange's USDT pairs, in its order (all of them where it has fewer); a
 *   list is taken as it stands
 * @returns the instruments in force, in a fixed order, or the pairs that the exchange does not trade
 */
export function resolveUniverse(
  wanted: number | readonly Pair[],
  listed: readonly Instrument[],
): { readonly instruments: readonly Instrument[] } | { readonly unknown: readonly Pair[] } {
  if (typeof wanted === 'number') {
    return { instruments: listed.filter(({ symbol }) => symbol.endsWith('/USDT')).slice(0, wanted) };
  }
  const bySymbol = new Map(listed.map((instrument) => [instrument.symbol, instrument]));
  const unknown = wanted.filter((symbol) => !bySymbol.has(symbol));
  return unknown.length > 0 ? { unknown } : { instruments: wanted.map((symbol) => bySymbol.get(symbol)!) };
}

/** A spot pair in ccxt's spelling, `BASE/QUOTE`: `BTC/USDT`. */
export type Pair = `${string}/${string}`;

/** Quote assets that an exchange symbol may end in, longest first where one ends in another. */
const QUOTES = ['FDUSD', 'USDT', 'USDC', 'TUSD', 'BTC', 'ETH', 'BNB', 'EUR', 'TRY'] as const;

/**
 * Reads a pair in any spelling users bring: `BTC/USDT`, `BTC-USDT`, `btcusdt`.
 * @returns the pair, or undefined when no known quote asset ends the text
 */
export function parsePair(text: string): Pair | undefined {
  const upper = text.trim().toUpperCase();
  const split = /^([A-Z0-9]{1,20})[/-]([A-Z0-9]{2,10})$/.exec(upper);
  if (split) return `${split[1]}/${split[2]}`;
  if (!/^[A-Z0-9]{3,30}$/.test(upper)) return undefined;
  const quote = QUOTES.find((candidate) => upper.endsWith(candidate) && upper.length > candidate.length);
  return quote && `${upper.slice(0, -quote.length)}/${quote}`;
}

/** @returns the exchange's spelling, `BTCUSDT` */
export function exchangeSymbolOf(pair: Pair): string {
  return pair.replace('/', '');
}

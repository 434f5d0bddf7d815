import type { Instrument } from '../../domain/instrument.js';
import { money, NotExact, price, quantity } from '../../domain/money.js';

export interface ExchangeInfo {
  /** What trades on spot and can be read exactly, in the exchange's order. */
  readonly instruments: readonly Instrument[];
  /** What is listed and left out, with the reason. */
  readonly skipped: readonly { readonly symbol: string; readonly reason: string }[];
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads the answer of `GET /api/v3/exchangeInfo`. Steps and limits become exact numbers from their decimal strings.
 * @returns the instruments, or what is wrong with the answer as a whole
 */
export function readExchangeInfo(raw: unknown): ExchangeInfo | { readonly fault: string } {
  const symbols = isObject(raw) ? raw['symbols'] : undefined;
  if (!Array.isArray(symbols)) return { fault: 'the answer holds no list of symbols' };
  const instruments: Instrument[] = [];
  const skipped: { symbol: string; reason: string }[] = [];
  for (const entry of symbols as unknown[]) {
    const read = isObject(entry) ? readInstrument(entry) : 'it is not an object';
    if (typeof read !== 'string') instruments.push(read);
    else skipped.push({ symbol: isObject(entry) ? String(entry['symbol']) : '?', reason: read });
  }
  return { instruments, skipped };
}

function readInstrument(entry: Json): Instrument | string {
  const { baseAsset: base, quoteAsset: quote, status } = entry;
  if (status !== 'TRADING') return `its status is ${String(status)}`;
  if (entry['isSpotTradingAllowed'] === false) return 'spot trading is not allowed';
  if (typeof base !== 'string' || typeof quote !== 'string' || !/^[A-Z0-9]+$/.test(base + quote)) {
    return 'its assets are not plain letters and digits';
  }
  const filters = (Array.isArray(entry['filters']) ? entry['filters'] : []).filter(isObject);
  const find = (type: string) => filters.find((filter) => filter['filterType'] === type);
  const [tick, lot, notional] = [find('PRICE_FILTER'), find('LOT_SIZE'), find('NOTIONAL') ?? find('MIN_NOTIONAL')];
  if (!tick || !lot || !notional) return 'PRICE_FILTER, LOT_SIZE or NOTIONAL is missing';
  try {
    return {
      symbol: `${base}/${quote}`,
      tickSize: price(String(tick['tickSize'])),
      stepSize: quantity(String(lot['stepSize'])),
      minQuantity: quantity(String(lot['minQty'])),
      minNotional: money(String(notional['minNotional'])),
    };
  } catch (error) {
    if (error instanceof NotExact) return error.message;
    throw error;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import type { Pair } from '../domain/pair.js';

/** Groups whose members move together beyond what the whole market does. */
export const SECTORS = ['store', 'chain', 'scaling', 'defi', 'meme', 'machine', 'play', 'payment'] as const;
export type Sector = (typeof SECTORS)[number];

/** One pair that the simulated exchange trades, and how its price behaves. */
export interface Listing {
  /** The exchange's spelling, `BTCUSDT`. */
  readonly symbol: string;
  readonly pair: Pair;
  readonly base: string;
  /** Level that the price reverts to over years, and starts from: USDT per base. */
  readonly price: number;
  /** The price grid is 10^-priceDecimals USDT; the quantity grid 10^-stepDecimals base. Their sum is at most 8. */
  readonly priceDecimals: number;
  readonly stepDecimals: number;
  readonly sector: Sector;
  /** Loads on the market factor and on the sector factor. */
  readonly beta: number;
  readonly gamma: number;
  /** Annual volatility of the log price, all parts together: 0.5 is 50 %. */
  readonly volatility: number;
  /** Mean traded value a day, USDT. */
  readonly turnover: number;
}

type Line = readonly [string, number, number, number, Sector, number, number, number, number];

/** base, price, price decimals, step decimals, sector, beta, gamma, annual volatility, turnover a day in millions of USDT */
const LINES: readonly Line[] = [
  ['BTC', 68000, 2, 5, 'store', 1.0, 0.2, 0.5, 1800],
  ['ETH', 2900, 2, 4, 'chain', 1.3, 0.4, 0.66, 1100],
  ['BNB', 600, 2, 3, 'payment', 1.0, 0.5, 0.6, 250],
  ['SOL', 150, 2, 3, 'chain', 1.5, 0.7, 0.88, 500],
  ['XRP', 0.62, 4, 1, 'payment', 1.25, 0.8, 0.85, 600],
  ['ADA', 0.45, 4, 1, 'chain', 1.4, 0.7, 0.86, 160],
  ['DOGE', 0.13, 5, 0, 'meme', 1.5, 0.8, 0.95, 420],
  ['AVAX', 28, 2, 2, 'chain', 1.6, 0.7, 0.93, 120],
  ['LINK', 14, 2, 2, 'defi', 1.5, 0.6, 0.88, 140],
  ['DOT', 6.2, 3, 2, 'chain', 1.4, 0.7, 0.84, 70],
  ['TRX', 0.13, 5, 1, 'payment', 0.7, 0.4, 0.8, 90],
  ['POL', 0.55, 4, 1, 'scaling', 1.5, 0.8, 0.92, 60],
  ['LTC', 80, 2, 3, 'store', 1.2, 0.8, 0.8, 130],
  ['SHIB', 0.000018, 8, 0, 'meme', 1.4, 0.9, 0.95, 130],
  ['BCH', 400, 2, 3, 'store', 1.25, 0.9, 0.85, 70],
  ['UNI', 8.5, 3, 2, 'defi', 1.5, 0.9, 0.96, 80],
  ['ATOM', 7.1, 3, 2, 'chain', 1.4, 0.7, 0.85, 40],
  ['XLM', 0.11, 5, 0, 'payment', 1.2, 1.0, 0.86, 70],
  ['ETC', 24, 2, 2, 'store', 1.3, 0.9, 0.85, 50],
  ['NEAR', 5.2, 3, 1, 'machine', 1.6, 0.8, 0.98, 110],
  ['APT', 9.1, 3, 2, 'chain', 1.6, 0.8, 0.98, 60],
  ['FIL', 5.1, 3, 2, 'machine', 1.5, 0.6, 0.95, 50],
  ['ARB', 0.95, 4, 1, 'scaling', 1.6, 1.0, 0.97, 70],
  ['OP', 1.9, 3, 2, 'scaling', 1.6, 1.0, 0.98, 60],
  ['ICP', 10.5, 3, 2, 'machine', 1.4, 0.7, 0.95, 40],
  ['HBAR', 0.09, 5, 0, 'payment', 1.4, 0.9, 0.98, 60],
  ['VET', 0.031, 5, 1, 'payment', 1.4, 0.6, 0.88, 25],
  ['INJ', 24, 2, 2, 'defi', 1.6, 0.9, 1.0, 45],
  ['IMX', 1.7, 4, 2, 'scaling', 1.5, 0.9, 0.96, 25],
  ['GRT', 0.22, 4, 0, 'machine', 1.5, 0.8, 0.97, 20],
  ['AAVE', 110, 2, 3, 'defi', 1.4, 1.0, 0.92, 75],
  ['ALGO', 0.18, 4, 0, 'chain', 1.4, 0.7, 0.88, 25],
  ['RUNE', 4.6, 3, 1, 'defi', 1.5, 1.0, 1.0, 35],
  ['SEI', 0.42, 4, 1, 'chain', 1.6, 0.9, 1.02, 45],
  ['SUI', 1.4, 4, 1, 'chain', 1.6, 0.9, 1.05, 220],
  ['TIA', 8.2, 3, 2, 'scaling', 1.6, 0.9, 1.05, 60],
  ['PEPE', 0.0000095, 8, 0, 'meme', 1.6, 1.3, 1.18, 350],
  ['WIF', 2.4, 3, 2, 'meme', 1.7, 1.4, 1.2, 150],
  ['BONK', 0.000024, 8, 0, 'meme', 1.6, 1.3, 1.16, 90],
  ['FLOKI', 0.00017, 8, 0, 'meme', 1.6, 1.3, 1.12, 60],
  ['RENDER', 6.4, 3, 2, 'machine', 1.6, 1.1, 1.02, 50],
  ['FET', 1.5, 4, 1, 'machine', 1.6, 1.2, 1.06, 80],
  ['TAO', 420, 2, 4, 'machine', 1.6, 1.2, 1.06, 70],
  ['WLD', 3.1, 3, 1, 'machine', 1.6, 1.2, 1.1, 90],
  ['JUP', 0.95, 4, 1, 'defi', 1.6, 0.9, 1.0, 35],
  ['PYTH', 0.4, 4, 1, 'defi', 1.5, 0.8, 0.98, 20],
  ['STX', 1.8, 4, 1, 'scaling', 1.5, 0.8, 0.98, 25],
  ['LDO', 2.0, 3, 2, 'defi', 1.5, 1.1, 1.02, 35],
  ['CRV', 0.4, 4, 1, 'defi', 1.4, 1.1, 1.02, 45],
  ['SNX', 2.9, 3, 1, 'defi', 1.4, 1.0, 0.96, 12],
  ['MKR', 2600, 1, 4, 'defi', 1.2, 1.0, 0.86, 45],
  ['COMP', 55, 2, 3, 'defi', 1.4, 1.0, 0.92, 15],
  ['SAND', 0.42, 4, 0, 'play', 1.4, 1.0, 0.9, 25],
  ['MANA', 0.42, 4, 0, 'play', 1.4, 1.0, 0.9, 20],
  ['AXS', 7.2, 3, 2, 'play', 1.4, 1.0, 0.9, 20],
  ['GALA', 0.035, 5, 0, 'play', 1.5, 1.1, 1.0, 50],
  ['APE', 1.3, 4, 2, 'play', 1.5, 0.9, 0.95, 20],
  ['CHZ', 0.1, 5, 0, 'play', 1.3, 0.9, 0.9, 25],
  ['EGLD', 38, 2, 2, 'chain', 1.3, 0.6, 0.84, 10],
  ['ZEC', 34, 2, 3, 'store', 1.2, 0.8, 0.9, 25],
];

/** Every pair of the simulated exchange in its fixed order, most traded names first. */
export const LISTINGS: readonly Listing[] = LINES.map(
  ([base, price, priceDecimals, stepDecimals, sector, beta, gamma, volatility, millions]) => ({
    symbol: `${base}USDT`,
    pair: `${base}/USDT`,
    base,
    price,
    priceDecimals,
    stepDecimals,
    sector,
    beta,
    gamma,
    volatility,
    turnover: millions * 1e6,
  }),
);

/** Smallest value of an order, USDT. */
export const MIN_NOTIONAL = 5;

const INDEX = new Map(LISTINGS.map(({ symbol }, index) => [symbol, index]));

/** @returns position in `LISTINGS` of the exchange's spelling (`BTCUSDT`); undefined when it is not traded */
export function listingIndex(symbol: string): number | undefined {
  return INDEX.get(symbol);
}

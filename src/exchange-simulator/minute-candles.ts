import type { DayCandles } from './day-candles.js';
import { POWERS_OF_TEN } from './decimal.js';
import type { Listing } from './listings.js';
import { MINUTES_A_DAY, type MinuteMoves } from './minute-bridge.js';
import type { Random } from './random.js';

/** What one symbol's day is made from. */
export interface DayIngredients {
  readonly listing: Listing;
  /** Log price at the day's first and last instant, USDT per base. */
  readonly opening: number;
  readonly closing: number;
  readonly market: MinuteMoves;
  readonly sector: MinuteMoves;
  /** The symbol's own moves. */
  readonly own: MinuteMoves;
  readonly random: Random;
}

const MINUTES_A_YEAR = 525_600;
/** Mean value of one trade, USDT. */
const TRADE_VALUE = 350;
/** Keeps a day's trade ids below 10^8. */
const MAX_TRADES = 60_000;

const uniforms = new Float64Array(MINUTES_A_DAY * 4);

/**
 * Lays one day's minutes on the exchange's grids. Within a minute the log price is a Brownian bridge from open to close;
 * its extremes are drawn from their exact law: max = (a + b + √((b − a)² − 2 v ln u)) / 2 (Karatzas & Shreve, §2.8).
 * Volume follows the minute's volatility and its move.
 * @param into 1440 rows, overwritten
 */
export function layMinutes(day: DayIngredients, into: DayCandles): void {
  const { listing, market, sector, own } = day;
  const { beta, gamma } = listing;
  day.random.fillUniform(uniforms);
  const grid = Math.log(10) * listing.priceDecimals; // log price + grid = log of ticks
  const usualSigma = listing.volatility / Math.sqrt(MINUTES_A_YEAR);
  let at = day.opening + grid;
  let open = ticksAt(at);
  for (let i = 0; i < MINUTES_A_DAY; i++) {
    const variance = beta * beta * market.variances[i] + gamma * gamma * sector.variances[i] + own.variances[i];
    const last = i === MINUTES_A_DAY - 1;
    const next = last ? day.closing + grid : at + beta * market.moves[i] + gamma * sector.moves[i] + own.moves[i];
    const move = next - at;
    const rise = (move + Math.sqrt(move * move - 2 * variance * Math.log(uniforms[4 * i]))) / 2;
    const fall = (-move + Math.sqrt(move * move - 2 * variance * Math.log(uniforms[4 * i + 1]))) / 2;
    const close = ticksAt(next);
    into.open[i] = open;
    into.high[i] = Math.max(open, close, ticksAt(at + rise));
    into.low[i] = Math.min(open, close, ticksAt(at - fall));
    into.close[i] = close;
    const sigma = Math.sqrt(variance);
    const activity = (sigma / usualSigma) * (0.5 + (0.5 * Math.abs(move)) / sigma);
    layVolume(listing, activity, i, into);
    at = next;
    open = close;
  }
}

function ticksAt(logTicks: number): number {
  return Math.max(1, Math.round(Math.exp(logTicks)));
}

/** @param activity 1 in a usual minute */
function layVolume(listing: Listing, activity: number, i: number, into: DayCandles): void {
  const value = (listing.turnover / MINUTES_A_DAY) * activity * (0.4 - 0.6 * Math.log(uniforms[4 * i + 2]));
  const meanTicks = Math.round((into.open[i] + into.high[i] + into.low[i] + into.close[i]) / 4);
  const stepsATick = POWERS_OF_TEN[listing.priceDecimals + listing.stepDecimals]; // 1 USDT in ticks × steps
  const volume = Math.max(1, Math.round((value * stepsATick) / meanTicks));
  const range = into.high[i] - into.low[i];
  const lean = range === 0 ? 0 : (into.close[i] - into.open[i]) / range;
  const takerShare = 0.5 + 0.3 * lean + 0.2 * (uniforms[4 * i + 3] - 0.5);
  const takerVolume = Math.floor(volume * takerShare);
  into.volume[i] = volume;
  into.quote[i] = volume * meanTicks;
  into.takerVolume[i] = takerVolume;
  into.takerQuote[i] = takerVolume * meanTicks;
  const trades = Math.min(volume, MAX_TRADES, 1 + Math.floor(value / TRADE_VALUE));
  into.tradesBefore[i + 1] = into.tradesBefore[i] + trades;
}

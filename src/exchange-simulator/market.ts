import { durationOf, openTimeAt, type Timeframe } from '../domain/timeframe.js';
import { DayCandles, join, type UnitCandle } from './day-candles.js';
import { DayChain } from './day-chain.js';
import { LISTINGS, SECTORS, type Listing } from './listings.js';
import { bridgeDay, MINUTES_A_DAY, newMinuteMoves, type MinuteMoves } from './minute-bridge.js';
import { layMinutes } from './minute-candles.js';
import { Random } from './random.js';
import { RecentlyUsed } from './recently-used.js';

/** First instant of the market: 2024-01-01T00:00Z. Before it nothing was traded. */
export const GENESIS = Date.UTC(2024, 0, 1);
const DAY = 86_400_000;
const MINUTE = 60_000;
const QUARTER = 15;
const QUARTERS_A_DAY = MINUTES_A_DAY / QUARTER;

const MARKET_VOLATILITY = 0.45;
const SECTOR_VOLATILITY = 0.35;
/** Share of its distance from the listed price that a log price gives back a day. */
const REVERSION = 0.004;

/** Keys of the random streams: one for days, one for a day's moves, one for a symbol's candles. */
const MARKET_STREAM = 0;
const SECTOR_STREAM = 10;
const SYMBOL_STREAM = 1000;
const STREAM = { days: 0, moves: 100_000, candles: 200_000 } as const;

/** Days kept: what 500 candles of 1m and 5m span for 50 symbols in minutes, of 15m and 1h for all in quarter hours, and factors. */
const MINUTE_DAYS = 150;
const QUARTER_DAYS = 24 * LISTINGS.length;
const FACTOR_DAYS = 24 * (1 + SECTORS.length);

/**
 * A whole market out of one seed: the same candles for the same seed, always, whatever was asked before.
 * Days come from cheap chains (market, sectors, each symbol's own); the minutes of a day are bridges between its ends and
 * are drawn when first asked for. Days are counted from `GENESIS`; symbols by their position in `LISTINGS`.
 */
export class Market {
  readonly #market: DayChain;
  readonly #sectors: readonly DayChain[];
  readonly #own: readonly DayChain[];
  /** Log price of each symbol at the start of each day. */
  readonly #levels: readonly number[][];
  readonly #factorMoves = new RecentlyUsed<MinuteMoves>(FACTOR_DAYS);
  readonly #minutes = new RecentlyUsed<DayCandles>(MINUTE_DAYS);
  readonly #quarters = new RecentlyUsed<DayCandles>(QUARTER_DAYS);
  readonly #ownMoves = newMinuteMoves();
  readonly #draft = new DayCandles(MINUTES_A_DAY);

  constructor(private readonly seed: number) {
    this.#market = new DayChain(seed, MARKET_STREAM, MARKET_VOLATILITY);
    this.#sectors = SECTORS.map((_, i) => new DayChain(seed, SECTOR_STREAM + i, SECTOR_VOLATILITY));
    this.#own = LISTINGS.map((listing, i) => new DayChain(seed, SYMBOL_STREAM + i, ownVolatility(listing)));
    this.#levels = LISTINGS.map((listing) => [Math.log(listing.price)]);
  }

  /**
   * @param openTime UTC ms on the timeframe's clock, GENESIS ≤ openTime ≤ now
   * @param now exchange time, UTC ms: a candle that closes later is still forming and shows only what has been
   */
  candle(symbol: number, timeframe: Timeframe, openTime: number, now: number): UnitCandle {
    const day = dayOf(openTime);
    const from = (openTime - GENESIS - day * DAY) / MINUTE;
    if (openTime + durationOf(timeframe) > now) return this.#forming(symbol, day, from, now);
    const to = from + durationOf(timeframe) / MINUTE;
    if (from % QUARTER === 0 && to % QUARTER === 0)
      return this.quarters(symbol, day).fold(from / QUARTER, to / QUARTER);
    return this.minutes(symbol, day).fold(from, to);
  }

  /** @returns price of the last trade at `now`, in ticks */
  price(symbol: number, now: number): number {
    return this.candle(symbol, '1m', openTimeAt('1m', now), now).close;
  }

  /** @returns the 1440 minutes of a day, whole; valid until other days are asked for (see RecentlyUsed) */
  minutes(symbol: number, day: number): DayCandles {
    return this.#minutes.get(keyOf(symbol, day), (evicted) => {
      const columns = evicted ?? new DayCandles(MINUTES_A_DAY);
      this.#lay(symbol, day, columns);
      return columns;
    });
  }

  /** @returns the 96 quarter hours of a day; minutes that are not at hand are drawn for this and forgotten */
  quarters(symbol: number, day: number): DayCandles {
    return this.#quarters.get(keyOf(symbol, day), (evicted) => {
      const columns = evicted ?? new DayCandles(QUARTERS_A_DAY);
      let minutes = this.#minutes.peek(keyOf(symbol, day));
      if (minutes === undefined) {
        this.#lay(symbol, day, this.#draft);
        minutes = this.#draft;
      }
      for (let i = 0; i < QUARTERS_A_DAY; i++) columns.put(i, minutes.fold(i * QUARTER, (i + 1) * QUARTER));
      return columns;
    });
  }

  #forming(symbol: number, day: number, from: number, now: number): UnitCandle {
    const minutes = this.minutes(symbol, day);
    const elapsed = (now - GENESIS - day * DAY) / MINUTE;
    const current = Math.floor(elapsed);
    const forming = minutes.forming(current, elapsed - current);
    return current > from ? join(minutes.fold(from, current), forming) : forming;
  }

  #lay(symbol: number, day: number, into: DayCandles): void {
    const listing = LISTINGS[symbol];
    const sector = SECTORS.indexOf(listing.sector);
    const market = this.#moves(MARKET_STREAM, this.#market, day);
    const sectorMoves = this.#moves(SECTOR_STREAM + sector, this.#sectors[sector], day);
    const opening = this.#level(symbol, day);
    const closing = this.#level(symbol, day + 1);
    const shared = listing.beta * this.#market.returnOf(day) + listing.gamma * this.#sectors[sector].returnOf(day);
    const stream = SYMBOL_STREAM + symbol;
    const ownRandom = new Random(this.seed, STREAM.moves + stream, day);
    bridgeDay(ownRandom, closing - opening - shared, this.#own[symbol].varianceOf(day), this.#ownMoves);
    const random = new Random(this.seed, STREAM.candles + stream, day);
    layMinutes({ listing, opening, closing, market, sector: sectorMoves, own: this.#ownMoves, random }, into);
  }

  #moves(stream: number, chain: DayChain, day: number): MinuteMoves {
    return this.#factorMoves.get(keyOf(stream, day), (evicted) => {
      const moves = evicted ?? newMinuteMoves();
      const random = new Random(this.seed, STREAM.moves + stream, day);
      bridgeDay(random, chain.returnOf(day), chain.varianceOf(day), moves);
      return moves;
    });
  }

  /** @returns log price at the start of the day */
  #level(symbol: number, day: number): number {
    const levels = this.#levels[symbol];
    const listing = LISTINGS[symbol];
    const sector = this.#sectors[SECTORS.indexOf(listing.sector)];
    for (let next = levels.length; next <= day; next++) {
      const before = levels[next - 1];
      const shared = listing.beta * this.#market.returnOf(next - 1) + listing.gamma * sector.returnOf(next - 1);
      const reversion = REVERSION * (Math.log(listing.price) - before);
      levels.push(before + shared + this.#own[symbol].returnOf(next - 1) + reversion);
    }
    return levels[day];
  }
}

/** @returns annual volatility that is left once the market's and the sector's part are taken out */
function ownVolatility({ beta, gamma, volatility }: Listing): number {
  return Math.sqrt(volatility ** 2 - (beta * MARKET_VOLATILITY) ** 2 - (gamma * SECTOR_VOLATILITY) ** 2);
}

/** @returns day of the market that contains `time` (UTC ms) */
export function dayOf(time: number): number {
  return Math.floor((time - GENESIS) / DAY);
}

function keyOf(row: number, day: number): number {
  return row * 1_000_000 + day;
}

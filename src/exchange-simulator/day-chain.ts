import { Random } from './random.js';

/** A regime's volatility multiplier, and its drift in standard deviations of a day. */
const REGIMES = [
  { volatility: 0.7, drift: 0 }, // quiet
  { volatility: 0.95, drift: 0.12 }, // rally
  { volatility: 1.15, drift: -0.12 }, // decline
  { volatility: 2, drift: -0.05 }, // storm
] as const;

/** Probability a day of going from one regime (row) to another (column). */
const TRANSITIONS = [
  [0.93, 0.04, 0.02, 0.01],
  [0.05, 0.92, 0.02, 0.01],
  [0.04, 0.02, 0.91, 0.03],
  [0.08, 0.04, 0.08, 0.8],
] as const;

/** Log volatility from day to day: AR(1), persistence and stationary standard deviation. */
const PERSISTENCE = 0.92;
const SPREAD = 0.3;
const DAYS_A_YEAR = 365;

/** @returns mean of the squared multipliers in the long run, by which a chain keeps its annual volatility */
function meanSquaredMultiplier(): number {
  let share = [1, 0, 0, 0];
  for (let step = 0; step < 2000; step++) {
    share = share.map((_, to) => share.reduce((sum, weight, from) => sum + weight * TRANSITIONS[from][to], 0));
  }
  return share.reduce((sum, weight, i) => sum + weight * REGIMES[i].volatility ** 2, 0);
}
const NORM = 1 / Math.sqrt(meanSquaredMultiplier());

/**
 * One source of moves, day by day from day 0: a Markov chain of regimes, an AR(1) log volatility and a return a day.
 * Each day draws from its own key, so a chain is the same however far and in whatever order it is asked.
 */
export class DayChain {
  readonly #returns: number[] = [];
  readonly #variances: number[] = [];
  #regime = 0;
  #logVolatility = 0;

  /** @param annualVolatility of the log return, long-run mean */
  constructor(
    private readonly seed: number,
    private readonly stream: number,
    private readonly annualVolatility: number,
  ) {}

  /** @returns log return of the day */
  returnOf(day: number): number {
    this.#extend(day);
    return this.#returns[day];
  }

  /** @returns variance of the log return of the day */
  varianceOf(day: number): number {
    this.#extend(day);
    return this.#variances[day];
  }

  #extend(day: number): void {
    for (let next = this.#returns.length; next <= day; next++) {
      const random = new Random(this.seed, this.stream, next);
      this.#regime = nextRegime(this.#regime, random.uniform());
      const innovation = SPREAD * Math.sqrt(1 - PERSISTENCE ** 2);
      this.#logVolatility = PERSISTENCE * this.#logVolatility + innovation * random.gaussian();
      const regime = REGIMES[this.#regime];
      const daily = (this.annualVolatility / Math.sqrt(DAYS_A_YEAR)) * NORM * regime.volatility;
      const sigma = daily * Math.exp(this.#logVolatility - SPREAD ** 2);
      this.#variances.push(sigma * sigma);
      this.#returns.push(sigma * (regime.drift + random.gaussian()));
    }
  }
}

function nextRegime(from: number, uniform: number): number {
  let left = uniform;
  for (let to = 0; to < REGIMES.length - 1; to++) {
    left -= TRANSITIONS[from][to];
    if (left < 0) return to;
  }
  return REGIMES.length - 1;
}

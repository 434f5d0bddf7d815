import type { Random } from './random.js';

export const MINUTES_A_DAY = 1440;

/** One source of moves through one day, minute by minute. */
export interface MinuteMoves {
  /** [1440] log return of each minute; they sum to the day's return. */
  readonly moves: Float64Array;
  /** [1440] variance that each minute's move was drawn with; they sum to the day's variance. */
  readonly variances: Float64Array;
}

export function newMinuteMoves(): MinuteMoves {
  return { moves: new Float64Array(MINUTES_A_DAY), variances: new Float64Array(MINUTES_A_DAY) };
}

/** Variance by hour of the UTC day: quiet before dawn in Europe, loud when New York opens. */
const HOURS = [
  1.05, 0.95, 0.85, 0.8, 0.75, 0.75, 0.8, 0.9, 1.0, 1.0, 0.95, 0.95, 1.1, 1.4, 1.6, 1.55, 1.4, 1.25, 1.1, 1.05, 1.0,
  0.95, 0.9, 0.95,
];
const SEASON = Float64Array.from({ length: MINUTES_A_DAY }, (_, minute) => {
  const hour = Math.floor(minute / 60);
  const share = (minute % 60) / 60;
  const level = HOURS[hour] * (1 - share) + HOURS[(hour + 1) % 24] * share;
  return minute % 60 < 2 ? level * 1.3 : level;
});

/** Log volatility from minute to minute: AR(1) with a half-life of 34 minutes, and news that lifts it at once. */
const PERSISTENCE = 0.98;
const SPREAD = 0.4;
const NEWS_CHANCE = 1 / 500;
const NEWS_LIFT = 1.1;

const draws = new Float64Array(MINUTES_A_DAY * 2);
const chances = new Float64Array(MINUTES_A_DAY);

/**
 * A Brownian bridge whose variance is spread unevenly over the day: seasonal, clustered, with bursts. The correction that
 * brings it to the day's return is shared out by variance, which keeps it a Brownian path in its own time.
 * @param dayReturn sum of the moves @param dayVariance sum of the variances @param into overwritten
 */
export function bridgeDay(random: Random, dayReturn: number, dayVariance: number, into: MinuteMoves): void {
  const { moves, variances } = into;
  random.fillGaussian(draws);
  random.fillUniform(chances);
  const innovation = SPREAD * Math.sqrt(1 - PERSISTENCE ** 2);
  let logVolatility = SPREAD * draws[0];
  let total = 0;
  for (let i = 0; i < MINUTES_A_DAY; i++) {
    logVolatility = PERSISTENCE * logVolatility + innovation * draws[2 * i];
    if (chances[i] < NEWS_CHANCE) logVolatility += NEWS_LIFT;
    variances[i] = SEASON[i] * Math.exp(2 * logVolatility);
    total += variances[i];
  }
  const scale = dayVariance / total;
  let sum = 0;
  for (let i = 0; i < MINUTES_A_DAY; i++) {
    variances[i] *= scale;
    moves[i] = Math.sqrt(variances[i]) * draws[2 * i + 1];
    sum += moves[i];
  }
  const correction = (dayReturn - sum) / dayVariance;
  for (let i = 0; i < MINUTES_A_DAY; i++) moves[i] += correction * variances[i];
}

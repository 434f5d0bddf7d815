export interface BackoffLimits {
  /** Longest first wait, ms. */
  readonly baseMs: number;
  /** Longest wait ever, ms. */
  readonly maxMs: number;
}

/**
 * Exponential backoff with jitter: the ceiling doubles with each attempt up to `maxMs`, the wait is drawn from its upper
 * half, so that clients cut off together do not come back together.
 * @param attempt failures so far, 0 or more
 * @param random drawn from [0, 1)
 * @returns wait in ms, within [ceiling / 2, ceiling)
 */
export function backoff(attempt: number, random: number, { baseMs, maxMs }: BackoffLimits): number {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 52));
  return ceiling * (0.5 + random / 2);
}

import type { Abstention } from '../../domain/abstention.js';

/** Known before any version is asked, and the same for all of them. */
const OF_THE_CANDLE: readonly (Abstention | undefined)[] = ['CANDLE_MISSING', 'CANDLE_LATE', 'GAP'];

/**
 * Why an ensemble has no answer for a row. What the series lacks is told as it is: no member failed, and an ensemble warms up
 * as long as its slowest member.
 * @param reasons of the members that it needed and that did not answer; undefined: the member did not run at all
 */
export function missingAnswer(reasons: readonly (Abstention | undefined)[]): Abstention {
  const candle = reasons.find((reason) => OF_THE_CANDLE.includes(reason));
  if (candle) return candle;
  return reasons.every((reason) => reason === 'WARMING_UP') ? 'WARMING_UP' : 'MEMBER_FAILED';
}

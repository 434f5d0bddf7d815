/** Timeframes in the field's standard spelling, shortest first. */
export const TIMEFRAMES = ['1m', '5m', '15m', '1h', '4h', '1d'] as const;
export type Timeframe = (typeof TIMEFRAMES)[number];

const MINUTE = 60_000;
const DURATION: Readonly<Record<Timeframe, number>> = {
  '1m': MINUTE,
  '5m': 5 * MINUTE,
  '15m': 15 * MINUTE,
  '1h': 60 * MINUTE,
  '4h': 240 * MINUTE,
  '1d': 1440 * MINUTE,
};

/** @returns length of one candle in ms */
export function durationOf(timeframe: Timeframe): number {
  return DURATION[timeframe];
}

/** @returns open time (UTC ms) of the candle that contains `time`; boundaries lie on the UTC clock, never on counts */
export function openTimeAt(timeframe: Timeframe, time: number): number {
  return time - (((time % DURATION[timeframe]) + DURATION[timeframe]) % DURATION[timeframe]);
}

/** @returns first instant (UTC ms) after the candle; the open time of the next one */
export function closeTimeOf(timeframe: Timeframe, openTime: number): number {
  return openTime + DURATION[timeframe];
}

export function isTimeframe(text: string): text is Timeframe {
  return (TIMEFRAMES as readonly string[]).includes(text);
}

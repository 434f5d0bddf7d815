/**
 * Two times, never mixed. Exchange time (UTC ms) is what candles, signals and orders are stamped with; in a simulated
 * market it runs faster than the wall. Wall time (epoch ms, fractional, monotonic within the process) is what latencies
 * are measured in.
 */
export abstract class Clock {
  /** @returns exchange time now, UTC ms */
  abstract now(): number;
  /** @returns the wall time (epoch ms) at which the exchange clock showed or will show `exchangeTime` */
  abstract wallTimeOf(exchangeTime: number): number;
  /** @returns wall time now, epoch ms, fractional */
  abstract wallNow(): number;
}

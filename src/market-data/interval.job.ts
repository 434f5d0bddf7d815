import { setImmediate as turn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { durationOf, openTimeAt, type Timeframe } from '../domain/timeframe.js';
import { Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';

/** Wall time, ms, that an interval gets beyond its close whatever its grace: our idea of the exchange's clock may be off by it. */
const LEAST_WALL_MS = 250;
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * One timeout per timeframe, set for the next boundary by the exchange's clock plus the grace period. It speaks only where
 * the exchange is silent: candles and frames usually close an interval before it.
 */
@Injectable()
export class IntervalJob {
  readonly #graceMs: number;
  readonly #armed = new Set<string>();
  #expire: ((boundary: number) => void) | undefined;

  constructor(
    private readonly registry: SchedulerRegistry,
    private readonly clock: Clock,
    settings: Settings,
  ) {
    this.#graceMs = settings.config.INTERVAL_GRACE_MS;
  }

  /** @param expire told each boundary (UTC ms, exchange time) once its grace is over and the sockets were read */
  begin(timeframes: readonly Timeframe[], expire: (boundary: number) => void): void {
    this.#expire = expire;
    for (const timeframe of timeframes) this.#arm(timeframe, this.#nextBoundary(timeframe));
  }

  end(): void {
    this.#expire = undefined;
    for (const name of this.#armed) this.registry.deleteTimeout(name);
    this.#armed.clear();
  }

  #arm(timeframe: Timeframe, boundary: number): void {
    const name = `interval-${timeframe}`;
    if (this.#armed.delete(name)) this.registry.deleteTimeout(name);
    const wall = Math.max(
      this.clock.wallTimeOf(boundary + this.#graceMs),
      this.clock.wallTimeOf(boundary) + LEAST_WALL_MS,
    );
    const delay = Math.min(LONGEST_TIMEOUT_MS, Math.max(1, wall - this.clock.wallNow()));
    this.registry.addTimeout(
      name,
      setTimeout(() => void this.#ring(timeframe, boundary), delay),
    );
    this.#armed.add(name);
  }

  async #ring(timeframe: Timeframe, boundary: number): Promise<void> {
    if (this.clock.now() < boundary + this.#graceMs) return this.#arm(timeframe, boundary);
    this.#arm(timeframe, Math.max(boundary + durationOf(timeframe), this.#nextBoundary(timeframe)));
    // The sockets are read first: a candle that is already in one is not late.
    await turn();
    this.#expire?.(boundary);
  }

  #nextBoundary(timeframe: Timeframe): number {
    return openTimeAt(timeframe, this.clock.now()) + durationOf(timeframe);
  }
}

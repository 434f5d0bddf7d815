import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Clock } from '../platform/clock.js';
import { ExchangeClock } from '../platform/exchange.clock.js';
import { MarketFeed } from './feeds/market.feed.js';

const SAMPLES = 5;
const EVERY_MS = 60_000;

/** Keeps our clock on the exchange's: at the start, and every minute of wall time. */
@Injectable()
export class ClockJob {
  readonly #logger = new Logger(ClockJob.name);
  #following = false;

  constructor(
    private readonly feed: MarketFeed,
    private readonly clock: Clock,
  ) {}

  /** Takes a few samples and believes the one with the shortest round trip. A clock that a replay sets is left alone. */
  async sync(): Promise<void> {
    let best: { exchangeTime: number; wallTime: number; roundTripMs: number } | undefined;
    for (let i = 0; i < SAMPLES; i++) {
      const sent = this.clock.wallNow();
      const sample = { roundTripMs: 0, ...(await this.feed.serverTime()) };
      sample.roundTripMs = this.clock.wallNow() - sent;
      if (!best || sample.roundTripMs < best.roundTripMs) best = sample;
    }
    if (best && this.clock instanceof ExchangeClock) this.clock.sync(best.exchangeTime, best.wallTime);
    this.#following = true;
  }

  stop(): void {
    this.#following = false;
  }

  @Interval('exchange-clock', EVERY_MS)
  async tick(): Promise<void> {
    if (!this.#following) return;
    try {
      await this.sync();
    } catch (error) {
      this.#logger.warn(
        `the exchange's clock could not be read: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}

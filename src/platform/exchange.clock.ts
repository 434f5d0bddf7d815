import { Injectable } from '@nestjs/common';
import { Clock } from './clock.js';

/** @returns wall time, epoch ms, fractional; monotonic within the process */
export function wallNow(): number {
  return performance.timeOrigin + performance.now();
}

/** Follows an exchange's clock: an offset learnt from its server time, and its speed (1, or the simulator's). */
@Injectable()
export class ExchangeClock extends Clock {
  #anchor = { exchange: Date.now(), wall: wallNow() };

  constructor(private readonly speed: number) {
    super();
  }

  /** @param exchangeTime what the exchange said, UTC ms @param wallTime when it said so (half the round trip taken off) */
  sync(exchangeTime: number, wallTime: number): void {
    this.#anchor = { exchange: exchangeTime, wall: wallTime };
  }

  override now(): number {
    return this.#anchor.exchange + (this.wallNow() - this.#anchor.wall) * this.speed;
  }

  override wallTimeOf(exchangeTime: number): number {
    return this.#anchor.wall + (exchangeTime - this.#anchor.exchange) / this.speed;
  }

  override wallNow(): number {
    return wallNow();
  }
}

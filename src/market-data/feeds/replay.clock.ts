import { Clock } from '../../platform/clock.js';
import { wallNow } from '../../platform/exchange.clock.js';

/** Exchange time as a recording tells it: it stands still until the replay moves it. */
export class ReplayClock extends Clock {
  #now: number;
  #wall = wallNow();

  /** @param start exchange time, UTC ms */
  constructor(start = 0) {
    super();
    this.#now = start;
  }

  /** Moves the clock, never back. */
  set(exchangeTime: number): void {
    if (exchangeTime < this.#now) throw new Error(`a replay goes forward: ${exchangeTime} lies before ${this.#now}`);
    this.#now = exchangeTime;
    this.#wall = wallNow();
  }

  override now(): number {
    return this.#now;
  }

  /** Exact for the moment last set; other moments lie at the distance that real time would give them. */
  override wallTimeOf(exchangeTime: number): number {
    return this.#wall + (exchangeTime - this.#now);
  }

  override wallNow(): number {
    return wallNow();
  }
}

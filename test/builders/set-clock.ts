import { Clock } from '../../src/platform/clock.js';

/** A clock that stands still until it is set; exchange and wall show the same time. */
export class SetClock extends Clock {
  /** @param at epoch ms */
  constructor(public at: number) {
    super();
  }

  override now(): number {
    return this.at;
  }

  override wallTimeOf(exchangeTime: number): number {
    return exchangeTime;
  }

  override wallNow(): number {
    return this.at;
  }
}

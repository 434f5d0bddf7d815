/** Exchange time runs `speed` times as fast as the monotonic clock, from `start` at the moment of construction. */
export class SimulatedClock {
  readonly #origin = performance.now();

  /** @param start exchange time, UTC ms */
  constructor(
    private readonly start: number,
    readonly speed: number,
  ) {}

  /** @returns exchange time now, UTC ms, fractional */
  now(): number {
    return this.start + (performance.now() - this.#origin) * this.speed;
  }

  /** @returns wall milliseconds until exchange time `time`; 0 when it has passed */
  wallUntil(time: number): number {
    return Math.max(0, (time - this.now()) / this.speed);
  }
}

import type { SimulatedClock } from './simulated.clock.js';

const MINUTE = 60_000;
/** Forming candles are shown about every 2 s of wall time, at least twice a minute, and never oftener than every 100 ms. */
const FORMING_WALL_MS = 2_000;
const FORMING_MAX_MS = 30_000;
const FORMING_MIN_WALL_MS = 100;

export interface MinuteHandlers {
  /** @param boundary exchange time, UTC ms, a whole minute: every one of them, in order, none skipped */
  closed(boundary: number): void;
  /** Somewhere within a minute. */
  forming(): void;
}

/** Fires at each minute of exchange time, and now and then in between. When timers lag it catches up minute by minute. */
export class MinuteJob {
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #nextMinute: number;
  #nextForming: number;
  readonly #formingPeriod: number;

  constructor(
    private readonly clock: SimulatedClock,
    private readonly handlers: MinuteHandlers,
  ) {
    const period = Math.min(FORMING_MAX_MS, FORMING_WALL_MS * clock.speed);
    this.#formingPeriod = period / clock.speed < FORMING_MIN_WALL_MS ? Infinity : period;
    const now = clock.now();
    this.#nextMinute = (Math.floor(now / MINUTE) + 1) * MINUTE;
    this.#nextForming = this.#formingAfter(now);
    this.#arm();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #arm(): void {
    if (this.#stopped) return;
    const wait = this.clock.wallUntil(Math.min(this.#nextMinute, this.#nextForming));
    this.#timer = setTimeout(() => this.#fire(), Math.ceil(wait)); // rounded up: a timer that fires early fires twice
  }

  #fire(): void {
    const now = this.clock.now();
    if (this.#nextMinute <= now) {
      this.handlers.closed(this.#nextMinute);
      this.#nextMinute += MINUTE;
    } else if (this.#nextForming <= now) {
      this.handlers.forming();
    }
    if (this.#nextForming <= now) this.#nextForming = this.#formingAfter(now);
    this.#arm();
  }

  /** @returns the next moment after `now` for forming candles; minute boundaries belong to the closed ones */
  #formingAfter(now: number): number {
    if (this.#formingPeriod === Infinity) return Infinity;
    const next = (Math.floor(now / this.#formingPeriod) + 1) * this.#formingPeriod;
    return next % MINUTE === 0 ? next + this.#formingPeriod : next;
  }
}

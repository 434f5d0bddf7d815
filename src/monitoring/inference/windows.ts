/** Something that counts, adds up and starts again. */
export interface Tally<T> {
  add(other: T): void;
  clear(): void;
}

/** The last so many ms of wall time. */
export const WINDOW_MS = { '1m': 60_000, '5m': 300_000, '15m': 900_000 } as const;
export type SlidingWindow = keyof typeof WINDOW_MS;

export const WINDOWS = ['1m', '5m', '15m', 'start'] as const satisfies readonly (SlidingWindow | 'start')[];
export type Window = (typeof WINDOWS)[number];

/** A window ends now, and begins with the slice that began last within it: it is this much shorter than its name at most. */
export const SLICES = 10;

/**
 * Tallies of the last 1, 5 and 15 minutes, since start, and since the last lap. A window is a ring of ten slices; time
 * turns the ring, and the oldest slice begins anew. No record older than the window is ever in it; of its first tenth,
 * records may be missing.
 *
 * In: `current`, to record into. Out: `over` a window or `addTo`, `lap`.
 */
export class Windows<T extends Tally<T>> {
  readonly #rings: Readonly<Record<SlidingWindow, Ring<T>>>;
  readonly #start: T;
  readonly #lap: T;
  readonly #current: T[] = [];

  constructor(private readonly make: () => T) {
    this.#rings = { '1m': new Ring('1m', make), '5m': new Ring('5m', make), '15m': new Ring('15m', make) };
    this.#start = make();
    this.#lap = make();
  }

  /** @param now wall time, epoch ms @returns every tally that what happens now belongs to; the same array at each call */
  current(now: number): readonly T[] {
    const { '1m': one, '5m': five, '15m': fifteen } = this.#rings;
    this.#current[0] = one.newest(now);
    this.#current[1] = five.newest(now);
    this.#current[2] = fifteen.newest(now);
    this.#current[3] = this.#start;
    this.#current[4] = this.#lap;
    return this.#current;
  }

  /** @returns a tally of one's own */
  over(window: Window, now: number): T {
    const sum = this.make();
    this.addTo(sum, window, now);
    return sum;
  }

  addTo(sum: T, window: Window, now: number): void {
    if (window === 'start') sum.add(this.#start);
    else this.#rings[window].addTo(sum, now);
  }

  /** @returns what was recorded since the last lap; the next lap begins */
  lap(): T {
    const sum = this.make();
    sum.add(this.#lap);
    this.#lap.clear();
    return sum;
  }
}

class Ring<T extends Tally<T>> {
  readonly #slices: readonly T[];
  readonly #sliceMs: number;
  /** Number of the newest slice, counted from the epoch. */
  #number = 0;

  constructor(window: SlidingWindow, make: () => T) {
    this.#sliceMs = WINDOW_MS[window] / SLICES;
    this.#slices = Array.from({ length: SLICES }, make);
  }

  newest(now: number): T {
    this.#turnTo(now);
    return this.#slices[this.#number % SLICES]!;
  }

  addTo(sum: T, now: number): void {
    this.#turnTo(now);
    for (const slice of this.#slices) sum.add(slice);
  }

  /** Time that seems to go back turns nothing: what happens then belongs to the newest slice. */
  #turnTo(now: number): void {
    const number = Math.floor(now / this.#sliceMs);
    const first = Math.max(this.#number + 1, number - SLICES + 1);
    for (let i = first; i <= number; i += 1) this.#slices[i % SLICES]!.clear();
    this.#number = Math.max(this.#number, number);
  }
}

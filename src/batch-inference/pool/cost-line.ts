/** One measured call. */
export interface Timing {
  readonly rows: number;
  readonly ms: number;
}

/** A measurement counts e times less after so many others. */
const MEMORY = 32;
/** What the first measurements keep of their weight for ever: calls of one size alone do not make a line. */
const KEPT = 0.01;
/** A call that took more than so many times what was expected (it was interrupted) counts as that many. */
const OUTLIER = 4;
/** Below it, ms, nothing is called an outlier: clocks and caches scatter as much. */
const SCATTER_MS = 0.02;

/**
 * What a call of one model costs: base + perRow × rows, ms. A line through the measured calls by weighted least squares,
 * the newest weighing most (recursive least squares with forgetting: Ljung 1999, System Identification, ch. 11). A call's
 * weight falls with its rows, as its time's scatter grows with them.
 */
export class CostLine {
  readonly #first = new Sums();
  readonly #recent = new Sums();
  #base = 0;
  #perRow = 0;

  /** @param seeds calls that were timed beforehand; without any, nothing costs anything until the first call */
  constructor(seeds: readonly Timing[] = []) {
    for (const { rows, ms } of seeds) {
      this.#first.add(rows, ms, KEPT);
      this.#recent.add(rows, ms, 1 - KEPT);
    }
    this.#fit();
  }

  /** ms a call, whatever its rows. */
  get base(): number {
    return this.#base;
  }

  /** ms a row. */
  get perRow(): number {
    return this.#perRow;
  }

  /** @returns what a call of so many rows is expected to take, ms */
  of(rows: number): number {
    return this.#base + this.#perRow * rows;
  }

  /** @returns how many rows a call may have to be expected within `ms`; 1 where even that takes longer, `most` at most */
  rowsWithin(ms: number, most: number): number {
    if (this.#base >= ms) return 1;
    const rows = this.#perRow > 0 ? Math.floor((ms - this.#base) / this.#perRow) : most;
    return Math.max(1, Math.min(rows, most));
  }

  observe(rows: number, ms: number): void {
    const expected = this.of(rows);
    const counted = expected > 0 ? Math.min(ms, OUTLIER * Math.max(expected, SCATTER_MS)) : ms;
    this.#recent.fade(1 - 1 / MEMORY);
    this.#recent.add(rows, counted, 1);
    this.#fit();
  }

  #fit(): void {
    const [one, n, nn, t, nt] = this.#first.plus(this.#recent);
    if (one === 0) return;
    const spread = one * nn - n * n;
    const perRow = Math.max(0, (one * nt - n * t) / spread);
    const base = (t - perRow * n) / one;
    // A call costs no less than nothing. Calls of one size alone say nothing of another: rows then cost all of it.
    const throughOrigin = spread <= 1e-9 * one * nn || base < 0;
    this.#perRow = throughOrigin ? nt / nn : perRow;
    this.#base = throughOrigin ? 0 : base;
  }
}

/** Weighted sums of 1, rows, rows², ms and rows × ms. */
class Sums {
  readonly #sums = new Float64Array(5);

  add(rows: number, ms: number, share: number): void {
    const weight = share / rows;
    this.#sums[0]! += weight;
    this.#sums[1]! += weight * rows;
    this.#sums[2]! += weight * rows * rows;
    this.#sums[3]! += weight * ms;
    this.#sums[4]! += weight * rows * ms;
  }

  fade(by: number): void {
    for (let i = 0; i < this.#sums.length; i += 1) this.#sums[i]! *= by;
  }

  plus(other: Sums): readonly [number, number, number, number, number] {
    const [one, n, nn, t, nt] = this.#sums.map((sum, i) => sum + other.#sums[i]!);
    return [one!, n!, nn!, t!, nt!];
  }
}

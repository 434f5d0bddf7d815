import type { Spread } from '../../domain/reference.js';

/**
 * Finds the bin of each number of a row. Every column has as many lanes, a power of two: its edges are filled up with
 * infinity, so that every search takes the same steps, and counts of all columns lie in one array.
 */
export class Bins {
  readonly columns: number;
  /** Counters a column; those past its own bins stay 0. */
  readonly lanes: number;
  /** [columns × lanes] */
  readonly #edges: Float64Array;

  constructor(spreads: readonly Spread[]) {
    this.columns = spreads.length;
    this.lanes = 2 ** Math.ceil(Math.log2(Math.max(2, ...spreads.map(({ shares }) => shares.length))));
    this.#edges = new Float64Array(this.columns * this.lanes).fill(Infinity);
    spreads.forEach(({ edges }, column) => this.#edges.set(edges, column * this.lanes));
  }

  /**
   * Counts a row's numbers. One that is not finite is in no bin.
   * @param values [columns] from `from` on
   * @param counts [columns × lanes] from `into` on
   */
  count(values: Float32Array, from: number, counts: Uint32Array, into: number): void {
    const { lanes, columns } = this;
    const edges = this.#edges;
    const half = lanes >> 1;
    for (let column = 0, lane = 0; column < columns; column += 1, lane += lanes) {
      const value = values[from + column]!;
      if (value - value !== 0) continue;
      let at = lane;
      for (let step = half; step > 0; step >>= 1) if (value > edges[at + step - 1]!) at += step;
      counts[into + at]! += 1;
    }
  }
}

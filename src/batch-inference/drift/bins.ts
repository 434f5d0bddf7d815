import type { Spread } from '../../domain/reference.js';

/** Cells of equal width between a column's first and last edge; two dozen times as many as edges. */
const CELLS = 256;

/**
 * Finds the bin of each number of a row. A cell knows how many edges lie below it, so that hardly any number is compared
 * twice: a binary search guesses half of its branches wrong.
 */
export class Bins {
  readonly columns: number;
  /** Counters a column, as many as the column with the most bins has; those past its own stay 0. */
  readonly lanes: number;
  /** [columns × lanes], filled up with infinity. */
  readonly #edges: Float64Array;
  /** [columns] A number's cell is (number − first) × scale, within 0..255. */
  readonly #first: Float64Array;
  readonly #scale: Float64Array;
  /** [columns × cells] */
  readonly #below: Uint8Array;

  constructor(spreads: readonly Spread[]) {
    this.columns = spreads.length;
    this.lanes = Math.max(0, ...spreads.map(({ shares }) => shares.length));
    this.#edges = new Float64Array(this.columns * this.lanes).fill(Infinity);
    spreads.forEach(({ edges }, column) => this.#edges.set(edges, column * this.lanes));
    this.#first = Float64Array.from(spreads, ({ edges }) => edges[0]!);
    this.#scale = Float64Array.from(spreads, scaleOf);
    this.#below = new Uint8Array(this.columns * CELLS);
    spreads.forEach(({ edges }, column) => {
      const cells = edges.map((edge) => cellOf(edge, edges[0]!, this.#scale[column]!));
      for (let cell = 0; cell < CELLS; cell += 1)
        this.#below[column * CELLS + cell] = cells.filter((one) => one < cell).length;
    });
  }

  /**
   * Counts a row's numbers. One that is not finite is in no bin.
   * @param values [columns] from `from` on
   * @param counts [columns × lanes] from `into` on
   */
  count(values: Float32Array, from: number, counts: Int32Array, into: number): void {
    const { lanes, columns } = this;
    const edges = this.#edges;
    const first = this.#first;
    const scale = this.#scale;
    const below = this.#below;
    for (let column = 0; column < columns; column += 1) {
      const value = values[from + column]!;
      if (value - value !== 0) continue;
      const cell = cellOf(value, first[column]!, scale[column]!);
      let at = column * lanes + below[column * CELLS + cell]!;
      while (value > edges[at]!) at += 1;
      counts[into + at]! += 1;
    }
  }
}

/** Never falls as the number rises: an edge in a lower cell is below it. */
function cellOf(value: number, first: number, scale: number): number {
  return Math.max(0, Math.min(CELLS - 1, (value - first) * scale)) | 0;
}

/** 0, everything in one cell, where there is one edge, or the edges are closer than a number can say. */
function scaleOf({ edges }: Spread): number {
  const scale = CELLS / (edges.at(-1)! - edges[0]!);
  return Number.isFinite(scale) ? scale : 0;
}

import type { ColumnDrift } from '../../domain/drift.js';
import type { Spread, Spreads } from '../../domain/reference.js';
import { Bins } from './bins.js';
import { kolmogorovSmirnov, populationStability } from './shift.js';

/** The window moves on by a slice: it holds between nine and ten of them once it is full. */
const SLICES = 10;
const ROWS_A_SLICE = 1_000;
/** Fewer rows say little: a PSI over ten bins would be 0.02 by chance alone. */
export const LEAST_ROWS = 500;

/** The newest rows of one model and timeframe, as counts in the bins of its training reference: at most 10,000 rows. */
export class DriftWindow {
  readonly #features: Tally;
  readonly #outputs: Tally;
  readonly #rowsOf = new Int32Array(SLICES);
  #slice = 0;

  constructor(reference: Spreads) {
    this.#features = new Tally(reference.features);
    this.#outputs = new Tally(reference.outputs);
  }

  get rows(): number {
    return this.#rowsOf.reduce((sum, rows) => sum + rows, 0);
  }

  /**
   * One row joins, and where a slice is full the oldest one leaves.
   * @param features row of features, from `feature` on @param outputs its answer, from `output` on
   */
  add(features: Float32Array, feature: number, outputs: Float32Array, output: number): void {
    if (this.#rowsOf[this.#slice]! === ROWS_A_SLICE) this.#turn();
    this.#features.count(this.#slice, features, feature);
    this.#outputs.count(this.#slice, outputs, output);
    this.#rowsOf[this.#slice]! += 1;
  }

  /** @param names of the features, in their order @param classes of the output's columns */
  drift(names: readonly string[], classes: readonly string[]): { features: ColumnDrift[]; outputs: ColumnDrift[] } {
    return { features: this.#features.drift(names), outputs: this.#outputs.drift(classes) };
  }

  #turn(): void {
    this.#slice = (this.#slice + 1) % SLICES;
    this.#rowsOf[this.#slice] = 0;
    this.#features.clear(this.#slice);
    this.#outputs.clear(this.#slice);
  }
}

/** Counts by slice, column and bin. */
class Tally {
  readonly #bins: Bins;
  readonly #width: number;
  /** [slices × columns × lanes] */
  readonly #counts: Int32Array;

  constructor(private readonly spreads: readonly Spread[]) {
    this.#bins = new Bins(spreads);
    this.#width = this.#bins.columns * this.#bins.lanes;
    this.#counts = new Int32Array(SLICES * this.#width);
  }

  count(slice: number, values: Float32Array, from: number): void {
    this.#bins.count(values, from, this.#counts, slice * this.#width);
  }

  clear(slice: number): void {
    this.#counts.fill(0, slice * this.#width, (slice + 1) * this.#width);
  }

  /** A column without a single number, of a model whose answers are none, is left out. */
  drift(names: readonly string[]): ColumnDrift[] {
    return this.spreads.flatMap(({ shares }, column) => {
      const live = this.#shares(column, shares.length);
      if (!live) return [];
      return { name: names[column]!, psi: populationStability(shares, live), ks: kolmogorovSmirnov(shares, live) };
    });
  }

  #shares(column: number, bins: number): Float64Array | undefined {
    const counts = new Float64Array(bins);
    for (let slice = 0; slice < SLICES; slice += 1) {
      const from = slice * this.#width + column * this.#bins.lanes;
      for (let bin = 0; bin < bins; bin += 1) counts[bin]! += this.#counts[from + bin]!;
    }
    const total = counts.reduce((sum, count) => sum + count, 0);
    return total > 0 ? counts.map((count) => count / total) : undefined;
  }
}

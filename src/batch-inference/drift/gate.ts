import type { ActiveModel } from '../../domain/model.js';

/** Tells a row that is unlike anything that its model's training saw: see `Reference.distance`. */
export class Gate {
  /** Floats of the row that it looks at: the newest candle's features. */
  readonly columns: number;
  readonly #mean: Float64Array;
  /** 1 / std; 0 for a feature that does not vary. */
  readonly #scale: Float64Array;
  /** Of the sum, not of the mean. */
  readonly #limit: number;

  constructor(features: ActiveModel['features'], limit: number) {
    this.columns = features.length;
    this.#mean = Float64Array.from(features, ({ mean }) => mean);
    this.#scale = Float64Array.from(features, ({ std }) => (std > 0 ? 1 / std : 0));
    this.#limit = limit * features.filter(({ std }) => std > 0).length;
  }

  /**
   * Whether Σ ((x − mean) / std)² is within the limit; false as well where a feature is NaN or infinite, for 0 × ∞ is NaN. In
   * two sums that do not wait for each other.
   * @param values [columns] from `from` on
   */
  admits(values: Float32Array, from: number): boolean {
    const mean = this.#mean;
    const scale = this.#scale;
    const last = this.columns - 1;
    let even = 0;
    let odd = 0;
    let i = 0;
    for (; i < last; i += 2) {
      const x = (values[from + i]! - mean[i]!) * scale[i]!;
      const y = (values[from + i + 1]! - mean[i + 1]!) * scale[i + 1]!;
      even += x * x;
      odd += y * y;
    }
    if (i === last) {
      const x = (values[from + i]! - mean[i]!) * scale[i]!;
      even += x * x;
    }
    return even + odd <= this.#limit;
  }
}

/** @returns the gate of a model whose manifest says what its training rows looked like, undefined of any other */
export function gateOf({ features, reference }: Pick<ActiveModel, 'features' | 'reference'>): Gate | undefined {
  return reference && new Gate(features, reference.distance.limit);
}

import type { ModelRef } from './model.js';
import type { Timeframe } from './timeframe.js';

/** How far one column has moved from the training reference. */
export interface ColumnDrift {
  /** A feature's name, or a class of the output. */
  readonly name: string;
  /** Population stability index, ≥ 0: 0.1 is a shift, 0.25 a large one. */
  readonly psi: number;
  /** Kolmogorov-Smirnov distance over the reference's bins, 0..1. */
  readonly ks: number;
}

/** Live rows of one model and timeframe against its training reference. */
export interface DriftReport {
  readonly model: ModelRef;
  readonly timeframe: Timeframe;
  /** Rows that were compared. */
  readonly rows: number;
  readonly features: readonly ColumnDrift[];
  readonly outputs: readonly ColumnDrift[];
}

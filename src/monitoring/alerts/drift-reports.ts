import type { ColumnDrift, DriftReport } from '../../domain/drift.js';
import { refOf } from '../../domain/model.js';
import { durationOf } from '../../domain/timeframe.js';
import type { Reading } from './readings.js';

/** A report stands until its timeframe could have brought two more. */
const RUNS_IT_STANDS = 2;

interface Kept {
  readonly reading: Reading;
  /** Wall time, epoch ms. */
  readonly until: number;
}

/** The newest drift report of each model and timeframe, as long as it says something of now. */
export class DriftReports {
  readonly #kept = new Map<string, Kept>();

  /** @param now wall time, epoch ms */
  keep({ model, timeframe, features, outputs }: DriftReport, now: number): void {
    const worst = worstOf([...features, ...outputs]);
    if (!worst) return;
    const detail = `${worst.name} (KS ${worst.ks.toFixed(2)})`;
    const reading: Reading = { code: 'DRIFT', model, timeframe, value: worst.psi, detail };
    this.#kept.set(`${refOf(model)}/${timeframe}`, { reading, until: now + RUNS_IT_STANDS * durationOf(timeframe) });
  }

  /** @param now wall time, epoch ms */
  readings(now: number): Reading[] {
    this.#kept.forEach(({ until }, key) => until < now && this.#kept.delete(key));
    return [...this.#kept.values()].map(({ reading }) => reading);
  }
}

function worstOf(columns: readonly ColumnDrift[]): ColumnDrift | undefined {
  return columns.reduce<ColumnDrift | undefined>(
    (worst, one) => (worst && worst.psi >= one.psi ? worst : one),
    undefined,
  );
}

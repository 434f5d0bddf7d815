import type { DriftReport } from '../../domain/drift.js';
import { refOf, type ActiveModel } from '../../domain/model.js';
import type { Timeframe } from '../../domain/timeframe.js';
import { DriftWindow, LEAST_ROWS } from './drift-window.js';

/** Numbers put into their bins before the main loop gets its turn: some 0.2 ms. */
const NUMBERS_A_SLICE = 16_384;

/** Rows that a model answered, where they lie: the newest candle's features and the answer of row i at i × stride. */
export interface AnsweredRows {
  readonly rows: number;
  readonly features: Float32Array;
  readonly featureStride: number;
  readonly outputs: Float32Array;
  readonly outputStride: number;
}

interface Watched {
  readonly model: ActiveModel;
  readonly timeframe: Timeframe;
  readonly window: DriftWindow;
}

/** Live rows of every model and timeframe beside the model's training rows. */
export class DriftWatch {
  readonly #watched = new Map<string, Watched>();

  /** Those of other models are forgotten. */
  keep(models: readonly ActiveModel[]): void {
    const kept = new Set(models.map(refOf));
    this.#watched.forEach(({ model }, key) => {
      if (!kept.has(refOf(model))) this.#watched.delete(key);
    });
  }

  /**
   * Takes rows in slices of the main loop's time: the caller gives it a turn at each step.
   * @returns what it then comes to; undefined while too few rows are known, or for a model without a reference
   */
  *absorb(
    model: ActiveModel,
    timeframe: Timeframe,
    parts: Iterable<AnsweredRows>,
  ): Generator<void, DriftReport | undefined> {
    const watched = this.#of(model, timeframe);
    if (!watched) return undefined;
    const rowsASlice = Math.ceil(NUMBERS_A_SLICE / (model.features.length + model.columns));
    for (const { rows, features, featureStride, outputs, outputStride } of parts) {
      for (let row = 0; row < rows; row += 1) {
        watched.window.add(features, row * featureStride, outputs, row * outputStride);
        if ((row + 1) % rowsASlice === 0) yield;
      }
      yield;
    }
    return reportOf(watched);
  }

  /** By model and timeframe. */
  reports(): readonly DriftReport[] {
    return [...this.#watched.values()].flatMap((watched) => reportOf(watched) ?? []);
  }

  /** Those that have too few rows to be compared. */
  collecting(): readonly Pick<DriftReport, 'model' | 'timeframe' | 'rows'>[] {
    return [...this.#watched.values()].filter(({ window }) => window.rows < LEAST_ROWS).map(headOf);
  }

  #of(model: ActiveModel, timeframe: Timeframe): Watched | undefined {
    if (!model.reference) return undefined;
    const key = `${refOf(model)}/${timeframe}`;
    const known = this.#watched.get(key);
    if (known) return known;
    const window = new DriftWindow(model.reference.timeframes?.[timeframe] ?? model.reference);
    const watched = { model, timeframe, window };
    this.#watched.set(key, watched);
    return watched;
  }
}

function headOf({ model: { name, version }, timeframe, window }: Watched): Omit<DriftReport, 'features' | 'outputs'> {
  return { model: { name, version }, timeframe, rows: window.rows };
}

function reportOf(watched: Watched): DriftReport | undefined {
  const { model, window } = watched;
  if (window.rows < LEAST_ROWS) return undefined;
  const names = model.features.map(({ name }) => name);
  const classes = model.classes ?? Array.from({ length: model.columns }, (_, column) => String(column));
  return { ...headOf(watched), ...window.drift(names, classes) };
}

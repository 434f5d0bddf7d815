import { z } from 'zod';
import type { ColumnDrift, DriftReport } from '../../domain/drift.js';
import type { ModelRef } from '../../domain/model.js';
import { TIMEFRAMES, type Timeframe } from '../../domain/timeframe.js';
import { modelFilter } from '../runs/run.dto.js';
import { LEAST_ROWS } from './drift-window.js';

export const DriftQuery = z.strictObject({ timeframe: z.enum(TIMEFRAMES).optional(), model: modelFilter });
export type DriftQuery = z.output<typeof DriftQuery>;

/** Of one model and timeframe. */
interface Placed {
  readonly model: ModelRef;
  readonly timeframe: Timeframe;
  readonly rows: number;
}

/** @returns what was asked for, in the order of models and timeframes */
export function chosen<T extends Placed>(all: readonly T[], { timeframe, model }: DriftQuery): T[] {
  const place = ({ model: { name, version }, timeframe: its }: Placed) =>
    [name, version, TIMEFRAMES.indexOf(its)].join();
  return all
    .filter((one) => (timeframe ?? one.timeframe) === one.timeframe)
    .filter((one) => (model?.model ?? one.model.name) === one.model.name)
    .filter((one) => (model?.version ?? one.model.version) === one.model.version)
    .sort((a, b) => (place(a) < place(b) ? -1 : 1));
}

/** Columns with the largest PSI first. */
export function driftDto({ features, outputs, ...head }: DriftReport) {
  return { ...headDto(head), features: byPsi(features), outputs: byPsi(outputs) };
}

export function collectingDto(head: Placed) {
  return { ...headDto(head), rows_needed: LEAST_ROWS };
}

function headDto({ model: { name, version }, timeframe, rows }: Placed) {
  return { model: name, version, timeframe, rows };
}

function byPsi(columns: readonly ColumnDrift[]): ColumnDrift[] {
  return [...columns].sort((a, b) => b.psi - a.psi);
}

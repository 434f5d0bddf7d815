import { z } from 'zod';
import { refOf } from '../../domain/model.js';
import { TIMEFRAMES } from '../../domain/timeframe.js';
import { span, subject, type WantedModel } from '../list-query.js';
import type { InferenceLatencyRow } from './inference-latency.row.js';
import type { ModelRecord, Subject } from './model-record.js';
import { REASONS, type RunCounts } from './run-counts.js';
import { WINDOWS, type Window } from './windows.js';

export const inferenceQuery = z.strictObject({ ...subject, window: z.enum(WINDOWS).default('5m') });
export const historyQuery = z.strictObject({ ...subject, ...span });

export type InferenceQuery = z.output<typeof inferenceQuery>;
export type HistoryQuery = z.output<typeof historyQuery>;

export function isWanted({ model, timeframe }: Subject, wanted: Pick<InferenceQuery, 'model' | 'timeframe'>): boolean {
  return isModel(model, wanted.model) && (wanted.timeframe === undefined || wanted.timeframe === timeframe);
}

function isModel(model: Subject['model'], wanted: WantedModel | undefined): boolean {
  if (!wanted) return true;
  return model.name === wanted.name && (wanted.version === undefined || model.version === wanted.version);
}

/** By name and version; of one, the shortest timeframe first and ad hoc requests last. */
export function bySubject({ subject: a }: ModelRecord, { subject: b }: ModelRecord): number {
  return refOf(a.model).localeCompare(refOf(b.model), 'en', { numeric: true }) || rankOf(a) - rankOf(b);
}

function rankOf({ timeframe }: Subject): number {
  return timeframe === null ? TIMEFRAMES.length : TIMEFRAMES.indexOf(timeframe);
}

/** What one model did over a window. `timeframe` null: ad hoc requests. */
export function recordDto(record: ModelRecord, window: Window, now: number) {
  const { counts, stages } = record.figures(window, now);
  return { ...subjectDto(record.subject), ...countsDto(counts), stages_ms: stages };
}

/** One minute of one model, as it was saved. */
export function latencyDto(row: InferenceLatencyRow) {
  const { at, model, version, engine, timeframe, runs, rows, answered, stages } = row;
  return {
    ...{ at: at.toISOString(), model, version, engine, timeframe },
    ...{ runs, rows: Number(rows), answered: Number(answered), stages_ms: stages },
  };
}

function subjectDto({ model, engine, timeframe }: Subject) {
  return { model: model.name, version: model.version, engine, timeframe };
}

function countsDto(counts: RunCounts) {
  const { runs, rows, answered, compared, flipped } = counts;
  const unanswered = REASONS.flatMap((reason) => {
    const many = counts.unanswered(reason);
    return many > 0 ? [[reason, many] as const] : [];
  });
  return {
    ...{ runs, rows, answered, unanswered: Object.fromEntries(unanswered) },
    compared,
    flip_rate: compared > 0 ? flipped / compared : null,
  };
}

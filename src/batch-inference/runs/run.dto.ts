import { z } from 'zod';
import { CLASSES } from '../../domain/model.js';
import { TIMEFRAMES } from '../../domain/timeframe.js';
import { RequestRefused } from '../../platform/http/refusal.js';
import { TIMED, type PredictionRow, type RunRow } from './run.row.js';

const time = z.iso
  .datetime({ offset: true, error: 'an ISO 8601 time like 2025-11-25T00:00:00Z' })
  .transform((text) => new Date(text));
const timeframe = z.enum(TIMEFRAMES).optional();
/** `name` or `name@version` */
export const modelFilter = z
  .string()
  .regex(/^[\w.-]{1,100}(@[\w.+-]{1,50})?$/, 'a model like gbt or gbt@1.0.0')
  .transform((text) => ({ model: text.split('@')[0], version: text.split('@')[1] }))
  .optional();

export const RunQuery = z.strictObject({
  timeframe,
  model: modelFilter,
  from: time.optional(),
  to: time.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(500).optional(),
});

export const LatencyQuery = z.strictObject({
  timeframe,
  model: modelFilter,
  minutes: z.coerce.number().positive().max(43_200).default(60),
});

export const RunPath = z.strictObject({ id: z.string().min(1).max(300) });

const Cursor = z.tuple([z.iso.datetime(), z.string().min(1).max(300)]);

export function cursorOf({ open_time, id }: Pick<RunRow, 'open_time' | 'id'>): string {
  return Buffer.from(JSON.stringify([open_time.toISOString(), id])).toString('base64url');
}

/** @throws RequestRefused 400 when it is not one that a page before gave */
export function readCursor(cursor: string): { openTime: Date; id: string } {
  try {
    const [openTime, id] = Cursor.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { openTime: new Date(openTime), id };
  } catch {
    const fault = { field: 'query.cursor', message: 'the "next" of the page before, unchanged' };
    throw new RequestRefused(400, 'INVALID_REQUEST', 'The query has 1 fault(s).', [fault]);
  }
}

/** A run as it is shown. Stage times in ms; null: that moment was never stamped. */
export function runDto(row: RunRow): Record<string, unknown> {
  const { id, model, version, timeframe, open_time, engine, role, rows, answered, abstentions, recorded_at } = row;
  const { made_of } = row;
  return {
    id,
    model,
    version,
    timeframe,
    open_time: open_time.toISOString(),
    engine,
    role,
    rows,
    answered,
    abstentions,
    made_of,
    stages_ms: Object.fromEntries(TIMED.map((stage) => [stage, row[`${stage}_ms`]])),
    recorded_at: recorded_at.toISOString(),
  };
}

/**
 * Each symbol's answer, beside it what each member of an ensemble said of it.
 * @param members of an ensemble's run: those whose answers are on record, in its order
 */
export function predictionDtos(row: PredictionRow, members: readonly PredictionRow[] = []): Record<string, unknown>[] {
  return row.symbols.map((symbol, i) => ({
    symbol,
    ...answerDto(row, i),
    ...(members.length > 0 && {
      members: members.map((member) => ({
        run_id: member.run_id,
        ...answerDto(member, member.symbols.indexOf(symbol)),
      })),
    }),
  }));
}

/** `{ short, flat, long }`, `{ outputs }` by class or in a list where it answers something else, or `{ abstained }`. */
export function answerDto(
  {
    columns,
    classes,
    probabilities,
    abstentions,
  }: Pick<PredictionRow, 'columns' | 'classes' | 'probabilities' | 'abstentions'>,
  at: number,
): Record<string, unknown> {
  if (abstentions[at] !== null) return { abstained: abstentions[at] };
  const outputs = probabilities.slice(at * columns, (at + 1) * columns);
  if (!classes) return { outputs };
  const named = Object.fromEntries(classes.map((name, column) => [name, outputs[column]]));
  return classes.join() === CLASSES.join() ? named : { outputs: named };
}

import { Injectable } from '@nestjs/common';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { refOf } from '../../domain/model.js';
import type { MadeOf, ModelRun, PredictionBatch } from '../../domain/prediction.js';
import { stageDurations, type Stage } from '../../domain/stage.js';
import type { Timeframe } from '../../domain/timeframe.js';
import { Database } from '../../platform/database/database.service.js';
import { countByReason } from '../inference-status.js';
import { TIMED, type MadeOfRecord, type PredictionRow, type RunRow, type StagePercentiles } from './run.row.js';

export interface RunFilter {
  readonly timeframe?: Timeframe | undefined;
  readonly model?: string | undefined;
  readonly version?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** The last row of the page before. */
  readonly after?: { readonly openTime: Date; readonly id: string } | undefined;
  readonly limit: number;
}

/** Half a millisecond of text. */
const ROWS_A_SLICE = 1_000;

const TIMED_COLUMNS = TIMED.map((stage) => `${stage}_ms`);
const TIMED_TYPES = TIMED_COLUMNS.map((column) => `${column} double precision`).join(', ');
const COLUMNS = [
  'id',
  'model',
  'version',
  'timeframe',
  'open_time',
  'engine',
  'role',
  'rows',
  'answered',
  'abstentions',
  'made_of',
  ...TIMED_COLUMNS,
];

const INSERT_RUNS = `
  insert into runs (${COLUMNS.join(', ')})
  select ${COLUMNS.join(', ')} from json_to_recordset($1::json) as run (
    id text, model text, version text, timeframe text, open_time timestamptz, engine text, role text, rows integer,
    answered integer, abstentions jsonb, made_of jsonb, ${TIMED_TYPES})
  on conflict do nothing`;

const INSERT_PREDICTIONS = `
  insert into predictions (run_id, symbols, columns, classes, probabilities, abstentions)
  select run_id, symbols, columns, classes, probabilities, abstentions from json_to_recordset($1::json) as prediction (
    run_id text, symbols text[], columns integer, classes text[], probabilities real[], abstentions text[])
  on conflict do nothing`;

const FINISH = `
  update runs set ${TIMED_COLUMNS.map((column) => `${column} = timed.${column}`).join(', ')}
  from json_to_recordset($1::json) as timed (id text, ${TIMED_TYPES})
  where runs.id = timed.id and runs.publish_ms is null`;

const percentile = (stage: Stage) => `percentile_cont(array[0.5, 0.95, 0.99]) within group (order by ${stage}_ms)`;
const LATENCY = `
  select count(*)::integer as runs,
    ${TIMED.map((stage) => `${percentile(stage)} as ${stage}, max(${stage}_ms) as ${stage}_max`).join(', ')}
  from runs
  where recorded_at >= now() - make_interval(secs => $1::double precision * 60)
    and ($2::text is null or timeframe = $2) and ($3::text is null or model = $3) and ($4::text is null or version = $4)`;

const LIST = `
  select * from runs
  where ($1::text is null or timeframe = $1) and ($2::text is null or model = $2) and ($3::text is null or version = $3)
    and ($4::timestamptz is null or open_time >= $4) and ($5::timestamptz is null or open_time <= $5)
    and ($6::timestamptz is null or (open_time, id) < ($6::timestamptz, $7::text))
  order by open_time desc, id desc limit $8`;

const DELETE_OLDEST = `
  with gone as (
    delete from runs where id = any(array(
      select id from runs where open_time < to_timestamp($1::float8) order by open_time, id limit $2))
    returning 1)
  select count(*)::int as deleted from gone`;

/** Runs and their predictions. A run's id is computed: saving it twice leaves the first as it is. */
@Injectable()
export class RunRepository {
  constructor(private readonly database: Database) {}

  /** Saves all runs of a batch in one statement and all its predictions in another; those on record stay unchanged. */
  async insertOnce(batch: PredictionBatch): Promise<void> {
    if (batch.runs.length === 0) return;
    const symbols = await inSlices(batch.symbols.length, (from, to) => JSON.stringify(batch.symbols.slice(from, to)));
    const predictions: string[] = [];
    for (const run of batch.runs) predictions.push(await predictionJson(batch, run, symbols));
    await this.database.query(INSERT_RUNS, [JSON.stringify(batch.runs.map((run) => runRecord(batch, run)))]);
    await this.database.query(INSERT_PREDICTIONS, [`[${predictions.join(',')}]`]);
  }

  /** Saves the stages' times of all runs in one statement; a run that has them keeps them. */
  async finish(runs: readonly ModelRun[]): Promise<void> {
    if (runs.length === 0) return;
    await this.database.query(FINISH, [
      JSON.stringify(runs.map(({ id, moments }) => ({ id, ...timedRecord(moments) }))),
    ]);
  }

  /** @returns at most `limit` runs, newest interval first */
  async list({ timeframe, model, version, from, to, after, limit }: RunFilter): Promise<RunRow[]> {
    const parameters = [timeframe, model, version, from, to, after?.openTime, after?.id, limit];
    return this.database.query<RunRow>(
      LIST,
      parameters.map((value) => value ?? null),
    );
  }

  async find(id: string): Promise<RunRow | undefined> {
    return (await this.database.query<RunRow>('select * from runs where id = $1', [id]))[0];
  }

  /** @returns by run; those of a run that are not on record are left out */
  async predictionsOf(ids: readonly string[]): Promise<ReadonlyMap<string, PredictionRow>> {
    const rows = await this.database.query<PredictionRow>('select * from predictions where run_id = any($1)', [ids]);
    return new Map(rows.map((row) => [row.run_id, row]));
  }

  /**
   * Deletes the oldest runs, and their predictions with them.
   * @param openTime of their interval, exchange time, UTC ms: runs of it and later ones stay @param limit runs at most
   * @returns runs deleted
   */
  async deleteBefore(openTime: number, limit: number): Promise<number> {
    const [{ deleted } = { deleted: 0 }] = await this.database.query<{ deleted: number }>(DELETE_OLDEST, [
      openTime / 1000,
      limit,
    ]);
    return deleted;
  }

  /** @returns how long each stage took over the runs recorded in the last `minutes` of wall time */
  async latency(
    minutes: number,
    { timeframe, model, version }: Pick<RunFilter, 'timeframe' | 'model' | 'version'>,
  ): Promise<{ runs: number; stages: Record<Stage, StagePercentiles> }> {
    const parameters = [minutes, timeframe ?? null, model ?? null, version ?? null];
    const [row] = await this.database.query<Record<string, unknown>>(LATENCY, parameters);
    const stages = TIMED.map((stage) => {
      const [p50 = null, p95 = null, p99 = null] = (row?.[stage] ?? []) as number[];
      return [stage, { p50, p95, p99, max: (row?.[`${stage}_max`] ?? null) as number | null }] as const;
    });
    return { runs: row?.['runs'] as number, stages: Object.fromEntries(stages) as Record<Stage, StagePercentiles> };
  }
}

function timedRecord(moments: ModelRun['moments']): Record<string, number | undefined> {
  const durations = stageDurations(moments);
  return Object.fromEntries(TIMED.map((stage) => [`${stage}_ms`, durations[stage]]));
}

function runRecord({ timeframe, openTime, symbols }: PredictionBatch, run: ModelRun): Record<string, unknown> {
  return {
    id: run.id,
    model: run.model.name,
    version: run.model.version,
    timeframe,
    open_time: new Date(openTime).toISOString(),
    engine: run.engine,
    role: run.role,
    rows: symbols.length,
    answered: run.answered.reduce((sum, one) => sum + one, 0),
    abstentions: countByReason(run.abstentions.values()),
    made_of: run.madeOf && madeOfRecord(run.madeOf),
    ...timedRecord(run.moments),
  };
}

function madeOfRecord({ method, members, meta }: MadeOf): MadeOfRecord {
  return {
    method,
    members: members.map(({ runId: run_id, part, weight, regime }) => ({ run_id, part, weight, regime })),
    meta: meta && refOf(meta),
  };
}

/** JSON writes NaN as null, which is what an absent probability is. @param symbolsJson the batch's, written once */
async function predictionJson(
  { symbols }: PredictionBatch,
  { id, columns, classes, probabilities, answered, abstentions }: ModelRun,
  symbolsJson: string,
): Promise<string> {
  const shown = await inSlices(symbols.length, (from, to) => {
    const slice = probabilities.subarray(columns * from, columns * to);
    const isThere = (i: number) => answered[from + Math.floor(i / columns)] === 1;
    return JSON.stringify(Array.from(slice, (value, i) => (isThere(i) ? value : null)));
  });
  const why = await inSlices(symbols.length, (from, to) =>
    JSON.stringify(symbols.slice(from, to).map((symbol) => abstentions.get(symbol) ?? null)),
  );
  const head = JSON.stringify({ run_id: id, columns, classes }).slice(0, -1);
  return `${head},"symbols":${symbolsJson},"probabilities":${shown},"abstentions":${why}}`;
}

/** A big batch is milliseconds of text: the main loop gets its turn after each slice. @returns one JSON list of all of them */
async function inSlices(length: number, listOf: (from: number, to: number) => string): Promise<string> {
  const parts: string[] = [];
  for (let from = 0; from < length; from += ROWS_A_SLICE) {
    parts.push(listOf(from, Math.min(length, from + ROWS_A_SLICE)).slice(1, -1));
    await nextTurn();
  }
  return `[${parts.join(',')}]`;
}

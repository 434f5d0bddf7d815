import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.service.js';
import { newestFirst, spanParameters } from '../list-query.js';
import type { InferenceLatencyRow } from './inference-latency.row.js';
import type { HistoryQuery } from './inference.dto.js';
import type { Figures, Subject } from './model-record.js';

/** What one subject measured in a minute. */
export interface Minute extends Figures {
  readonly subject: Subject;
}

const INSERT = `
  insert into inference_latency (at, exchange_time, model, version, engine, timeframe, runs, rows, answered, stages)
  select to_timestamp($1::float8 / 1000), to_timestamp($2::float8 / 1000), model, version, engine, timeframe, runs, rows,
         answered, stages
    from json_to_recordset($3::json) as minute (
      model text, version text, engine text, timeframe text, runs integer, rows bigint, answered bigint, stages jsonb)`;

const LIST = `
  select id, at, model, version, engine, timeframe, runs, rows, answered, stages from inference_latency
   where ($6::text is null or model = $6) and ($7::text is null or version = $7) and ($8::text is null or timeframe = $8)
     and ${newestFirst('at', 'bigint')}`;

const DELETE_OLDEST = `
  with gone as (
    delete from inference_latency where id = any(array(
      select id from inference_latency where exchange_time < to_timestamp($1::float8 / 1000)
       order by exchange_time, id limit $2))
    returning 1)
  select count(*)::int as deleted from gone`;

/** The table `inference_latency`. */
@Injectable()
export class InferenceLatencyRepository {
  constructor(private readonly database: Database) {}

  /** Saves what all models measured in one statement. @param at wall time, epoch ms @param exchangeTime the same moment, UTC ms */
  async insertAll(minutes: readonly Minute[], at: number, exchangeTime: number): Promise<void> {
    if (minutes.length === 0) return;
    await this.database.query(INSERT, [Math.floor(at), exchangeTime, JSON.stringify(minutes.map(minuteRecord))]);
  }

  /** @returns at most `query.limit + 1` rows, newest first */
  list({ model, timeframe, ...span }: HistoryQuery): Promise<InferenceLatencyRow[]> {
    const wanted = [model?.name ?? null, model?.version ?? null, timeframe ?? null];
    return this.database.query<InferenceLatencyRow>(LIST, [...spanParameters(span), ...wanted]);
  }

  /** @param before exchange time, UTC ms @returns rows deleted, at most `limit` */
  async deleteBefore(before: number, limit: number): Promise<number> {
    const [row] = await this.database.query<{ deleted: number }>(DELETE_OLDEST, [before, limit]);
    return row!.deleted;
  }
}

function minuteRecord({ subject: { model, engine, timeframe }, counts, stages }: Minute): Record<string, unknown> {
  const { runs, rows, answered } = counts;
  return { model: model.name, version: model.version, engine, timeframe, runs, rows, answered, stages };
}

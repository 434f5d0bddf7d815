import { Injectable } from '@nestjs/common';
import { raisedAt, type Alert } from '../../domain/alert.js';
import { Database } from '../../platform/database/database.service.js';
import { newestFirst, spanParameters } from '../list-query.js';
import type { AlertQuery } from './alert.dto.js';
import type { AlertRow } from './alert.row.js';

const COLUMNS =
  'id, code, model, version, timeframe, value, limit_value, message, raised_at, cleared_at, cleared_value, note';

/** Being raised and being cleared may arrive in either order, and twice: the row ends the same. */
const SAVE = `
  insert into alerts (id, code, model, version, timeframe, value, limit_value, message, raised_at, exchange_time,
                      cleared_at, cleared_value, note)
  values ($1, $2, $3, $4, $5, $6, $7, $8, to_timestamp($9::float8 / 1000), to_timestamp($10::float8 / 1000),
          to_timestamp($11::float8 / 1000), $12, $13)
  on conflict (id) do update set
    value = case when excluded.cleared_at is null then excluded.value else alerts.value end,
    message = case when excluded.cleared_at is null then excluded.message else alerts.message end,
    cleared_at = coalesce(alerts.cleared_at, excluded.cleared_at),
    cleared_value = coalesce(alerts.cleared_value, excluded.cleared_value),
    note = coalesce(alerts.note, excluded.note)`;

const CLOSE_LEFT_OPEN = `
  with closed as (
    update alerts set cleared_at = to_timestamp($1::float8 / 1000), note = $2 where cleared_at is null returning 1)
  select count(*)::int as closed from closed`;

const LIST = `
  select ${COLUMNS} from alerts
   where ($6::text = 'all' or ($6 = 'open') = (cleared_at is null)) and ($7::text is null or code = $7)
     and ($8::text is null or model = $8) and ($9::text is null or version = $9) and ($10::text is null or timeframe = $10)
     and ${newestFirst('raised_at', 'text')}`;

const DELETE_OLDEST = `
  with gone as (
    delete from alerts where id = any(array(
      select id from alerts where cleared_at is not null and exchange_time < to_timestamp($1::float8 / 1000)
       order by exchange_time, id limit $2))
    returning 1)
  select count(*)::int as deleted from gone`;

/** The table `alerts`. */
@Injectable()
export class AlertRepository {
  constructor(private readonly database: Database) {}

  /** Saves that an alert was raised, or that it was cleared. @param exchangeTime now, UTC ms */
  async save(alert: Alert, exchangeTime: number): Promise<void> {
    const { id, code, state, model, timeframe, value, limit, message, at } = alert;
    const cleared = state === 'cleared' ? [at, value, message] : [null, null, null];
    const what = [id, code, model?.name ?? null, model?.version ?? null, timeframe, value, limit, message];
    await this.database.query(SAVE, [...what, raisedAt(alert), exchangeTime, ...cleared]);
  }

  /** Closes every alert that is open on record. @param at wall time, epoch ms @returns how many */
  async closeLeftOpen(at: number, note: string): Promise<number> {
    const [row] = await this.database.query<{ closed: number }>(CLOSE_LEFT_OPEN, [at, note]);
    return row!.closed;
  }

  /** @returns at most `query.limit + 1` alerts, newest first */
  list({ state, code, model, timeframe, ...span }: AlertQuery): Promise<AlertRow[]> {
    const wanted = [state, code ?? null, model?.name ?? null, model?.version ?? null, timeframe ?? null];
    return this.database.query<AlertRow>(LIST, [...spanParameters(span), ...wanted]);
  }

  /** Open ones stay. @param before exchange time, UTC ms @returns rows deleted, at most `limit` */
  async deleteBefore(before: number, limit: number): Promise<number> {
    const [row] = await this.database.query<{ deleted: number }>(DELETE_OLDEST, [before, limit]);
    return row!.deleted;
  }
}

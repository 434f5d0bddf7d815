import { Injectable } from '@nestjs/common';
import type { CandleColumns, CandleSource } from '../../domain/candle.js';
import type { Pair } from '../../domain/pair.js';
import type { Timeframe } from '../../domain/timeframe.js';
import { Database } from '../../platform/database/database.service.js';
import { columnsOf } from '../series/columns.js';
import type { CandleBatch } from './candle-batch.js';

export interface CandleRow {
  readonly open_time: Date;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly source: CandleSource;
  readonly revision: number;
}

/** Times are UTC ms; `from` inclusive, `to` and `before` exclusive. */
export interface CandleQuery {
  readonly symbol: Pair;
  readonly timeframe: Timeframe;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly before?: number | undefined;
  readonly limit: number;
}

// Rows already told with the same numbers are left out before the insert: `on conflict do update` would lock and log each of
// them even where its condition is false, and a restart tells 500 known candles a series. It is a scalar subquery, one look
// into the primary key a row: as `not exists` it was planned, without statistics, as a join over all candles. Volume is compared within the
// rounding of a sum. The last of several rows with one key wins.
const SAVE = `
  insert into candles as held (exchange, symbol, timeframe, open_time, open, high, low, close, volume, source)
  select distinct on (symbol, timeframe, open_time) $1, symbol, timeframe, to_timestamp(open_time / 1000), open, high, low, close, volume, source
    from unnest($2::text[], $3::text[], $4::float8[], $5::float8[], $6::float8[], $7::float8[], $8::float8[], $9::float8[], $10::text[])
         with ordinality as told (symbol, timeframe, open_time, open, high, low, close, volume, source, n)
   where not coalesce((
         select (same.open, same.high, same.low, same.close) = (told.open, told.high, told.low, told.close)
                and abs(same.volume - told.volume) <= 1e-9 * greatest(abs(same.volume), abs(told.volume))
           from candles same
          where same.exchange = $1 and same.symbol = told.symbol and same.timeframe = told.timeframe
            and same.open_time = to_timestamp(told.open_time / 1000)), false)
   order by symbol, timeframe, open_time, n desc
  on conflict (exchange, symbol, timeframe, open_time) do update
     set open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close, volume = excluded.volume,
         source = excluded.source, revision = held.revision + 1, saved_at = now()
  returning 1`;

/** The table `candles`. */
@Injectable()
export class CandleRepository {
  constructor(private readonly database: Database) {}

  /**
   * Saves a batch in one statement. A candle on record with other numbers is replaced and its revision counts up; one with
   * the same numbers is left alone, so a replay changes nothing.
   * @returns rows added or replaced
   */
  async saveAll(exchange: string, batch: CandleBatch): Promise<number> {
    if (batch.size === 0) return 0;
    const { symbol, timeframe, openTime, open, high, low, close, volume, source } = batch;
    const columns = [symbol, timeframe, openTime, open, high, low, close, volume, source];
    return (await this.database.query(SAVE, [exchange, ...columns])).length;
  }

  /** @returns at most `limit` candles, newest first */
  page(exchange: string, { symbol, timeframe, from, to, before, limit }: CandleQuery): Promise<CandleRow[]> {
    const end = Math.min(to ?? Infinity, before ?? Infinity);
    return this.database.query<CandleRow>(
      `select open_time, open, high, low, close, volume, source, revision
         from candles
        where exchange = $1 and symbol = $2 and timeframe = $3
          and ($4::float8 is null or open_time >= to_timestamp($4::float8 / 1000))
          and ($5::float8 is null or open_time < to_timestamp($5::float8 / 1000))
        order by open_time desc
        limit $6`,
      [exchange, symbol, timeframe, from ?? null, Number.isFinite(end) ? end : null, limit],
    );
  }

  /** @returns the candle of the symbol that opened last, of any timeframe; undefined where none is on record */
  async newestOf(exchange: string, symbol: Pair): Promise<CandleColumns | undefined> {
    const [row] = await this.database.query<CandleRow & { readonly timeframe: Timeframe }>(
      `select timeframe, open_time, open, high, low, close, volume
         from candles where exchange = $1 and symbol = $2
        order by open_time desc limit 1`,
      [exchange, symbol],
    );
    return row && columnsOf(symbol, row.timeframe, [{ ...row, openTime: row.open_time.getTime() }]);
  }

  /**
   * Deletes the oldest 1m candles of the exchange that opened before an instant.
   * @param limit rows at most, so that no statement holds its locks for long
   * @returns rows deleted
   */
  async deleteMinutesBefore(exchange: string, openTime: number, limit: number): Promise<number> {
    const [{ deleted } = { deleted: 0 }] = await this.database.query<{ deleted: number }>(
      `with gone as (
         delete from candles where ctid = any(array(
           select ctid from candles
            where exchange = $1 and timeframe = '1m' and open_time < to_timestamp($2::float8 / 1000)
            order by open_time limit $3))
         returning 1)
       select count(*)::int as deleted from gone`,
      [exchange, openTime, limit],
    );
    return deleted;
  }
}

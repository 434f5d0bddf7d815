import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Candles1764028800001 implements MigrationInterface {
  readonly name = 'Candles1764028800001';

  async up(queryRunner: QueryRunner): Promise<void> {
    // Prices are double precision on purpose: candles feed analytics. Money is exact from the order on.
    await queryRunner.query(`
      create table candles (
        exchange   text             not null,
        symbol     text             not null,
        timeframe  text             not null,
        open_time  timestamptz      not null,
        open       double precision not null,
        high       double precision not null,
        low        double precision not null,
        close      double precision not null,
        volume     double precision not null,
        source     text             not null check (source in ('stream', 'rest', 'aggregate')),
        revision   integer          not null default 0,
        saved_at   timestamptz      not null default now(),
        primary key (exchange, symbol, timeframe, open_time)
      )`);
    await queryRunner.query(`
      comment on column candles.revision is 'how often the exchange told this candle again with other numbers'`);
    // For the retention job, which deletes the oldest minutes of whatever symbol.
    await queryRunner.query(`create index candles_minutes_by_age on candles (open_time) where timeframe = '1m'`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('forward only'));
  }
}

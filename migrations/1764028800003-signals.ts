import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Signals: what the strategy decided and why. The unique key is the signal id's preimage: a replay adds no row. */
export class Signals1764028800003 implements MigrationInterface {
  readonly name = 'Signals1764028800003';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table signals (
        id           text primary key check (id ~ '^[0-9a-f]{32}$'),
        symbol       text not null,
        timeframe    text not null,
        open_time    timestamptz not null,
        decided_at   timestamptz not null check (decided_at > open_time),
        direction    text not null check (direction in ('long', 'short')),
        confidence   double precision not null check (confidence between 0 and 1),
        entry        double precision not null check (entry > 0),
        stop_loss    double precision not null check (stop_loss > 0),
        take_profits double precision[] not null check (cardinality(take_profits) > 0),
        strategy     text not null,
        models       text[] not null,
        because      jsonb not null,
        saved_at     timestamptz not null default clock_timestamp(),
        unique (symbol, timeframe, open_time, strategy, models),
        check (case direction when 'long' then stop_loss < entry else stop_loss > entry end)
      )`);
    // Every list is newest first, and its cursor is this pair.
    await queryRunner.query(`create index signals_newest on signals (decided_at desc, id desc)`);
    await queryRunner.query(`create index signals_of_symbol on signals (symbol, decided_at desc, id desc)`);
    // The cooldown memory at start: one timeframe, a few candles back.
    await queryRunner.query(`create index signals_of_timeframe on signals (timeframe, open_time)`);
  }

  down(): Promise<void> {
    throw new Error('forward only');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A run is one model's batch over one interval; its id is computed, so that a replay adds nothing. Stage times are wall
 * time in ms, absent where a moment was not stamped. Predictions are one row a run, not one a symbol: a simulated market
 * closes an interval a second, and four timeframes of 50 symbols and three models would be hundreds of rows each second.
 */
export class Runs1764028800002 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table runs (
        id text primary key,
        model text not null,
        version text not null,
        timeframe text not null,
        open_time timestamptz not null,
        engine text not null,
        rows integer not null check (rows >= 0),
        answered integer not null check (answered between 0 and rows),
        abstentions jsonb not null,
        feed_ms double precision,
        wait_ms double precision,
        features_ms double precision,
        queue_ms double precision,
        inference_ms double precision,
        decide_ms double precision,
        save_ms double precision,
        publish_ms double precision,
        total_ms double precision,
        recorded_at timestamptz not null default clock_timestamp(),
        unique (model, version, timeframe, open_time)
      )`);
    await queryRunner.query('create index runs_newest on runs (open_time desc, id desc)');
    await queryRunner.query('create index runs_recorded on runs (recorded_at)');
    await queryRunner.query(`
      create table predictions (
        run_id text primary key references runs (id) on delete cascade,
        symbols text[] not null,
        -- short, flat, long of each symbol in turn; null where the model abstained
        probabilities real[] not null,
        -- why, for each symbol; null where the model answered
        abstentions text[] not null,
        check (cardinality(probabilities) = 3 * cardinality(symbols)),
        check (cardinality(abstentions) = cardinality(symbols))
      )`);
  }

  async down(): Promise<void> {
    throw new Error('forward only');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** One row an alert, from being raised to being cleared. */
export class Alerts1764201600011 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table alerts (
        id text primary key,
        code text not null,
        -- null: it concerns no single model, or no single timeframe
        model text,
        version text,
        timeframe text,
        value double precision not null,
        limit_value double precision not null,
        message text not null,
        raised_at timestamptz not null,
        -- the same moment by the exchange's clock: what retention goes by
        exchange_time timestamptz not null,
        cleared_at timestamptz,
        cleared_value double precision,
        -- why it was cleared
        note text,
        check ((model is null) = (version is null)),
        check (cleared_at is not null or (cleared_value is null and note is null))
      )`);
    await queryRunner.query('create index alerts_newest on alerts (raised_at desc, id desc)');
    await queryRunner.query('create index alerts_open on alerts (raised_at) where cleared_at is null');
  }

  async down(): Promise<void> {
    throw new Error('forward only');
  }
}

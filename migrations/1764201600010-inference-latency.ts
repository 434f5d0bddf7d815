import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What each model measured in a minute of wall time, so that its history outlives the process: quantiles cannot be
 * computed from one another later, and runs that nobody keeps for ever could not tell them again.
 */
export class InferenceLatency1764201600010 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table inference_latency (
        id bigint generated always as identity primary key,
        -- the end of the minute, wall time
        at timestamptz not null,
        -- the same moment by the exchange's clock: what retention goes by
        exchange_time timestamptz not null,
        model text not null,
        version text not null,
        engine text not null,
        -- null: ad hoc requests
        timeframe text,
        runs integer not null check (runs >= 0),
        rows bigint not null check (rows >= 0),
        answered bigint not null check (answered between 0 and rows),
        -- stage → count, p50, p95, p99, p999, max; ms
        stages jsonb not null
      )`);
    await queryRunner.query('create index inference_latency_newest on inference_latency (at desc, id desc)');
    await queryRunner.query('create index inference_latency_oldest on inference_latency (exchange_time)');
  }

  async down(): Promise<void> {
    throw new Error('forward only');
  }
}

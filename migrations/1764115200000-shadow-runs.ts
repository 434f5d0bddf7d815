import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A shadow's runs are recorded beside the others; nothing was traded on them. */
export class ShadowRuns1764115200000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('alter table runs add column shadow boolean not null default false');
  }

  async down(): Promise<void> {
    throw new Error('forward only');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may call the API. A key itself is never stored: only its hash. */
export class Access1764028800000 implements MigrationInterface {
  readonly name = 'Access1764028800000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table api_keys (
        id          uuid primary key default gen_random_uuid(),
        name        text not null,
        hash        bytea not null unique check (length(hash) = 32),
        created_at  timestamptz not null default now(),
        revoked_at  timestamptz
      )`);
  }

  down(): Promise<void> {
    throw new Error('forward only');
  }
}

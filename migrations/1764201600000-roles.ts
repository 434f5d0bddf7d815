import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a version did in a run: it voted, alone or on its share of the symbols, or was only recorded. */
export class Roles1764201600000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      alter table runs add column role text not null default 'active'
        check (role in ('active', 'canary', 'shadow', 'member', 'standby'))`);
    await queryRunner.query(`update runs set role = 'shadow' where shadow`);
    await queryRunner.query('alter table runs drop column shadow');
  }

  async down(): Promise<void> {
    throw new Error('forward only');
  }
}

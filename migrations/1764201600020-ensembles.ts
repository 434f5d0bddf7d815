import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A run may be an ensemble's, made of its members' runs; and a member may answer something else than short, flat, long. */
export class Ensembles1764201600020 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    // { method, members: [{ run_id, part, weight, regime }], meta }; null: no ensemble's
    await queryRunner.query('alter table runs add column made_of jsonb');
    await queryRunner.query(`
      alter table predictions
        add column columns integer not null default 3 check (columns > 0),
        -- what each column is the probability of; null: they are no classes
        add column classes text[] default '{short,flat,long}',
        drop constraint predictions_check,
        add check (cardinality(probabilities) = columns * cardinality(symbols)),
        add check (cardinality(classes) = columns)`);
    await queryRunner.query(
      'alter table predictions alter column columns drop default, alter column classes drop default',
    );
  }

  async down(): Promise<void> {
    throw new Error('forward only');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Every move of every model version's life; rows are added and never changed. */
export class ModelTransitions1764201600030 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table model_transitions (
        seq         bigint generated always as identity primary key,
        id          text not null unique,
        name        text not null,
        version     text not null,
        from_state  text,
        to_state    text not null,
        code        text not null,
        reason      text not null,
        who         text not null,
        at          timestamptz not null
      )`);
    await queryRunner.query('create index model_transitions_by_name on model_transitions (name, seq desc)');
  }

  down(): Promise<void> {
    throw new Error('forward only');
  }
}

import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.service.js';
import type { ModelState, Transition } from './model-states.js';

const INSERT = `
  insert into model_transitions (id, name, version, from_state, to_state, code, reason, who, at)
  select id, name, version, from_state, to_state, code, reason, who, at from json_to_recordset($1::json) as moved (
    id text, name text, version text, from_state text, to_state text, code text, reason text, who text, at timestamptz)
  on conflict do nothing`;

const LIST = `
  select seq, name, version, from_state, to_state, code, reason, who, at from model_transitions
  where name = $1 and ($2::bigint is null or seq < $2) order by seq desc limit $3`;

export interface TransitionRow {
  /** Rising; text, as Postgres hands on a bigint. */
  readonly seq: string;
  readonly name: string;
  readonly version: string;
  readonly from_state: ModelState | null;
  readonly to_state: ModelState;
  readonly code: string;
  readonly reason: string;
  readonly who: string;
  readonly at: Date;
}

/** Every move of every version's life; rows are added and never changed. */
@Injectable()
export class TransitionRepository {
  constructor(private readonly database: Database) {}

  /** Saves them in one statement, in their order; those on record stay unchanged. */
  async insertOnce(transitions: readonly Transition[]): Promise<void> {
    await this.database.query(INSERT, [JSON.stringify(transitions.map(recordOf))]);
  }

  /** @param before `seq` of the last row of the page before @returns at most `limit` moves of a name, newest first */
  async list(name: string, before: string | undefined, limit: number): Promise<TransitionRow[]> {
    return this.database.query<TransitionRow>(LIST, [name, before ?? null, limit]);
  }
}

/** Computed from the moment and the move, so that saving it twice adds nothing. */
function recordOf({ name, version, from, to, code, text, who, at }: Transition) {
  return {
    id: `${name}@${version}/${Math.round(at * 1000)}/${to}`,
    ...{ name, version, from_state: from, to_state: to, code, reason: text, who },
    at: new Date(at).toISOString(),
  };
}

import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.service.js';

@Injectable()
export class ApiKeyRepository {
  constructor(private readonly database: Database) {}

  /** @returns every key in force: its name, and its sha256, 32 bytes */
  async inForce(): Promise<{ readonly name: string; readonly hash: Buffer }[]> {
    return this.database.query('select name, hash from api_keys where revoked_at is null');
  }

  /**
   * Puts a key in force and revokes those of the same name, in one step.
   * @returns false, changing nothing, when this very key was revoked before: it stays so
   */
  async replace(name: string, hash: Buffer): Promise<boolean> {
    return this.database.transaction(async (transaction) => {
      const add = 'insert into api_keys (name, hash) values ($1, $2) on conflict (hash) do nothing';
      await transaction.query(add, [name, hash]);
      const inForce = await transaction.query('select 1 from api_keys where hash = $1 and revoked_at is null', [hash]);
      if (inForce.length === 0) return false;
      const others = 'name = $1 and hash <> $2 and revoked_at is null';
      await transaction.query(`update api_keys set revoked_at = now() where ${others}`, [name, hash]);
      return true;
    });
  }
}

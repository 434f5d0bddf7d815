import type { DataSource, QueryRunner } from 'typeorm';
import { StartError } from '../start-error.js';
import { whereIs } from './postgres.data-source.js';

/** The lock's name in Postgres: a number of our own, the same in every version. */
const KEY = 1_095_516_993;
/** SQLSTATE of a wait that went beyond lock_timeout. */
const HELD = '55P03';

export interface LockOptions {
  /** As in DATABASE_URL: the message says where it is, without user and password. */
  readonly url: string;
  /** How long to wait for the session of a process that has just died, wall ms. */
  readonly waitMs?: number;
  /** How often the lock's own connection is asked whether it lives, wall ms. */
  readonly everyMs?: number;
  /** Told once that another process took the lock while its connection was lost. */
  readonly onLost: (reason: string) => void;
}

/**
 * One process at a time works on a database: two would trade one account, each on half of what it knows. States: held →
 * (connection lost) seeking → held or lost; released. The lock lives in an open transaction, not in a session: it goes
 * with its connection, and holds behind a pooler that shares sessions too.
 */
export class DatabaseLock {
  #holding: QueryRunner | undefined;
  #watch: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  private constructor(
    private readonly dataSource: DataSource,
    private readonly options: LockOptions,
  ) {}

  /** @throws StartError where another process holds it */
  static async take(dataSource: DataSource, options: LockOptions): Promise<DatabaseLock> {
    const lock = new DatabaseLock(dataSource, options);
    lock.#holding = await lock.#acquire();
    if (!lock.#holding) throw new StartError(lock.#taken());
    lock.#watch = setInterval(() => (lock.#looking ??= lock.#look()), options.everyMs ?? 5_000).unref();
    return lock;
  }

  async release(): Promise<void> {
    clearInterval(this.#watch);
    await this.#looking;
    await this.#holding?.rollbackTransaction().catch(() => undefined); // a connection that is lost holds nothing
    await this.#holding?.release();
    this.#holding = undefined;
  }

  async #look(): Promise<void> {
    try {
      await this.#holding?.query('select 1');
      if (this.#holding) return;
      this.#holding = await this.#acquire();
      if (this.#holding) return;
      clearInterval(this.#watch);
      this.options.onLost(this.#taken());
    } catch {
      // The database is away: nobody else has it either. The next look seeks again.
      await this.#holding?.release().catch(() => undefined);
      this.#holding = undefined;
    } finally {
      this.#looking = undefined;
    }
  }

  /** @returns the connection that holds the lock; undefined where another one does */
  async #acquire(): Promise<QueryRunner | undefined> {
    const runner = this.dataSource.createQueryRunner();
    try {
      await runner.startTransaction();
      await runner.query(`set local lock_timeout = ${this.options.waitMs ?? 5_000}`);
      await runner.query('set local idle_in_transaction_session_timeout = 0');
      // A machine that lost its power says no farewell: the server notices within half a minute, not after two hours.
      await runner.query('set local tcp_keepalives_idle = 10');
      await runner.query('set local tcp_keepalives_interval = 5');
      await runner.query('set local tcp_keepalives_count = 4');
      await runner.query('select pg_advisory_xact_lock($1)', [KEY]);
      return runner;
    } catch (error) {
      await runner.rollbackTransaction().catch(() => undefined);
      await runner.release();
      if ((error as { code?: string }).code === HELD) return undefined;
      throw error;
    }
  }

  #taken(): string {
    return (
      `Another AlphaPulse works on the database ${whereIs(this.options.url)}, and two would trade one account. Stop it, ` +
      'or set DATABASE_URL (and ALPHAPULSE_HOME) to run a second one. One whose machine has just failed is forgotten ' +
      'within half a minute.'
    );
  }
}

import { afterEach, beforeEach, expect, it } from 'vitest';
import { DatabaseLock } from '../../src/platform/database/database-lock.service.js';
import { openDatabase } from '../../src/platform/database/postgres.data-source.js';
import { eventually } from '../builders/eventually.js';
import { freshDatabase } from '../builders/postgres.js';

let fresh: Awaited<ReturnType<typeof freshDatabase>>;
beforeEach(async () => (fresh = await freshDatabase()));
afterEach(() => fresh.close());

const lost: string[] = [];
const options = () => ({
  url: fresh.url,
  waitMs: 200,
  everyMs: 20,
  onLost: (reason: string) => void lost.push(reason),
});
const holders = () =>
  fresh.database.query<{ pid: number }>(
    `select pid from pg_locks join pg_database d on d.oid = database
      where locktype = 'advisory' and granted and datname = current_database()`,
  );

it('one process at a time has the database; the next one may once it is released', async () => {
  const one = await DatabaseLock.take(fresh.dataSource, options());
  const elsewhere = await openDatabase(fresh.url);
  await expect(DatabaseLock.take(elsewhere, options())).rejects.toThrow(/Another AlphaPulse works on .*test_/);
  await one.release();
  await (await DatabaseLock.take(elsewhere, options())).release();
  await elsewhere.destroy();
});

it('is taken again when its connection was lost', async () => {
  const one = await DatabaseLock.take(fresh.dataSource, options());
  const [{ pid } = { pid: 0 }] = await holders();
  await fresh.database.query('select pg_terminate_backend($1)', [pid]);
  await eventually('another connection that holds it', async () => (await holders()).some((now) => now.pid !== pid));
  expect(lost).toEqual([]);
  await one.release();
  expect(await holders()).toEqual([]);
});

it('says so when another process took it meanwhile', async () => {
  const one = await DatabaseLock.take(fresh.dataSource, options());
  const elsewhere = await openDatabase(fresh.url);
  const [{ pid } = { pid: 0 }] = await holders();
  const taking = DatabaseLock.take(elsewhere, { ...options(), waitMs: 10_000 }); // waits behind the one that holds it
  await eventually(
    'the other to wait',
    async () =>
      (await fresh.database.query(`select from pg_locks where locktype = 'advisory' and not granted`)).length > 0,
  );
  await fresh.database.query('select pg_terminate_backend($1)', [pid]);
  const other = await taking;
  await eventually('word of the loss', () => lost.length > 0);
  expect(lost[0]).toMatch(/Another AlphaPulse works on/);
  await one.release();
  await other.release();
  await elsewhere.destroy();
});

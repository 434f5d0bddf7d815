import type { MigrationInterface, QueryRunner } from 'typeorm';
import { afterEach, expect, test } from 'vitest';
import { openDatabase } from '../../src/platform/database/postgres.data-source.js';
import { emptyDatabase, freshDatabase } from '../builders/postgres.js';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

class First1700000000001 implements MigrationInterface {
  readonly name = 'First1700000000001';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table kept (n int)');
    await runner.query('insert into kept values (7)');
  }
  async down(): Promise<void> {}
}

class Broken1700000000002 implements MigrationInterface {
  readonly name = 'Broken1700000000002';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('delete from kept');
    await runner.query('create table half (n int)');
    await runner.query('alter table nowhere add column x int');
  }
  async down(): Promise<void> {}
}

test('a fresh database is migrated and empty', async () => {
  const fresh = await freshDatabase();
  closing.push(() => fresh.close());
  expect(await fresh.database.query('select * from api_keys')).toEqual([]);
  expect(fresh.dataSource.options.synchronize).toBe(false);
});

test('what is applied is not applied again', async () => {
  const { url, drop } = await emptyDatabase();
  closing.push(drop);
  for (let start = 0; start < 2; start++) await (await openDatabase(url)).destroy();
});

test('a migration that fails is named, rolled back, and harms nothing saved', async () => {
  const { url, drop } = await emptyDatabase();
  closing.push(drop);
  await (await openDatabase(url, [First1700000000001])).destroy();
  const failed = await openDatabase(url, [First1700000000001, Broken1700000000002]).catch(
    (error: Error) => error.message,
  );
  expect(failed).toMatch(
    /^Migration Broken1700000000002 of the database 127\.0\.0\.1:\d+\/test_\w+ failed and was rolled back/,
  );
  expect(failed).toContain('relation "nowhere" does not exist');
  expect(failed).not.toContain(new URL(url).password);
  const again = await openDatabase(url, [First1700000000001]);
  closing.push(() => again.destroy());
  expect(await again.query('select n, to_regclass($1) as half from kept', ['half'])).toEqual([{ n: 7, half: null }]);
});

test('a database newer than the program is refused, naming what it does not know', async () => {
  const { url, drop } = await emptyDatabase();
  closing.push(drop);
  await (await openDatabase(url, [First1700000000001])).destroy();
  await expect(openDatabase(url, [])).rejects.toThrow(/newer than this program: it holds First1700000000001/);
});

test.each([
  [
    'nobody listens',
    (url: URL) => (url.port = '9'),
    /127\.0\.0\.1:9\/\w+ cannot be used: .*ECONNREFUSED.*DATABASE_URL/,
  ],
  ['the password is wrong', (url: URL) => (url.password = 'hunter2'), /password authentication failed.*DATABASE_URL/],
  ['it does not exist', (url: URL) => (url.pathname = '/nowhere'), /"nowhere" does not exist.*Create that database/],
])('a database that cannot be used says where and what to do, never the password: %s', async (_, change, message) => {
  const { url, drop } = await emptyDatabase();
  closing.push(drop);
  const wrong = new URL(url);
  change(wrong);
  const refused = await openDatabase(wrong.href).catch((error: Error) => error);
  expect(refused).toMatchObject({ name: 'StartError', message: expect.stringMatching(message) as string });
  expect((refused as Error).message).not.toContain(wrong.password);
});

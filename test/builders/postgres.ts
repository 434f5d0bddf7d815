import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { inject } from 'vitest';
import { Database } from '../../src/platform/database/database.service.js';
import { openDatabase } from '../../src/platform/database/postgres.data-source.js';

/** A migrated database of one's own, cloned from the template; `close` drops it. */
export async function freshDatabase(): Promise<{
  url: string;
  database: Database;
  dataSource: DataSource;
  close(): Promise<void>;
}> {
  const { url, drop } = await cloneOf(inject('templateUrl'));
  const dataSource = await openDatabase(url);
  const close = async (): Promise<void> => {
    if (dataSource.isInitialized) await dataSource.destroy();
    await drop();
  };
  return { url, database: new Database(dataSource), dataSource, close };
}

/** An empty database of one's own, without any table. */
export async function emptyDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  return cloneOf(inject('templateUrl'), 'template0');
}

async function cloneOf(templateUrl: string, template?: string): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  const url = new URL(templateUrl);
  const source = template ?? url.pathname.slice(1);
  // One clone at a time: Postgres refuses to copy a database while another copy of it is under way.
  await asAdmin(templateUrl, 'select pg_advisory_lock(1)', `create database ${name} template ${source}`);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => asAdmin(templateUrl, `drop database if exists ${name} with (force)`) };
}

async function asAdmin(templateUrl: string, ...statements: readonly string[]): Promise<void> {
  const url = new URL(templateUrl);
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

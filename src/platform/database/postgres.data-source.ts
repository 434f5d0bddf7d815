import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DataSource, type MigrationInterface } from 'typeorm';
import { StartError } from '../start-error.js';

type Migration = new () => MigrationInterface;

const FOLDER = new URL('../../../migrations/', import.meta.url);

/** @returns every migration of migrations/, oldest first */
export async function migrations(): Promise<Migration[]> {
  const files = readdirSync(fileURLToPath(FOLDER)).filter((file) => /^\d+-[a-z-]+\.(js|ts)$/.test(file));
  const modules = await Promise.all(
    files.sort().map((file) => import(/* @vite-ignore */ new URL(file, FOLDER).href) as Promise<object>),
  );
  return modules.flatMap((module) =>
    Object.values(module).filter((value): value is Migration => typeof value === 'function'),
  );
}

/** @returns `host:port/database`, without user and password */
export function whereIs(databaseUrl: string): string {
  const { hostname, port, pathname } = new URL(databaseUrl);
  return `${hostname}:${port || '5432'}${pathname}`;
}

/**
 * Connects, and brings the schema to this version.
 * @param versions of the schema, oldest first; absent: those of migrations/
 * @throws StartError with one readable message; it never holds the password
 */
export async function openDatabase(databaseUrl: string, versions?: readonly Migration[]): Promise<DataSource> {
  const known = [...(versions ?? (await migrations()))];
  const dataSource = new DataSource({
    type: 'postgres',
    url: databaseUrl,
    migrations: known,
    migrationsTransactionMode: 'each',
    synchronize: false,
    poolSize: 10,
    connectTimeoutMS: 10_000,
    applicationName: 'alphapulse',
    logger: 'debug', // TypeORM's own console output would be a second, less readable message
    parseInt8: false,
  });
  await dataSource.initialize().catch((error: unknown) => {
    throw new StartError(unreachable(databaseUrl, error));
  });
  try {
    await refuseNewer(dataSource, known, databaseUrl);
    await migrate(dataSource, known, databaseUrl);
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
  return dataSource;
}

/** How long a query of a reader or of housekeeping, which nothing depends on, may still take at the end. */
const LAST_QUERIES_MS = 500;

/** Closes the connections. One with a query under way is not waited for long: the path and its records are done before. */
export async function closeDatabase(dataSource: DataSource): Promise<void> {
  await Promise.race([dataSource.destroy(), sleep(LAST_QUERIES_MS, undefined, { ref: false })]);
}

function unreachable(databaseUrl: string, error: unknown): string {
  const remedy =
    (error as { code?: string }).code === '3D000'
      ? 'Create that database, or correct DATABASE_URL.'
      : 'Check that it runs and that DATABASE_URL is right, or unset DATABASE_URL to use the embedded PostgreSQL.';
  return `The database ${whereIs(databaseUrl)} cannot be used: ${reasonOf(error)}. ${remedy}`;
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return (error as Error).message.replace(/\.$/, '') || String((error as { code?: string }).code);
}

async function migrate(dataSource: DataSource, known: readonly Migration[], databaseUrl: string): Promise<void> {
  try {
    await dataSource.runMigrations();
  } catch (error) {
    const applied = new Set(await namesOfApplied(dataSource));
    const failed = known.find(({ name }) => !applied.has(name))?.name ?? 'unknown';
    throw new StartError(
      `Migration ${failed} of the database ${whereIs(databaseUrl)} failed and was rolled back: ${reasonOf(error)}. ` +
        'Nothing already saved was changed by it. Put right what it names, then start again.',
    );
  }
}

async function namesOfApplied(dataSource: DataSource): Promise<string[]> {
  const [table] = await dataSource.query<{ name: string | null }[]>(`select to_regclass('migrations') as name`);
  if (!table?.name) return [];
  const rows = await dataSource.query<{ name: string }[]>('select name from migrations order by timestamp, id');
  return rows.map(({ name }) => name);
}

async function refuseNewer(dataSource: DataSource, known: readonly Migration[], databaseUrl: string): Promise<void> {
  const names = new Set(known.map(({ name }) => name));
  const unknown = (await namesOfApplied(dataSource)).filter((name) => !names.has(name));
  if (unknown.length === 0) return;
  throw new StartError(
    `The database ${whereIs(databaseUrl)} is newer than this program: it holds ${unknown.join(', ')}. ` +
      'Start the version that made it, or use another database.',
  );
}

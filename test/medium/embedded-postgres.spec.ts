import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { EmbeddedPostgres } from '../../src/platform/database/embedded-postgres.service.js';
import { isAlive, whenGone } from '../../src/platform/database/postgres-process.service.js';

const homes: string[] = [];
function newHome(parentMode = 0o755): string {
  const parent = mkdtempSync(join(tmpdir(), 'alphapulse-pg-'));
  homes.push(parent);
  const home = join(parent, 'closed', 'home');
  mkdirSync(home, { recursive: true });
  execFileSync('chmod', [parentMode.toString(8), join(parent, 'closed')]);
  return home;
}
afterAll(() => homes.forEach((home) => rmSync(home, { recursive: true, force: true })));

let running: EmbeddedPostgres | undefined;
async function start(home: string): Promise<EmbeddedPostgres> {
  running = await EmbeddedPostgres.start({ home });
  return running;
}
afterEach(() => running?.stop());

async function query<Row extends pg.QueryResultRow>(url: string, ...statements: string[]): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    let rows: Row[] = [];
    for (const statement of statements) rows = (await client.query<Row>(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}

describe('the embedded PostgreSQL', () => {
  test('starts as any user, in a folder closed to everybody else, and keeps its data over a restart', async () => {
    const home = newHome(0o700);
    const first = await start(home);
    await query(first.url, 'create table kept (n int)', 'insert into kept values (7)');
    await first.stop();
    const second = await start(home);
    expect(await query(second.url, 'select n from kept')).toEqual([{ n: 7 }]);
  });

  test('is durable, speaks TCP on loopback only, and wants its password', async () => {
    const home = newHome();
    const { url } = await start(home);
    const settings = ['fsync', 'synchronous_commit', 'listen_addresses', 'unix_socket_directories', 'server_encoding'];
    const rows = await query<{ setting: string }>(
      url,
      `select name, setting from pg_settings where name in (${settings.map((name) => `'${name}'`).join()}) order by name`,
    );
    expect(rows.map(({ setting }) => setting)).toEqual(['on', '127.0.0.1', 'UTF8', 'on', '']);
    expect(statSync(join(home, 'postgres.password')).mode & 0o777).toBe(0o600);
    expect(url).toContain(readFileSync(join(home, 'postgres.password'), 'utf8').trim());
    const wrong = new URL(url);
    wrong.password = 'guess';
    await expect(query(wrong.href, 'select 1')).rejects.toThrow(/password authentication failed/);
  });

  test('a server that a killed process left behind is stopped, and its data go on', async () => {
    const home = newHome();
    const first = await start(home);
    await query(first.url, 'create table kept (n int)', 'insert into kept values (7)');
    // Its parent lives still, so the watcher does nothing: the second start meets a running server.
    const second = await start(home);
    expect(isAlive(first.pid)).toBe(false);
    expect(await query(second.url, 'select n from kept')).toEqual([{ n: 7 }]);
  });

  test('a pid file whose number belongs to a stranger by now harms neither', async () => {
    const home = newHome();
    await (await start(home)).stop();
    const stranger = spawn('sleep', ['60']);
    execFileSync('sh', [
      '-c',
      `printf '${stranger.pid}\\n/somewhere\\n0\\n5432\\n\\n\\n' > '${home}/postgres/postmaster.pid'`,
    ]);
    const { url } = await start(home);
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(stranger.exitCode).toBeNull();
    stranger.kill();
  });

  test('a first start that was killed half-way is begun anew', async () => {
    const home = newHome();
    mkdirSync(join(home, 'postgres.new', 'base'), { recursive: true });
    const { url } = await start(home);
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(existsSync(join(home, 'postgres.new'))).toBe(false);
  });

  test('a lost password file is named, with what to do', async () => {
    const home = newHome();
    await (await start(home)).stop();
    rmSync(join(home, 'postgres.password'));
    await expect(EmbeddedPostgres.start({ home })).rejects.toThrow(/postgres\.password is missing.*Put it back/s);
  });

  test('an end that nobody asked for is reported', async () => {
    let report: ((reason: string) => void) | undefined;
    const lost = new Promise<string>((done) => (report = done));
    running = await EmbeddedPostgres.start({ home: newHome(), onLost: (reason) => report!(reason) });
    process.kill(running.pid, 'SIGQUIT');
    expect(await lost).toContain('ended by itself');
  });

  test('ends with its parent, even a killed one', async () => {
    const home = newHome();
    const service = resolve('dist/src/platform/database/embedded-postgres.service.js');
    if (!existsSync(service)) execFileSync(process.execPath, ['scripts/build.mjs']);
    const script = `import('file://${service}').then(async ({ EmbeddedPostgres }) => {
      console.log((await EmbeddedPostgres.start({ home: '${home}' })).pid);
    });`;
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<number>((done) => parent.stdout.once('data', (text: Buffer) => done(Number(text))));
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    expect(await whenGone(() => isAlive(pid), 10_000)).toBe(true);
  });
});

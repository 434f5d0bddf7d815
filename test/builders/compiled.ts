import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * Compiles the folders that a worker thread or a child process runs, into a folder of this process's own: worker threads
 * read JavaScript, and dist/ may be rebuilt by another test meanwhile.
 * @param folders under src/
 * @returns where the compiled src/ lies, and how to throw it away
 */
export function compiled(...folders: readonly string[]): { src: string; remove(): void } {
  const out = resolve('node_modules/.cache', `compiled-${process.pid}-${Date.now()}`);
  const sources = folders.map((folder) => join('src', folder));
  execFileSync('node_modules/.bin/swc', [...sources, '--out-dir', out, '--config-file', '.swcrc'], { stdio: 'pipe' });
  return { src: join(out, 'src'), remove: () => rmSync(out, { recursive: true, force: true }) };
}

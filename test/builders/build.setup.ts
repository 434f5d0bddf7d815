import { execFileSync } from 'node:child_process';

/** Workers and child processes run what is in dist/: it is brought up to date once, before any test reads it. */
export default function setup(): void {
  execFileSync(process.execPath, ['scripts/build.mjs', '--if-needed'], { stdio: 'inherit' });
}

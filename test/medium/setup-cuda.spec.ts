import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const setup = (...words: string[]) =>
  spawnSync(process.execPath, ['scripts/setup-cuda.mjs', ...words], { encoding: 'utf8' });

describe('npm run setup:cuda', () => {
  it.skipIf(existsSync('/dev/nvidiactl'))('says what is missing and what to do, and ends with 1', () => {
    const { status, stderr, stdout } = setup('--check');
    expect(status).toBe(1);
    expect(stdout + stderr).toMatch(/NVIDIA driver|x86-64 Linux/);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('refuses a word it does not know', () => {
    expect(setup('--force')).toMatchObject({ status: 1, stderr: expect.stringContaining('usage:') });
  });
});

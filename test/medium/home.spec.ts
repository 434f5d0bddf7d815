import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { takeHome } from '../../src/platform/home.service.js';

const parent = mkdtempSync(join(tmpdir(), 'alphapulse-lock-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));
let path: string;
let lock: string;
beforeEach(() => {
  path = join(mkdtempSync(join(parent, 'x')), 'deep', 'home');
  lock = join(path, 'alphapulse.lock');
});

test('a home is made for its owner only, and given back at the end', () => {
  const home = takeHome(path);
  expect(statSync(home.path).mode & 0o777).toBe(0o700);
  home.release();
  takeHome(path).release();
});

test('a second instance on the same home is refused, naming the home, the holder and what to do', () => {
  const home = takeHome(path);
  expect(() => takeHome(path)).toThrow(new RegExp(`pid ${process.pid}.*${path}.*ALPHAPULSE_HOME`));
  home.release();
});

test('the lock of a process that is no more is taken over', async () => {
  const gone = spawn('true');
  await new Promise((done) => gone.once('exit', done));
  takeHome(path).release();
  writeFileSync(lock, JSON.stringify({ pid: gone.pid, host: hostname(), born: '' }));
  takeHome(path).release();
});

test('so is that of a process whose number is another’s by now, and one that cannot be read', () => {
  takeHome(path).release();
  for (const left of [JSON.stringify({ pid: process.pid, host: hostname(), born: 'long ago' }), 'rubbish', '']) {
    writeFileSync(lock, left);
    const home = takeHome(path);
    expect(readFileSync(lock, 'utf8')).toContain(String(process.pid));
    home.release();
  }
});

test('a home that cannot be made says so', () => {
  writeFileSync(join(parent, 'file'), '');
  expect(() => takeHome(join(parent, 'file', 'home'))).toThrow(/cannot be used.*ALPHAPULSE_HOME/);
});

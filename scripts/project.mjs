import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const SOURCES = ['src', 'migrations', 'bench', 'package.json', 'tsconfig.json', 'nest-cli.json', '.swcrc'];
const STAMP = join(root, 'dist', '.built');
const LOCK = join(root, 'node_modules', '.alphapulse-build');

/** Says what is missing before anything can fail in a way that nobody understands. */
export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    fail(`AlphaPulse needs Node 20.19 or newer; this is ${process.version}.`);
  if (!existsSync(join(root, 'node_modules', '@nestjs', 'core')))
    fail('The dependencies are not installed. Run: npm ci');
}

/**
 * Builds dist/ when a source is newer than it. Two starts at once build once: the second waits for the first. The event
 * loop goes on meanwhile: a signal during the build is heard at once, and the compiler ends with us.
 */
export async function build({ force = false } = {}) {
  checkNode();
  if (!canBuild()) return; // an image without the compiler carries its dist/
  const release = await takeTurn();
  process.once('exit', release);
  try {
    const newest = newestSource();
    if (!force && existsSync(STAMP) && Number(readFileSync(STAMP, 'utf8')) >= newest) return;
    rmSync(STAMP, { force: true });
    await compile();
    writeFileSync(`${STAMP}.new`, String(newest));
    renameSync(`${STAMP}.new`, STAMP);
  } finally {
    process.off('exit', release);
    release();
  }
}

async function compile() {
  const nest = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  const compiler = spawn(process.execPath, [nest, 'build'], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const cut = () => compiler.kill('SIGKILL');
  process.once('exit', cut);
  let said = '';
  for (const stream of [compiler.stdout, compiler.stderr]) stream.on('data', (chunk) => (said += chunk));
  const [code, signal] = await once(compiler, 'close');
  process.off('exit', cut);
  if (signal === 'SIGINT' || signal === 'SIGTERM') {
    process.kill(process.pid, signal); // a terminal's Ctrl-C reached the compiler first: it is meant for us
    await sleep(1_000);
  }
  if (code !== 0) fail(`The build failed.\n${said}`);
}

/** @returns {never} */
export function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function canBuild() {
  return existsSync(join(root, 'node_modules', '@nestjs', 'cli')) && existsSync(join(root, 'src'));
}

function newestSource() {
  const newest = (path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) return 0;
    if (/(^|[\\/])(\.venv|results)$/.test(path)) return 0; // what a benchmark makes is no source
    if (!stat.isDirectory()) return /\.spec\.ts$/.test(path) ? 0 : stat.mtimeMs;
    // The folder's own time tells of a file that was removed.
    return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
  };
  return Math.max(...SOURCES.map((source) => newest(join(root, source))));
}

/** @returns what gives the turn back */
async function takeTurn() {
  for (let waited = 0; ; waited += 100) {
    try {
      mkdirSync(LOCK);
      writeFileSync(join(LOCK, 'pid'), String(process.pid));
      return () => rmSync(LOCK, { recursive: true, force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') return () => {}; // node_modules cannot be written: then nobody builds at once either
      if (!builderLives() || waited > 60_000) rmSync(LOCK, { recursive: true, force: true });
      await sleep(100);
    }
  }
}

function builderLives() {
  try {
    process.kill(Number(readFileSync(join(LOCK, 'pid'), 'utf8')), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM' || error.code === 'ENOENT'; // without a pid yet: it has only just begun
  }
}

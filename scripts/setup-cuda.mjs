import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { checkNode, fail, root } from './project.mjs';

/**
 * CUDA for ONNX Runtime, on x86-64 Linux, after `npm ci`: brings the provider libraries of onnxruntime-node's own version, then
 * checks what they need and opens a session with them. `--check` brings nothing. Every step says what it found; the first one
 * that is missing ends it with what to do. `npm ci` removes the libraries again: run this after it.
 */
const PACKAGE = join(root, 'node_modules', 'onnxruntime-node');
const LIBRARIES = join(PACKAGE, 'bin', 'napi-v6', 'linux', 'x64');
const PROVIDERS = ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'];
const REMEDY = {
  libcudart: 'the CUDA toolkit',
  libcublas: 'the CUDA toolkit',
  libcublasLt: 'the CUDA toolkit',
  libcufft: 'the CUDA toolkit',
  libcurand: 'the CUDA toolkit',
  libnvrtc: 'the CUDA toolkit',
  libcudnn: 'cuDNN',
};

const [option, ...rest] = process.argv.slice(2);
if (rest.length > 0 || (option !== undefined && option !== '--check')) fail('usage: npm run setup:cuda [-- --check]');
checkNode();

checkPlatform();
checkDriver();
if (option !== '--check') bringLibraries();
checkProviders();
checkNeeded();
checkSession();
say('CUDA is ready: EXECUTION_PROVIDER=cuda npm start, after npm run cli -- models certify <name> for each model');

function say(found) {
  process.stdout.write(`${found}\n`);
}

function checkPlatform() {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    fail(`CUDA is to be had on x86-64 Linux; this is ${process.platform} on ${process.arch}.`);
  say(`platform: ${process.platform} on ${process.arch}`);
}

function checkDriver() {
  const version = '/proc/driver/nvidia/version';
  if (!existsSync('/dev/nvidiactl') || !existsSync(version))
    fail(
      'No NVIDIA driver runs here (/dev/nvidiactl is missing). Install it, or give the container its GPU, then run this again.',
    );
  say(`driver: ${readFileSync(version, 'utf8').split('\n', 1)[0]}`);
}

/** Plain `install.js`, and npm's rebuild, take this for an install to be skipped: only the variable makes it download. */
function bringLibraries() {
  say(`bringing the provider libraries of onnxruntime-node ${versionOf(PACKAGE)} from NuGet ...`);
  const environment = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'true' };
  const { status, stderr } = spawnSync(process.execPath, [join(PACKAGE, 'script', 'install.js')], {
    cwd: PACKAGE,
    env: environment,
    stdio: ['ignore', 'inherit', 'pipe'],
    encoding: 'utf8',
  });
  if (status === 0) return;
  const said = stderr.split('\n').find((line) => /Error/.test(line)) ?? stderr.trim().split('\n').at(-1);
  fail(
    `The libraries could not be brought (${said}). They come from NuGet: let this machine reach it, or copy ${PROVIDERS.join(' and ')} of that version to ${LIBRARIES}, then run this with --check.`,
  );
}

function checkProviders() {
  const missing = PROVIDERS.filter((library) => !existsSync(join(LIBRARIES, library)));
  if (missing.length > 0) fail(`Not in ${LIBRARIES}: ${missing.join(', ')}. Run this without --check.`);
  say(`provider libraries: ${PROVIDERS.join(', ')}`);
}

/** What the dynamic linker finds of what the CUDA provider needs, by name and version. */
function checkNeeded() {
  const { stdout, error } = spawnSync('ldd', [join(LIBRARIES, PROVIDERS[1])], { encoding: 'utf8' });
  if (error) fail('ldd is missing: it tells which CUDA libraries are there.');
  const needed = [...stdout.matchAll(/^\s*(lib[\w+-]+\.so[.\d]*) => (not found|\S+)/gm)].map(([, name, at]) => ({
    name,
    at,
  }));
  const missing = needed.filter(({ at }) => at === 'not found').map(({ name }) => name);
  if (missing.length > 0) {
    const remedies = [...new Set(missing.map((name) => REMEDY[name.split('.', 1)[0]] ?? name))].join(' and ');
    fail(
      `Not found: ${missing.join(', ')}. Install ${remedies} of these versions, and put them on the loader's path (LD_LIBRARY_PATH).`,
    );
  }
  const cuda = needed.filter(({ name }) => name.split('.', 1)[0] in REMEDY);
  say(`CUDA libraries: ${cuda.map(({ at }) => basename(realpathSync(at))).join(', ')}`); // libcudart.so.12 → libcudart.so.12.4.127
}

/** In a process of its own: a library of another version may end it. */
function checkSession() {
  const script = `
    import { InferenceSession } from 'onnxruntime-node';
    const session = await InferenceSession.create(process.argv[1], { executionProviders: ['cuda'] });
    await session.release();`;
  const model = join(root, 'models', 'logreg', '1.0.0', 'model.onnx');
  const { status, signal, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script, model], {
    cwd: root,
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (status === 0) return say('session: a model was opened on cuda');
  const said = stderr.split('\n').find((line) => /^\w*Error: /.test(line)) ?? signal ?? `exit code ${status}`;
  fail(
    `No session opens on cuda: ${said.trim()}. The versions above must be those that onnxruntime-node ${versionOf(PACKAGE)} was built for.`,
  );
}

function versionOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
}

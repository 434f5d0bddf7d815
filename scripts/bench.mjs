import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, fail, root } from './project.mjs';

/** A benchmark is a file of bench/ with a default export: async () => BenchReport (bench/report.ts). */
const names = readdirSync(join(root, 'bench'))
  .filter((file) => file.endsWith('.ts') && !file.includes('.spec.'))
  .filter((file) => /^export default\b/m.test(readFileSync(join(root, 'bench', file), 'utf8')))
  .map((file) => file.replace(/\.ts$/, ''));

const usage = `usage: npm run bench                all, each in a process of its own
       npm run bench -- <name>      one of: ${names.join(' ')}
       npm run bench -- --docs      writes docs/benchmarks.md from what was measured last (bench/results)
python, nets, freqai and nautilus are held against Python libraries, which they install once into bench/peers/.venv,
bench/peers/freqai/.venv and bench/peers/nautilus/.venv; BENCH_PYTHON: a Python 3.11 or newer (default python3).
BENCH_MINUTES: how long start watches the memory (default 10).`;

const [only, ...rest] = process.argv.slice(2);
const docs = only === '--docs';
if ((only?.startsWith('-') && !docs) || rest.length > 0) fail(usage);
if (only && !docs && !names.includes(only)) fail(`There is no benchmark "${only}"; there are: ${names.join(' ')}`);

await build();
if (docs) await writePage();
else if (only) await one(only);
else for (const name of names) process.exitCode = alone(name) || process.exitCode;

/** Each in a process of its own: none inherits another's warm code or memory. */
function alone(name) {
  const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), name], {
    cwd: root,
    stdio: 'inherit',
  });
  return status ?? 1;
}

async function one(name) {
  const { machine } = await import('../dist/bench/report.js');
  const { PeersAbsent } = await import('../dist/bench/peer.js');
  const { default: measure } = await import(`../dist/bench/${name}.js`);
  const { cpu, cores, platform, node } = machine();
  console.log(`${name}: ${cpu}, ${cores} cores, ${platform}, Node ${node}`);
  rmSync(resultOf(name), { force: true }); // a run that fails leaves no older one's figures
  const report = await measure().catch((error) => {
    if (error instanceof PeersAbsent) fail(error.message);
    throw error;
  });
  const versions = { ...installed('@nestjs/core', 'onnxruntime-node', 'pg', 'typeorm'), ...report.versions };
  console.log(Object.entries(versions).map((pair) => pair.join(' ')).join(', ')); // prettier-ignore
  console.log(report.method);
  if (report.unmeasured) console.log(`Not measured: ${report.unmeasured}.`);
  if (report.table.length > 0) console.table(report.table);
  if (report.ratios.length > 0) console.table(report.ratios);
  mkdirSync(join(root, 'bench', 'results'), { recursive: true });
  writeFileSync(resultOf(name), `${JSON.stringify({ ...report, machine: machine(), versions }, null, 2)}\n`);
}

async function writePage() {
  const { pageOf } = await import('../dist/bench/page.js');
  const { format, resolveConfig } = await import('prettier');
  const file = join(root, 'docs', 'benchmarks.md');
  const page = pageOf(names, names.flatMap(readResult));
  const style = { ...(await resolveConfig(file)), parser: 'markdown', proseWrap: 'always' };
  writeFileSync(file, await format(page, style));
  console.log('docs/benchmarks.md is written.');
}

function resultOf(name) {
  return join(root, 'bench', 'results', `${name}.json`);
}

function readResult(name) {
  try {
    return [JSON.parse(readFileSync(resultOf(name), 'utf8'))];
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}

function installed(...packages) {
  const version = (name) => JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version;
  return Object.fromEntries(packages.map((name) => [name, version(name)]));
}

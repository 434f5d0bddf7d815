import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, fail, root } from './project.mjs';

/** A benchmark is a file of bench/ with a default export: async () => BenchReport (bench/report.ts). */
const names = readdirSync(join(root, 'bench'))
  .filter((file) => file.endsWith('.ts') && !file.includes('.spec.'))
  .filter((file) => /^export default\b/m.test(readFileSync(join(root, 'bench', file), 'utf8')))
  .map((file) => file.replace(/\.ts$/, ''));

const [only, ...rest] = process.argv.slice(2);
if (only?.startsWith('-') || rest.length > 0) fail(`usage: npm run bench [-- <name>]   one of: ${names.join(' ')}`);
if (only && !names.includes(only)) fail(`There is no benchmark "${only}"; there are: ${names.join(' ')}`);

await build();
if (only) await one(only);
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
  const { default: measure } = await import(`../dist/bench/${name}.js`);
  const versions = installed('@nestjs/core', 'onnxruntime-node', 'pg', 'typeorm');
  const { cpu, cores, platform, node } = machine();
  console.log(`${name}: ${cpu}, ${cores} cores, ${platform}, Node ${node}`);
  console.log(
    Object.entries(versions)
      .map((pair) => pair.join(' '))
      .join(', '),
  );
  const { method, table, ratios } = await measure();
  console.log(method);
  console.table(table);
  console.table(ratios);
  mkdirSync(join(root, 'bench', 'results'), { recursive: true });
  const result = { name, machine: machine(), versions, method, table, ratios };
  writeFileSync(join(root, 'bench', 'results', `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
}

function installed(...packages) {
  const version = (name) => JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version;
  return Object.fromEntries(packages.map((name) => [name, version(name)]));
}

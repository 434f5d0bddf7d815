import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkerPool } from '../src/batch-inference/pool/worker-pool.service.js';
import type { ModelSpec } from '../src/engines/model-spec.js';
import { ON_CPU } from './models.js';
import { Peer, peerPython } from './peer.js';
import { quantile, ratio, round, type BenchReport, type Ratio } from './report.js';
import { inputsFor, mlp, recurrent, tcn, type SeededNet } from './seeded-nets.js';

const ROWS = 2_000;
const ROUNDS = 25;
const UNCOUNTED = 3;
const NETS = () => [mlp(64, 256, 128), tcn(64, 16, 32, 4), recurrent('GRU', 64, 16, 64)];

const METHOD =
  `${ROWS} rows ready in memory through an ONNX file with seeded weights. AlphaPulse: one worker of the real pool;
"round trip": from the main thread and back, two threads woken; "in the worker": the model alone, timed where it runs, as
Python's is. Python: session.run of onnxruntime, one thread, timed by itself, the same file and rows. ${ROUNDS} rounds in
turn, medians.`.replaceAll('\n', ' ');

/** Our ONNX workers against onnxruntime for Python. */
export default async function nets(): Promise<BenchReport> {
  const peer = new Peer(peerPython(), 'nets.py');
  const pool = new WorkerPool({ workers: 1, timeoutMs: 60_000 });
  const folder = mkdtempSync(join(tmpdir(), 'alphapulse-bench-'));
  const table: Record<string, string | number>[] = [];
  const ratios: Ratio[] = [];
  let versions: Record<string, string> = {};
  try {
    for (const net of NETS()) {
      const { version, ours, inside, theirs, largest } = await measure(net, { peer, pool, folder });
      versions = { 'onnxruntime for Python': version };
      const name = `${net.name} ${net.size}`;
      const times = (samples: readonly number[]) => ({
        ...{ 'ms p50': round(quantile(samples, 0.5)), 'ms p95': round(quantile(samples, 0.95)) },
      });
      table.push({ net: name, work: 'AlphaPulse, round trip', ...times(ours), 'largest difference': largest });
      table.push({ net: name, work: 'AlphaPulse, in the worker', ...times(inside) });
      table.push({ net: name, work: 'onnxruntime for Python', ...times(theirs) });
      for (const [work, samples] of [
        ['round trip', ours],
        ['in the worker', inside],
      ] as const) {
        const value = quantile(samples, 0.5) / quantile(theirs, 0.5);
        ratios.push(ratio(`${net.name}, ${ROWS} rows, ${work}`, 'onnxruntime for Python', value, '<= 1.1'));
      }
    }
    return { name: 'nets', method: METHOD, table, ratios, versions };
  } finally {
    await pool.close();
    await peer.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Sides {
  readonly peer: Peer;
  readonly pool: WorkerPool;
  readonly folder: string;
}

interface Measured {
  readonly version: string;
  readonly ours: readonly number[];
  /** Of it, in the worker. */
  readonly inside: readonly number[];
  readonly theirs: readonly number[];
  readonly largest: number;
}

async function measure(net: SeededNet, { peer, pool, folder }: Sides): Promise<Measured> {
  const { window, features } = net;
  const [file, rowsFile, answersFile] = ['net.onnx', 'rows.f32', 'answers.f32'].map((name) => join(folder, name));
  const rows = inputsFor(net, ROWS);
  writeFileSync(file!, net.bytes);
  writeFileSync(rowsFile!, rows);
  const shape = window > 1 ? [ROWS, window, features] : [ROWS, features];
  const { version } = await peer.ask<{ version: string }>('load', { file, input: 'x', rows: rowsFile, shape });
  const key = `${net.name.toLowerCase()}@1.0.0`;
  const spec: ModelSpec = { key, file: file!, variant: ON_CPU, input: 'x', output: 'y', columns: 3, features, window };
  const refused = await pool.hold([spec]);
  if (refused.size > 0) throw new Error([...refused.values()].join());

  const [ours, inside, theirs]: [number[], number[], number[]] = [[], [], []];
  let [input, output] = [rows.buffer as ArrayBuffer, new ArrayBuffer(ROWS * 3 * Float32Array.BYTES_PER_ELEMENT)];
  for (let i = -UNCOUNTED; i < ROUNDS; i += 1) {
    const from = performance.now();
    const outcome = await pool.infer(key, ROWS, input, output);
    const took = performance.now() - from;
    if (!outcome.answered) throw new Error(outcome.reason);
    ({ input, output } = outcome);
    await sleep(5);
    const native = await peer.time();
    if (i < 0) continue;
    ours.push(took);
    inside.push(outcome.inferred - outcome.inferring);
    theirs.push(native);
  }
  await peer.ask('answers', { file: answersFile });
  return { version, ours, inside, theirs, largest: difference(new Float32Array(output), readFileSync(answersFile!)) };
}

function difference(ours: Float32Array, bytes: Buffer): number {
  const theirs = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / Float32Array.BYTES_PER_ELEMENT);
  return theirs.reduce((worst, value, i) => Math.max(worst, Math.abs(value - ours[i]!)), 0);
}

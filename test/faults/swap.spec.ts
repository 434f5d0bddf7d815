import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActiveModel } from '../../src/domain/model.js';
import type { Pair } from '../../src/domain/pair.js';
import type { PredictionBatch } from '../../src/domain/prediction.js';
import type { Role } from '../../src/domain/role.js';
import { specOf } from '../../src/engines/model-spec.js';
import { OnnxEngine } from '../../src/engines/onnx.engine.js';
import { Database } from '../../src/platform/database/database.service.js';
import { EmbeddedPostgres } from '../../src/platform/database/embedded-postgres.service.js';
import { openDatabase } from '../../src/platform/database/postgres.data-source.js';
import { Inference, modelOf } from '../builders/inference.js';
import { writeNet } from '../builders/onnx-model.js';

/** More with SWAP_RUNS. */
const RUNS = Number(process.env['SWAP_RUNS'] ?? 600);
const RUNS_A_SWAP = 5;
const CLIENTS = 8;
const FEATURES = 12;
const SYMBOLS = Array.from({ length: 40 }, (_, i): Pair => `S${i}/USDT`);
const MIB = 2 ** 20;
/** The heaps of the main thread and of two workers breathe by some tens of MiB; versions that stay would take far more. */
const GROWTH = 96 * MIB;

const home = mkdtempSync(join(tmpdir(), 'swap-'));
const versions = ['1.0.0', '2.0.0', '3.0.0'].map((version, i) => {
  const file = join(home, `${version}.onnx`);
  writeNet(file, { features: FEATURES, hidden: 256, layers: 2, seed: i + 1 });
  return { ...modelOf('net', file, FEATURES), version };
});
const as = (version: number, role: Role): ActiveModel => ({ ...versions[version]!, role });
/** What is served in turn: some find their models loaded, some do not. */
const ADOPTIONS = [
  [as(0, 'active'), as(1, 'standby')],
  [as(1, 'active'), as(0, 'standby')],
  [as(2, 'active')],
  [as(1, 'shadow'), as(2, 'active')],
  [as(0, 'active')],
];

/** Each version's own answers, by an engine that nothing else uses. */
const engines = new Map<string, OnnxEngine>();
async function answersOf(version: string, rows: number, input: Float32Array): Promise<Float32Array> {
  const output = new Float32Array(rows * 3);
  await engines.get(version)!.run(rows, input, output);
  return output;
}

let server: EmbeddedPostgres;
let dataSource: DataSource;
let inference: Inference;

beforeAll(async () => {
  server = await EmbeddedPostgres.start({ home, durable: false });
  dataSource = await openDatabase(server.url);
  for (const model of versions) {
    const engine = new OnnxEngine({ engine: 'onnx', provider: 'cpu', precision: 'full' });
    await engine.load(specOf(model));
    engines.set(model.version, engine);
  }
  const pool = { workers: 2, timeoutMs: 60_000, unloadsALife: 16 };
  inference = new Inference(new Database(dataSource), SYMBOLS, pool, { BATCH_SIZE: '20' });
  await inference.start(ADOPTIONS[0]!);
});
afterAll(async () => {
  await inference?.service.stop();
  for (const engine of engines.values()) await engine.release();
  await dataSource?.destroy();
  await server?.stop();
  rmSync(home, { recursive: true, force: true });
});

/** Asks without a pause. @returns how many requests were answered */
async function client(rows: number, over: () => boolean): Promise<number> {
  const input = Float32Array.from({ length: rows * FEATURES }, (_, i) => Math.sin(i * rows));
  const expected = new Map<string, Float32Array>();
  for (const { version } of versions) expected.set(version, await answersOf(version, rows, input));
  let answered = 0;
  for (; !over(); answered += 1) {
    const answer = await inference.adHoc.predict({ name: 'net', rows, input, timeoutMs: 60_000 });
    if (!answer.answered) throw new Error(`${answer.code}: ${answer.message}`);
    if (!same(answer.output, expected.get(answer.model.version)!)) throw new Error('an answer of another version');
  }
  return answered;
}

/** One version votes, and each run is its version's own answers, in every row. */
async function check({ runs }: PredictionBatch): Promise<void> {
  expect(runs.filter(({ role }) => role === 'active')).toHaveLength(1);
  expect(runs.some(({ role }) => role === 'standby')).toBe(false);
  const { rows, input } = inference.adHoc.latestRows(inference.adHoc.find('net')!, '1m', SYMBOLS);
  for (const { model, answered, probabilities } of runs) {
    expect(answered.every((one) => one === 1)).toBe(true);
    expect(same(probabilities, await answersOf(model.version, rows, input as Float32Array))).toBe(true);
  }
}

const same = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  a.length === b.length && Array.prototype.every.call(a, (value, i) => value === b[i]);

async function finish(batch: PredictionBatch): Promise<void> {
  await inference.service.record(batch);
  await inference.service.complete(batch);
  inference.batches.length = 1;
  inference.reports.length = 0;
}

describe('versions that swap under load', () => {
  it('lose no row, mix in no run, and leave nothing behind', async () => {
    let over = false;
    const clients = Array.from({ length: CLIENTS }, (_, i) => client(1 + i * 5, () => over));
    const failed = Promise.all(clients).then(() => undefined);
    let [settled, swapping]: [number, Promise<void>] = [0, Promise.resolve()];
    for (let run = 0; run < RUNS; run += 1) {
      if (run % RUNS_A_SWAP === 0) {
        await swapping;
        swapping = inference.service.adopt(ADOPTIONS[(run / RUNS_A_SWAP) % ADOPTIONS.length]!);
      }
      const batch = await Promise.race([inference.close(), failed]);
      await check(batch!);
      await finish(batch!);
      if (run === Math.floor(RUNS / 2)) settled = process.memoryUsage().rss;
    }
    const grown = process.memoryUsage().rss - settled;
    await swapping;
    over = true;
    const answered = await Promise.all(clients);
    expect(Math.min(...answered)).toBeGreaterThan(RUNS_A_SWAP);
    expect(grown).toBeLessThan(GROWTH);
    const { renewals, replacements, failures, timeouts } = inference.pool.status();
    expect({ replacements, failures, timeouts }).toEqual({ replacements: 0, failures: 0, timeouts: 0 });
    expect(renewals).toBeGreaterThan(0);
  });

  it('that are loaded already swap at once, in the middle of a run, which goes on as it began', async () => {
    const file = join(home, 'deep.onnx');
    writeNet(file, { features: FEATURES, hidden: 1024, layers: 16 });
    const [first, second] = ['1.0.0', '2.0.0'].map((version) => ({ ...modelOf('deep', file, FEATURES), version }));
    await inference.service.adopt([first!, { ...second!, role: 'standby' }]);
    let ended = false;
    const running = inference.close().finally(() => (ended = true));
    while (inference.pool.status().running === 0) await new Promise(setImmediate);
    await inference.service.adopt([{ ...first!, role: 'standby' }, second!]);
    expect(ended).toBe(false);
    expect(inference.adHoc.find('deep')?.version).toBe('2.0.0');
    const versionsOf = ({ runs }: PredictionBatch) => runs.map(({ model: { version } }) => version);
    expect(versionsOf(await running)).toEqual(['1.0.0']);
    expect(versionsOf(await inference.close())).toEqual(['2.0.0']);
  });
});

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FLOAT32, type Job, type JobSource, type Outcome } from '../../src/batch-inference/pool/job.js';
import type { ModelSpec } from '../../src/engines/model-spec.js';
import { shardsOf } from '../../src/batch-inference/sharding.js';
import { WorkerPool, type PoolOptions } from '../../src/batch-inference/pool/worker-pool.service.js';
import { compiled } from '../builders/compiled.js';
import { writeNet } from '../builders/onnx-model.js';

const FEATURES = 48;
const folder = mkdtempSync(join(tmpdir(), 'pool-'));
const code = compiled('batch-inference', 'engines', 'domain', 'platform');
const entry = pathToFileURL(join(code.src, 'batch-inference/pool/inference.worker.js'));

const ON_CPU = { engine: 'onnx', provider: 'cpu', precision: 'full' } as const;
const spec = (name: string, extra: Partial<ModelSpec> = {}): ModelSpec => ({
  key: `${name}@1.0.0`,
  file: join(folder, `${name}.onnx`),
  ...{ variant: ON_CPU, input: 'x', output: 'probabilities', columns: 3, features: FEATURES, window: 1 },
  ...extra,
});
const QUICK = spec('quick');
const SEQUENCE = spec('sequence', { features: 6, window: 8 });
/** Computes for a good part of a second on any machine: 16 layers of 1024 × 1024 over 1,024 rows are 34 GFLOP. */
const SLOW = spec('slow');
const SLOW_ROWS = 1024;

const pools: WorkerPool[] = [];
function poolOf(options: Partial<PoolOptions> = {}): WorkerPool {
  const pool = new WorkerPool({ workers: 1, timeoutMs: 60_000, entry, ...options });
  pools.push(pool);
  return pool;
}
const inputs = (rows: number) => Float32Array.from({ length: rows * FEATURES }, (_, i) => Math.sin(i * 1.7) * 2);

function run(pool: WorkerPool, { key }: ModelSpec, rows: number, from = inputs(rows)): Promise<Outcome> {
  return pool.infer(key, rows, from.slice().buffer, new ArrayBuffer(rows * 12));
}
/** Jobs without end, and whoever counts them. */
function jobsBeside(taken: () => void): JobSource & { over: boolean } {
  const source = {
    over: false,
    next: (): Job | undefined => {
      if (source.over) return undefined;
      taken();
      const [input, output] = [inputs(20).buffer as ArrayBuffer, new ArrayBuffer(20 * 12)];
      return { key: QUICK.key, rows: 20, input, output, dtype: FLOAT32, settle: () => undefined };
    },
    waits: () => !source.over,
    flush: () => undefined,
  };
  return source;
}
async function answers(
  pool: WorkerPool,
  model: ModelSpec,
  rows: number,
  parts: readonly number[],
): Promise<Float32Array> {
  const all = inputs(rows);
  const into = new Float32Array(rows * 3);
  let from = 0;
  await Promise.all(
    parts.map(async (count) => {
      const at = from;
      from += count;
      const outcome = await run(pool, model, count, all.subarray(at * FEATURES, (at + count) * FEATURES));
      if (!outcome.answered) throw new Error(outcome.reason);
      into.set(new Float32Array(outcome.output), at * 3);
    }),
  );
  return into;
}

beforeAll(() => {
  writeNet(QUICK.file, { features: FEATURES, hidden: 64, layers: 1 });
  writeNet(SEQUENCE.file, { features: 6, window: 8, hidden: 32, layers: 1 });
  writeNet(SLOW.file, { features: FEATURES, hidden: 1024, layers: 16 });
});
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});
afterAll(() => {
  code.remove();
  rmSync(folder, { recursive: true, force: true });
});

describe('the worker pool', () => {
  it('answers the same bit for bit with one worker or two, however the rows are split', async () => {
    const [one, two] = [poolOf({ workers: 1 }), poolOf({ workers: 2 })];
    await Promise.all([one.hold([QUICK, SEQUENCE]), two.hold([QUICK, SEQUENCE])]);
    for (const model of [QUICK, SEQUENCE]) {
      const whole = await answers(one, model, 501, [501]);
      expect(whole.every(Number.isFinite)).toBe(true);
      expect(await answers(two, model, 501, shardsOf(501, 100, 2))).toEqual(whole);
      expect(await answers(two, model, 501, shardsOf(501, 50, 8))).toEqual(whole);
      expect(await answers(two, model, 501, [1, 499, 1])).toEqual(whole);
      expect(await answers(one, model, 501, [100, 100, 100, 100, 100, 1])).toEqual(whole);
    }
  });

  it('never holds the main loop while a worker computes', async () => {
    const pool = poolOf();
    await pool.hold([SLOW]);
    let turns = 0;
    let done = false;
    const running = run(pool, SLOW, SLOW_ROWS).finally(() => (done = true));
    while (!done) {
      await sleep(1);
      turns += 1;
    }
    expect((await running).answered).toBe(true);
    expect(turns).toBeGreaterThan(10);
  });

  it('abandons a run past its deadline, and a fresh worker answers the next', async () => {
    const pool = poolOf({ timeoutMs: 100 });
    await pool.hold([QUICK, SLOW]);
    const [slow, quick] = await Promise.all([run(pool, SLOW, SLOW_ROWS), nextTurn().then(() => run(pool, QUICK, 5))]);
    expect(slow).toMatchObject({ answered: false, code: 'DEADLINE' });
    // The only worker is still computing: what waited behind it abstains, the path goes on.
    expect(quick).toMatchObject({ answered: false, code: 'DEADLINE' });
    let outcome = await run(pool, QUICK, 5);
    for (let i = 0; i < 200 && !outcome.answered; i += 1) {
      await sleep(20);
      outcome = await run(pool, QUICK, 5);
    }
    expect(outcome.answered).toBe(true);
    expect(pool.status().replacements).toBeGreaterThanOrEqual(1);
  });

  it('waiting in the queue does not count against the deadline', async () => {
    const pool = poolOf();
    await pool.hold([QUICK]);
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => run(pool, QUICK, 20)));
    expect(outcomes.every(({ answered }) => answered)).toBe(true);
    const begun = outcomes.map((outcome) => (outcome.answered ? outcome.inferring : NaN));
    expect(begun).toEqual([...begun].sort((a, b) => a - b));
  });

  it('survives a worker that dies in a run: that run abstains, the next is answered', async () => {
    const mortal = join(folder, 'mortal.mjs');
    writeFileSync(
      mortal,
      `import { parentPort as port } from 'node:worker_threads';
       port.on('message', (message) => {
         if (message.kind === 'close') return port.close();
         if (message.kind === 'load') return port.postMessage({ kind: 'loaded', key: message.model.key, engine: 'fake', timings: [] });
         if (message.rows === 13) throw new Error('struck by lightning');
         const { input, output } = message;
         port.postMessage({ kind: 'ran', input, output, inferring: 1, inferred: 2 }, [input, output]);
       });
       port.postMessage({ kind: 'ready' });`,
    );
    const pool = poolOf({ entry: pathToFileURL(mortal) });
    await pool.hold([QUICK]);
    const [struck, waiting] = await Promise.all([run(pool, QUICK, 13), run(pool, QUICK, 5)]);
    expect(struck).toMatchObject({
      answered: false,
      code: 'ENGINE_FAILED',
      reason: expect.stringContaining('lightning'),
    });
    expect(waiting.answered).toBe(true);
    expect(pool.status()).toMatchObject({ failures: 1, replacements: 1, workers: ['idle'] });
  });

  it('refuses a model whose file, names or shapes are not what was said, and holds the others', async () => {
    const wrong = [
      spec('absent'),
      { ...QUICK, key: 'input@1', input: 'features' },
      { ...QUICK, key: 'output@1', output: 'label' },
      { ...QUICK, key: 'shape@1', features: FEATURES - 1 },
      { ...QUICK, key: 'rank@1', features: 6, window: 8 },
    ];
    const pool = poolOf();
    const refused = await pool.hold([...wrong, QUICK]);
    expect([...refused.keys()]).toEqual(wrong.map(({ key }) => key));
    expect(refused.get('shape@1')).toContain('expected [rows, 47]');
    expect((await run(pool, QUICK, 3)).answered).toBe(true);
    expect(await run(pool, { ...QUICK, key: 'absent@1.0.0' }, 3)).toMatchObject({ code: 'ENGINE_FAILED' });
  });

  it('holds a version on a GPU in one worker only, and its jobs find that one', async () => {
    const pool = poolOf({ workers: 2 });
    const onGpu = {
      ...QUICK,
      key: 'gpu@1.0.0',
      variant: { engine: 'onnx', provider: 'cuda', precision: 'full' },
    } as const;
    const refused = await pool.hold([QUICK, onGpu]);
    expect(pool.workersOf(QUICK.key)).toBe(2);
    expect(pool.workersOf(onGpu.key)).toBe(refused.has(onGpu.key) ? 0 : 1);
    if (refused.has(onGpu.key)) expect(refused.get(onGpu.key)).toMatch(/cuda/i);
    const outcomes = await Promise.all([run(pool, QUICK, 3), run(pool, onGpu, 3), run(pool, QUICK, 3)]);
    expect(outcomes.map(({ answered }) => answered)).toEqual([true, !refused.has(onGpu.key), true]);
  });

  it('swaps models between jobs', async () => {
    const pool = poolOf({ workers: 2 });
    await pool.hold([QUICK]);
    const jobs = Array.from({ length: 20 }, () => run(pool, QUICK, 50));
    await pool.hold([QUICK, SEQUENCE]);
    expect((await Promise.all(jobs)).every(({ answered }) => answered)).toBe(true);
    await pool.hold([SEQUENCE]);
    expect(Object.keys(pool.status().engines)).toEqual([SEQUENCE.key]);
    expect((await run(pool, SEQUENCE, 3)).answered).toBe(true);
  });

  it('gives a free worker the next job of the interval, and only without one what waits beside it', async () => {
    const pool = poolOf();
    await pool.hold([QUICK]);
    /** Whose jobs were handed to the worker, in order. */
    const order: string[] = [];
    const endless = jobsBeside(() => order.push('beside'));
    pool.beside(endless);
    pool.wake();
    const rounds = 20;
    for (let i = 0; i < rounds; i += 1) {
      pool.reserve();
      const handed = order.length;
      await sleep(2);
      expect(order).toHaveLength(handed);
      const first = run(pool, QUICK, 20).then(() => order.push('interval'));
      const second = run(pool, QUICK, 20).then(() => order.push('interval'));
      pool.open();
      await Promise.all([first, second]);
      // Who waits for an answer hears of it a microtask after the worker has taken the next job.
      expect(order.slice(handed)).toEqual(['interval', 'beside', 'interval']);
      await sleep(2);
    }
    endless.over = true;
    expect(order.filter((one) => one === 'beside').length).toBeGreaterThan(rounds);
  });

  it('follows a worn thread without losing a job, one worker at a time', async () => {
    const pool = poolOf({ workers: 2, unloadsALife: 4 });
    await pool.hold([QUICK]);
    while (pool.status().renewals < 8) {
      const jobs = [1, 2, 3, 4].map(() => run(pool, QUICK, 10));
      await pool.hold([QUICK, SEQUENCE]);
      await pool.hold([QUICK]);
      for (const { answered } of await Promise.all(jobs)) expect(answered).toBe(true);
    }
    expect(pool.status()).toMatchObject({ replacements: 0, failures: 0, timeouts: 0 });
    expect(Object.keys(pool.status().engines)).toEqual([QUICK.key]);
    expect((await run(pool, QUICK, 3)).answered).toBe(true);
  });

  it('goes on with a worn thread when the next one cannot load what it serves', async () => {
    const pool = poolOf({ unloadsALife: 4 });
    const lost = spec('lost');
    writeNet(lost.file, { features: FEATURES, hidden: 8, layers: 1 });
    await pool.hold([lost]);
    rmSync(lost.file);
    for (let i = 0; i < 40; i += 1) {
      await pool.hold([lost, SEQUENCE]);
      await pool.hold([lost]);
      expect((await run(pool, lost, 3)).answered).toBe(true);
    }
    expect(pool.status()).toMatchObject({ renewals: 0, failures: 0 });
  });

  it('drops a model only when nothing waits for it any more', async () => {
    const pool = poolOf();
    await pool.hold([QUICK, SEQUENCE]);
    const jobs = Array.from({ length: 20 }, () => run(pool, SEQUENCE, 50, inputs(50)));
    await pool.hold([QUICK]);
    expect((await Promise.all(jobs)).every(({ answered }) => answered)).toBe(true);
    while (pool.workersOf(SEQUENCE.key) > 0) await run(pool, QUICK, 1);
  });

  it('says so when a worker cannot start at all', async () => {
    const pool = poolOf({ entry: pathToFileURL(join(folder, 'nowhere.mjs')) });
    await expect(pool.hold([QUICK])).rejects.toThrow('the worker ended');
  });

  it('ends cleanly with code 0 when it is closed in the middle of a run', async () => {
    const script = `
      import { WorkerPool } from ${JSON.stringify(pathToFileURL(join(code.src, 'batch-inference/pool/worker-pool.service.js')).href)};
      const pool = new WorkerPool({ workers: 2, timeoutMs: 60000 });
      await pool.hold([${JSON.stringify(SLOW)}]);
      const rows = ${SLOW_ROWS};
      const jobs = [1, 2, 3].map(() => pool.infer(${JSON.stringify(SLOW.key)}, rows, new ArrayBuffer(rows * ${FEATURES} * 4), new ArrayBuffer(rows * 12)));
      await new Promise((resolve) => setTimeout(resolve, 20));
      await pool.close();
      console.log(JSON.stringify((await Promise.all(jobs)).map(({ answered, code }) => (answered ? 'answered' : code))));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toEqual(['answered', 'answered', 'ENGINE_FAILED']);
  });
});

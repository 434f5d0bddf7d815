import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AdHocAnswer } from '../../src/batch-inference/ad-hoc/ad-hoc-request.js';
import { WARM_UP } from '../../src/batch-inference/features/feature-table.js';
import type { ActiveModel } from '../../src/domain/model.js';
import type { Pair } from '../../src/domain/pair.js';
import { node, tensorInfo } from '../../src/engines/onnx/onnx-node.js';
import { encodeModel, TYPE } from '../../src/engines/onnx/onnx-proto.js';
import { compiled } from '../builders/compiled.js';
import { Inference, modelOf } from '../builders/inference.js';
import { writeNet } from '../builders/onnx-model.js';
import { freshDatabase } from '../builders/postgres.js';

const FEATURES = 12;
const SYMBOLS: Pair[] = ['A/USDT', 'B/USDT', 'C/USDT'];
const folder = mkdtempSync(join(tmpdir(), 'ad-hoc-'));
const code = compiled('batch-inference', 'engines', 'domain', 'platform');
const entry = pathToFileURL(join(code.src, 'batch-inference/pool/inference.worker.js'));

const QUICK = modelOf('quick', join(folder, 'quick.onnx'), FEATURES);
const OTHER = modelOf('other', join(folder, 'other.onnx'), FEATURES);
/** Computes for a good part of a second on any machine. */
const SLOW = modelOf('slow', join(folder, 'slow.onnx'), FEATURES);
/** No part of the trading path: five columns of float64 in and out, each squared. */
const SQUARE: ActiveModel = {
  ...modelOf('square', join(folder, 'square.onnx'), 0, { timeframes: [], columns: 5, classes: null }),
  features: ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, mean: 0, std: 0, importance: 0 })),
  ...{ output: 'y', dtype: { input: 'float64', output: 'float64' } },
};

let db: Awaited<ReturnType<typeof freshDatabase>>;
const started: Inference[] = [];
async function inferenceOf(
  models: readonly ActiveModel[],
  {
    workers = 1,
    timeoutMs = 60_000,
    env = {},
  }: { workers?: number; timeoutMs?: number; env?: Record<string, string> } = {},
): Promise<Inference> {
  const inference = new Inference(db.database, SYMBOLS, { workers, timeoutMs, entry }, env);
  started.push(inference);
  return inference.start(models);
}
const rowsOf = (rows: number, seed = 0, width = FEATURES) =>
  Float32Array.from({ length: rows * width }, (_, i) => Math.sin((i + seed) * 1.7) * 2);
const ask = (
  { adHoc }: Inference,
  name: string,
  input: Float32Array | Float64Array,
  extra: { rows?: number; version?: string; timeoutMs?: number; signal?: AbortSignal } = {},
) => adHoc.predict({ name, rows: input.length / FEATURES, input, timeoutMs: 60_000, ...extra });
function outputOf(answer: AdHocAnswer): readonly number[] {
  if (!answer.answered) throw new Error(`${answer.code}: ${answer.message}`);
  return [...answer.output];
}
const codeOf = (answer: AdHocAnswer) => (answer.answered ? 'ANSWERED' : answer.code);

beforeAll(() => {
  writeNet(QUICK.file, { features: FEATURES, hidden: 16, layers: 1 });
  writeNet(OTHER.file, { features: FEATURES, hidden: 16, layers: 1, seed: 5 });
  writeNet(SLOW.file, { features: FEATURES, hidden: 1024, layers: 16 });
  const [input, output] = ['x', 'y'].map((name) => [tensorInfo(name, TYPE.DOUBLE, ['rows', 5])]);
  const graph = { name: 'square', node: [node('Mul', ['x', 'x'], ['y'])], input, output };
  writeFileSync(SQUARE.file, encodeModel({ ir_version: 8, opset_import: [{ domain: '', version: 17 }], graph }));
});
beforeEach(async () => {
  db = await freshDatabase();
});
afterEach(async () => {
  await Promise.all(started.splice(0).map(({ service }) => service.stop()));
  await db.close();
});
afterAll(() => {
  code.remove();
  rmSync(folder, { recursive: true, force: true });
});

describe('an ad hoc request', () => {
  it('is answered the same alone, among others, and in parts', async () => {
    const inference = await inferenceOf([QUICK, OTHER], { workers: 2 });
    const all = rowsOf(500);
    const whole = await ask(inference, 'quick', all);
    expect(whole).toMatchObject({ answered: true, model: { name: 'quick', version: '1.0.0' }, engine: 'onnx/cpu' });
    const ones = await Promise.all(
      Array.from({ length: 500 }, (_, i) => [
        ask(inference, 'quick', all.slice(i * FEATURES, (i + 1) * FEATURES)),
        ask(inference, 'other', all.slice(i * FEATURES, (i + 1) * FEATURES)),
      ]).flat(),
    );
    expect(ones.filter((_, i) => i % 2 === 0).flatMap(outputOf)).toEqual(outputOf(whole));
    expect(ones.filter((_, i) => i % 2 === 1).flatMap(outputOf)).toEqual(outputOf(await ask(inference, 'other', all)));
    const reports = inference.reports.slice(1, 1001);
    expect(reports.every(({ outcome }) => outcome === 'ANSWERED')).toBe(true);
    // What waited while the workers were busy went together.
    expect(Math.max(...reports.map(({ batchRows }) => batchRows!))).toBeGreaterThan(1);
  });

  it('of more rows than a batch may have goes in parts that are put together again', async () => {
    const inference = await inferenceOf([QUICK], { workers: 2 });
    const all = rowsOf(3_333);
    const large = await ask(inference, 'quick', all);
    const parts = [
      all.slice(0, 900 * FEATURES),
      all.slice(900 * FEATURES, 1_111 * FEATURES),
      all.slice(1_111 * FEATURES),
    ];
    const answers = await Promise.all(parts.map((part) => ask(inference, 'quick', part)));
    expect(answers.flatMap(outputOf)).toEqual(outputOf(large));
    expect(inference.reports[0]).toMatchObject({ rows: 3_333, outcome: 'ANSWERED' });
    expect(inference.reports[0]!.batchRows).toBeLessThanOrEqual(1_000);
  });

  it('has the columns and the type of its model, missing values too', async () => {
    const inference = await inferenceOf([QUICK, SQUARE]);
    const input = Float64Array.of(1.1, 1e-200, 3, NaN, -1 / 3, 1e150, 2, 0, -0, 7);
    const answer = await inference.adHoc.predict({ name: 'square', rows: 2, input, timeoutMs: 60_000 });
    expect(outputOf(answer)).toEqual([...input].map((value) => value * value));
    expect(answer.answered && answer.output).toBeInstanceOf(Float64Array);
    await expect(ask(inference, 'square', rowsOf(5, 0, 1), { rows: 1 })).rejects.toThrow('float64 [1, 5]');
    await expect(ask(inference, 'quick', rowsOf(2), { rows: 1 })).rejects.toThrow('float32 [1, 12]');
    expect(inference.adHoc.latestRows(inference.adHoc.find('square')!, '1m', SYMBOLS)).toMatchObject({
      rows: 0,
      absent: new Map(SYMBOLS.map((symbol) => [symbol, 'NO_MODEL'])),
    });
  });

  it('of live series is answered as the interval was', async () => {
    const inference = await inferenceOf([QUICK]);
    const batch = await inference.close();
    const model = inference.adHoc.find('quick')!;
    const latest = inference.adHoc.latestRows(model, '1m', ['C/USDT', 'NONE/USDT', 'A/USDT']);
    expect(latest).toMatchObject({
      rows: 2,
      packed: ['C/USDT', 'A/USDT'],
      openTimes: [batch.openTime, batch.openTime],
    });
    expect([...latest.absent]).toEqual([['NONE/USDT', 'CANDLE_MISSING']]);
    const answer = await inference.adHoc.predict({ name: 'quick', ...latest, timeoutMs: 60_000 });
    const { probabilities } = batch.runs[0]!;
    expect(outputOf(answer)).toEqual([...probabilities.slice(6, 9), ...probabilities.slice(0, 3)]);
    expect(WARM_UP).toBeGreaterThan(1);
  });

  it('finds the version asked for, else the active one, else the highest', async () => {
    const [old, active, standby] = ['1.2.0', '1.9.0', '1.10.0'].map((version) => ({ ...QUICK, version }));
    const inference = await inferenceOf([
      { ...old!, role: 'standby' },
      { ...active!, role: 'active' },
      { ...standby!, role: 'standby' },
    ]);
    const { adHoc, service } = inference;
    expect(adHoc.find('quick')?.version).toBe('1.9.0');
    expect(adHoc.find('quick', '1.2.0')?.version).toBe('1.2.0');
    expect(adHoc.versionsOf('quick')).toHaveLength(3);
    await service.adopt([
      { ...old!, role: 'standby' },
      { ...standby!, role: 'shadow' },
    ]);
    expect(adHoc.find('quick')?.version).toBe('1.10.0');
    const answers = [
      await ask(inference, 'quick', rowsOf(1), { version: '1.9.0' }),
      await ask(inference, 'quick', rowsOf(1), { version: '7.0.0' }),
      await ask(inference, 'nobody', rowsOf(1)),
    ];
    expect(answers.map(codeOf)).toEqual(['MODEL_NOT_READY', 'MODEL_UNKNOWN', 'MODEL_UNKNOWN']);
    const names = inference.reports.map(({ model: { name, version } }) => `${name}@${version}`);
    expect(names).toEqual(['quick@1.9.0', '-@-', '-@-']);
  });

  it('of a model that an engine refused is told so', async () => {
    const inference = await inferenceOf([modelOf('missing', join(folder, 'missing.onnx'), FEATURES), QUICK]);
    const answer = await ask(inference, 'missing', rowsOf(1));
    expect(answer).toMatchObject({ code: 'MODEL_NOT_READY', message: expect.stringContaining('missing@1.0.0') });
  });
});

describe('under more requests than can be answered', () => {
  it('refuses at once what would be late, with the time to try again', async () => {
    const inference = await inferenceOf([SLOW, QUICK]);
    const ahead = ask(inference, 'slow', rowsOf(256));
    const soon = await ask(inference, 'quick', rowsOf(1), { timeoutMs: 50 });
    expect(soon).toMatchObject({ code: 'DEADLINE_UNREACHABLE', retryAfterMs: expect.any(Number) });
    expect((await ahead).answered).toBe(true);
    const never = await ask(inference, 'slow', rowsOf(10_000), { timeoutMs: 1 });
    expect(never).toMatchObject({ code: 'DEADLINE_UNREACHABLE' });
    expect(never).not.toHaveProperty('retryAfterMs');
    expect((await ask(inference, 'quick', rowsOf(1))).answered).toBe(true);
  });

  it('refuses what is over the queue, and answers what is in it', async () => {
    const inference = await inferenceOf([QUICK], { env: { AD_HOC_QUEUE_ROWS: '20' } });
    const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => ask(inference, 'quick', rowsOf(1, i))));
    const codes = answers.map(codeOf);
    // The first found the worker free; twenty wait.
    expect(codes.slice(0, 21)).toEqual(Array(21).fill('ANSWERED'));
    expect(codes.slice(21)).toEqual(Array(9).fill('QUEUE_FULL'));
    const refused = answers.at(-1)!;
    expect(refused.answered || refused.retryAfterMs).toBeGreaterThanOrEqual(1);
    expect(codeOf(await ask(inference, 'quick', rowsOf(21)))).toBe('QUEUE_FULL');
    expect(inference.reports).toHaveLength(31);
  });

  it('ends a request at its deadline, in line or in a worker, and the pool goes on', async () => {
    const inference = await inferenceOf([SLOW, QUICK], { timeoutMs: 100 });
    // The trading path does not ask what it costs: a run longer than INFERENCE_TIMEOUT, and requests behind it.
    const width = 1024 * FEATURES * 4;
    const key = Object.keys(inference.pool.status().engines).find((one) => one.startsWith('slow'))!;
    const run = inference.pool.infer(key, 1024, new ArrayBuffer(width), new ArrayBuffer(1024 * 12));
    const answers = await Promise.all([1, 2, 3].map((seed) => ask(inference, 'quick', rowsOf(1, seed))));
    expect(answers.every((answer) => ['DEADLINE', 'DEADLINE_UNREACHABLE'].includes(codeOf(answer)))).toBe(true);
    expect(await run).toMatchObject({ code: 'DEADLINE' });
    expect(inference.adHoc.waiting).toBe(0);
    let answer = await ask(inference, 'quick', rowsOf(1));
    while (!answer.answered) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      answer = await ask(inference, 'quick', rowsOf(1));
    }
    expect(answer.engine).toBe('onnx/cpu');
  });

  it('forgets who has gone', async () => {
    const inference = await inferenceOf([SLOW, QUICK]);
    const ahead = ask(inference, 'slow', rowsOf(64));
    const client = new AbortController();
    const waiting = ask(inference, 'quick', rowsOf(5), { signal: client.signal });
    expect(inference.adHoc.waiting).toBeGreaterThanOrEqual(5);
    client.abort();
    expect(codeOf(await waiting)).toBe('ABANDONED');
    expect(codeOf(await ask(inference, 'quick', rowsOf(5), { signal: client.signal }))).toBe('ABANDONED');
    expect((await ahead).answered).toBe(true);
    expect(inference.adHoc.waiting).toBe(0);
  });

  it('what waits when the service stops is refused, not lost', async () => {
    const inference = await inferenceOf([SLOW, QUICK]);
    const [running, waiting] = [ask(inference, 'slow', rowsOf(1)), ask(inference, 'quick', rowsOf(5))];
    await inference.service.stop();
    expect((await running).answered).toBe(true);
    expect(codeOf(await waiting)).toBe('ENGINE_FAILED');
  });
});

describe('the interval', () => {
  it('is answered whole in every run, and first, however many ask', async () => {
    const inference = await inferenceOf([QUICK, OTHER]);
    const expected = new Map<number, readonly number[]>();
    for (const rows of [1, 7, 40]) expected.set(rows, outputOf(await ask(inference, 'quick', rowsOf(rows))));
    let over = false;
    const client = async (rows: number) => {
      for (let asked = 0; !over; asked += 1) {
        const answer = await ask(inference, 'quick', rowsOf(rows));
        expect(outputOf(answer)).toEqual(expected.get(rows));
      }
    };
    const clients = Array.from({ length: 48 }, (_, i) => client([1, 7, 40][i % 3]!));
    for (let i = 0; i < 25; i += 1) {
      const { runs } = await inference.close();
      for (const run of runs) expect([...run.answered]).toEqual([1, 1, 1]);
      await new Promise(setImmediate);
    }
    over = true;
    await Promise.all(clients);
    expect(inference.reports.length).toBeGreaterThan(100);
  });
});

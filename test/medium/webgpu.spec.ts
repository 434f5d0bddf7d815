import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeModel, encodeModel, type Draft, type OnnxModel } from '../../src/engines/onnx/onnx-proto.js';
import { agreementOf, type Agreement } from '../../src/model-registry/certification/agreement.js';
import { toHalf, type HalfOptions } from '../../src/model-registry/precision/to-half.js';
import { mlp, noise, overflowing, recurrent, transformer } from '../builders/small-nets.js';

/** Of a probability, in arithmetic that is FP16 throughout. */
const BOUND = 5e-3;
const BATCHES = [1, 3, 257];

interface Job {
  readonly name: string;
  readonly source: OnnxModel;
  /** What runs on WebGPU. */
  readonly model: Draft<OnnxModel>;
  readonly input: Float32Array;
  readonly dims: readonly number[];
}

const tcn = decodeModel(readFileSync('models/tcn/1.0.0/model.onnx'));
const golden = JSON.parse(readFileSync('models/tcn/1.0.0/golden.json', 'utf8')) as { inputs: number[][] };
const windows = Float32Array.from(golden.inputs.flat());

const NETS: readonly (readonly [name: string, source: OnnxModel, dims: readonly number[], rows: Float32Array])[] = [
  ['MLP', mlp(), [24], noise(257 * 24, 1)],
  ['TCN', tcn, [32, 14], windows],
  ['GRU', recurrent('GRU'), [16, 12], noise(257 * 16 * 12, 2)],
  ['LSTM', recurrent('LSTM'), [16, 12], noise(257 * 16 * 12, 3)],
  ['transformer', transformer(), [8, 16], noise(257 * 8 * 16, 4)],
];

function half(source: OnnxModel, options: Partial<HalfOptions> = {}): Draft<OnnxModel> {
  const result = toHalf(source, options);
  if ('reason' in result) throw new Error(result.reason);
  return result.model;
}

const large = noise(800, 5).map((value) => value * 3);
const JOBS: readonly Job[] = [
  ...NETS.flatMap(([net, source, dims, rows]) =>
    BATCHES.flatMap((batch) => {
      const width = dims.reduce((product, dim) => product * dim, 1);
      const input = Float32Array.from({ length: batch * width }, (_, i) => rows[i % rows.length]!);
      const job = { source, input, dims: [batch, ...dims] };
      return [
        { ...job, name: `${net} FP32, batch of ${batch}`, model: source as Draft<OnnxModel> },
        { ...job, name: `${net} FP16, batch of ${batch}`, model: half(source) },
      ];
    }),
  ),
  { name: 'overflow', source: overflowing(), model: half(overflowing()), input: large, dims: [100, 8] },
  {
    name: 'overflow, cured',
    source: overflowing(),
    model: half(overflowing(), { keepInFull: new Set(['one', 'two']) }),
    input: large,
    dims: [100, 8],
  },
];

const folder = mkdtempSync(join(tmpdir(), 'alphapulse-webgpu-'));
let answers: ReadonlyMap<string, number[]> | undefined;
let log = '';

beforeAll(() => {
  const jobs = JOBS.map(({ model, input, dims }, i) => {
    const job = { model: join(folder, `${i}.onnx`), input: join(folder, `${i}.f32`), dims };
    writeFileSync(job.model, encodeModel(model));
    writeFileSync(job.input, input);
    return job;
  });
  const child = spawnSync(process.execPath, ['test/builders/webgpu-answers.mjs'], {
    input: JSON.stringify({ jobs }),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  log = child.stderr;
  expect(child.status, `signal ${child.signal}; ${log.slice(-2000)}`).toBe(0);
  const said = JSON.parse(child.stdout.trim().split('\n').at(-1)!) as { answers?: string[][]; absent?: string };
  answers = said.answers && new Map(JOBS.map(({ name }, i) => [name, said.answers![i]!.map(Number)]));
  if (answers) return;
  const message = `no Vulkan adapter for WebGPU; scripts/software-vulkan.sh installs one (${said.absent})`;
  if (process.env['CI'] === 'true') throw new Error(message);
  console.warn(`skipped: ${message}`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** @returns how a job's answers stand to those of its source in FP32 on the CPU */
async function agreement(name: string): Promise<Agreement> {
  const { source, input, dims } = JOBS.find((job) => job.name === name)!;
  const session = await InferenceSession.create(encodeModel(source as Draft<OnnxModel>), { intraOpNumThreads: 1 });
  const [from, to] = [session.inputNames[0]!, session.outputNames[0]!];
  const reference = (await session.run({ [from]: new Tensor('float32', input, dims) }))[to]!;
  await session.release();
  return agreementOf(reference.data as Float32Array, answers!.get(name)!, 3);
}

const worst = ({ columns }: Agreement): number => Math.max(...columns.map(({ largestAbsolute }) => largestAbsolute));

describe('WebGPU answers as FP32 on the CPU does', () => {
  const cases = NETS.flatMap(([net]) => BATCHES.map((batch) => ({ net, batch })));
  it.for(cases)('$net, batch of $batch', async ({ net, batch }, { skip }) => {
    skip(!answers);
    const full = await agreement(`${net} FP32, batch of ${batch}`);
    expect(worst(full)).toBeLessThan(2e-6);
    const found = await agreement(`${net} FP16, batch of ${batch}`);
    expect(worst(found)).toBeLessThan(BOUND);
    expect(worst(found)).toBeGreaterThan(worst(full));
    expect(found.labelFlips).toBeLessThanOrEqual(Math.floor(batch / 100));
  });
});

it('nothing of it is left to the CPU, but for recurrent nets', ({ skip }) => {
  skip(!answers);
  const whole = JOBS.filter(({ name }) => !/GRU|LSTM/.test(name));
  expect(log.match(/All nodes placed on \[WebGpuExecutionProvider\]/g)).toHaveLength(whole.length);
});

it('FP16 is FP16 there: a sum beyond 65504 spoils the answer, unless its layer stays in FP32', async ({ skip }) => {
  skip(!answers);
  // Lavapipe answers 0, 0, 0: who looks for numbers that are not finite does not see it.
  const spoilt = await agreement('overflow');
  expect(worst(spoilt)).toBeGreaterThan(0.5);
  expect(spoilt.labelFlips).toBeGreaterThan(10);
  const cured = await agreement('overflow, cured');
  expect(worst(cured)).toBeLessThan(BOUND);
  expect(cured.labelFlips).toBe(0);
});

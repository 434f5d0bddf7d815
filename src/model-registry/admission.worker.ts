import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import {
  tensorFault,
  type AdmissionReply,
  type AdmissionRequest,
  type Candidate,
  type TensorShape,
  type Verdict,
} from './admission.js';
import { compareGolden, readGolden, type Golden } from './golden.js';
import type { RefusalCode } from './refusal-codes.js';

// The admission process: judges one candidate after another and says so after each. A file that takes this process down
// takes nothing else with it; whoever forked it goes on with the rest in a new one.

type Timings = { -readonly [Step in keyof Verdict['timings']]: Verdict['timings'][Step] };

class Refused extends Error {
  constructor(
    readonly code: RefusalCode,
    message: string,
  ) {
    super(message);
  }
}

const WARM_UP_ROWS = [1, 2, 64] as const;
const WARM_UP_RUNS = 5;

async function judge(candidate: Candidate): Promise<Verdict> {
  const timings: Timings = {};
  const { ref } = candidate;
  try {
    const bytes = await checkedBytes(candidate, timings);
    const session = await load(bytes, timings);
    try {
      checkTensors(session, candidate);
      const golden = await goldenOf(candidate);
      const worst = await checkAnswers(session, candidate, golden, timings);
      await warmUp(session, candidate, golden, timings);
      return { ref, timings, goldenWorst: worst, goldenRows: golden.rows };
    } finally {
      await session.release();
    }
  } catch (error) {
    const { code, message } =
      error instanceof Refused ? error : { code: 'LOAD_FAILED' as const, message: (error as Error).message };
    return { ref, timings, refusal: { code, message } };
  }
}

/** The bytes whose sha256 was checked are the bytes that run: the file is read once. */
async function checkedBytes({ folder, sha256 }: Candidate, timings: Timings): Promise<Uint8Array> {
  const began = performance.now();
  const bytes = await readFile(join(folder, 'model.onnx')).catch((error: NodeJS.ErrnoException) => {
    throw new Refused('LOAD_FAILED', `model.onnx cannot be read (${error.code ?? error.message})`);
  });
  const actual = createHash('sha256').update(bytes).digest('hex');
  timings.hashMs = performance.now() - began;
  if (actual !== sha256) {
    throw new Refused(
      'SHA256_MISMATCH',
      `model.onnx has sha256 ${actual.slice(0, 12)}…, its manifest says ${sha256.slice(0, 12)}…`,
    );
  }
  return bytes;
}

async function load(bytes: Uint8Array, timings: Timings): Promise<InferenceSession> {
  const began = performance.now();
  const session = await InferenceSession.create(bytes, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  timings.loadMs = performance.now() - began;
  return session;
}

function checkTensors(session: InferenceSession, { input, output }: Candidate): void {
  const inputFault = tensorFault('input', input, shapesOf(session.inputMetadata));
  if (inputFault) throw new Refused('INPUT_MISMATCH', inputFault);
  const outputFault = tensorFault('output', output, shapesOf(session.outputMetadata));
  if (outputFault) throw new Refused('OUTPUT_MISMATCH', outputFault);
}

function shapesOf(metadata: readonly InferenceSession.ValueMetadata[]): TensorShape[] {
  return metadata.map((value) =>
    value.isTensor
      ? { name: value.name, type: value.type, shape: value.shape }
      : { name: value.name, type: 'no tensor', shape: [] },
  );
}

async function goldenOf({ folder, input }: Candidate): Promise<Golden> {
  const text = await readFile(join(folder, 'golden.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Refused('GOLDEN_MISMATCH', `golden.json cannot be read (${error.code ?? error.message})`);
  });
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw new Refused('GOLDEN_MISMATCH', 'golden.json is no JSON');
  }
  const golden = readGolden(raw, widthOf(input));
  if (typeof golden === 'string') throw new Refused('GOLDEN_MISMATCH', golden);
  return golden;
}

async function checkAnswers(
  session: InferenceSession,
  candidate: Candidate,
  golden: Golden,
  timings: Timings,
): Promise<number> {
  const began = performance.now();
  const { worst, row, within } = compareGolden(golden, await run(session, candidate, golden.inputs, golden.rows));
  timings.goldenMs = performance.now() - began;
  if (within) return worst;
  throw new Refused(
    'GOLDEN_MISMATCH',
    `golden row ${row} differs by ${worst.toExponential(2)}, allowed is ${golden.tolerance}`,
  );
}

/** Also proves that the number of rows is really free: the same rows give the same answers in other batches. */
async function warmUp(
  session: InferenceSession,
  candidate: Candidate,
  golden: Golden,
  timings: Timings,
): Promise<void> {
  const began = performance.now();
  const width = widthOf(candidate.input);
  for (const rows of WARM_UP_ROWS) {
    for (let i = 0; i < WARM_UP_RUNS; i++) {
      const started = performance.now();
      const answers = await run(session, candidate, golden.inputs.slice(0, rows * width), rows);
      const took = performance.now() - started;
      if (rows === 1) timings.run1Ms = took;
      if (rows === 64) timings.run64Ms = took;
      const { worst, row, within } = compareGolden(golden, answers);
      if (!within)
        throw new Refused(
          'GOLDEN_MISMATCH',
          `in a batch of ${rows}, golden row ${row} differs by ${worst.toExponential(2)}`,
        );
    }
  }
  timings.warmUpMs = performance.now() - began;
}

async function run(
  session: InferenceSession,
  { input, output }: Candidate,
  data: Float32Array,
  rows: number,
): Promise<Float32Array> {
  const dims = [rows, ...input.shape.slice(1).map(Number)];
  const outputs = await session.run({ [input.name]: new Tensor('float32', data, dims) }, [output.name]);
  const answers = outputs[output.name]!;
  if (answers.dims.join() !== `${rows},${output.shape[1]}`) {
    throw new Refused('OUTPUT_MISMATCH', `${rows} rows gave an answer of shape [${answers.dims.join(', ')}]`);
  }
  return answers.data as Float32Array;
}

function widthOf({ shape }: Candidate['input']): number {
  return shape.slice(1).reduce<number>((product, size) => product * (size ?? 1), 1);
}

async function say(reply: AdmissionReply): Promise<void> {
  await new Promise<void>((resolve) => process.send!(reply, () => resolve()));
}

process.once('message', async ({ candidates }: AdmissionRequest) => {
  for (const candidate of candidates) {
    await say({ began: candidate.ref });
    await say({ verdict: await judge(candidate) });
  }
  process.disconnect();
});
// Whoever forked it is gone: nobody waits for a verdict.
process.once('disconnect', () => process.exit(0));

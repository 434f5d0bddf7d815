import { variantLabel } from '../../domain/model.js';
import type { InferenceEngine } from '../../engines/inference.engine.js';
import { engineFor } from '../../engines/variant.engine.js';
import { boundOf, LOOSE } from '../certification/bounds.js';
import { chooseVariant, type Timed } from '../certification/choice.js';
import type { AdmissionTimings, Candidate, Judged, Runnable, Verdict, Wishes } from './admission.js';
import { openGolden, openModel, specFor } from './candidate-files.service.js';
import { compareGolden, type Golden } from './golden.js';
import { Refused } from './refused.js';

type Timings = { -readonly [Step in keyof AdmissionTimings]: AdmissionTimings[Step] };

interface Trial extends Timed {
  readonly runnable: Runnable;
  readonly worst: number;
  readonly timings: Timings;
}

const BATCHES = [1, 2, 64] as const;
const RUNS = 5;
const TIMED_ROWS = 512;

/**
 * Whether a version may serve here, and how: each way of running it that its certificate covers must answer the golden rows,
 * and the fastest is chosen. A way that this machine does not have is left out with a note; one on the CPU that does not
 * load or answers wrongly refuses the version.
 */
export async function judge({ candidate, runnables }: Judged, wishes: Wishes): Promise<Verdict> {
  const { ref } = candidate;
  const notes = missing(runnables, wishes);
  const trials: Trial[] = [];
  try {
    const golden = await openGolden(candidate);
    for (const runnable of runnables.filter((one) => wanted(one, wishes))) {
      const found = await attempt(candidate, runnable, golden);
      if (typeof found === 'string') notes.push(found);
      else trials.push(found);
    }
    const choice = chooseVariant(trials, wishes);
    if (!choice) throw new Refused('LOAD_FAILED', `no way of running it is to be had here: ${notes.join('; ')}`);
    const { runnable, worst, timings } = trials.find(({ variant }) => variant === choice.variant)!;
    const chosen = { runnable, why: choice.why };
    return { ref, timings, goldenWorst: worst, goldenRows: golden.rows, chosen, notes };
  } catch (error) {
    const { message } = error as Error;
    const code = error instanceof Refused ? error.code : 'LOAD_FAILED';
    return { ref, timings: {}, refusal: { code, message } };
  }
}

function wanted({ variant }: Runnable, { mixed, providers }: Wishes): boolean {
  if (variant.engine === 'tree') return true;
  return providers.includes(variant.provider) && (mixed || variant.precision === 'full');
}

/** A provider that is to be tried here but was not there where the certificate was made. */
function missing(runnables: readonly Runnable[], { providers }: Wishes): string[] {
  if (runnables.some(({ variant }) => variant.engine === 'tree')) return [];
  return providers
    .filter((provider) => !runnables.some(({ variant }) => variant.engine === 'onnx' && variant.provider === provider))
    .map((provider) => `onnx/${provider} is not in its certificate: certify it on this machine`);
}

/** @returns the trial, or why this way is not to be had here */
async function attempt(candidate: Candidate, runnable: Runnable, golden: Golden): Promise<Trial | string> {
  const { variant } = runnable;
  const onCpu = variant.engine === 'tree' || variant.provider === 'cpu';
  try {
    return await tried(candidate, runnable, golden);
  } catch (error) {
    if (onCpu) throw error;
    return `${variantLabel(variant)}: ${(error as Error).message}`;
  }
}

async function tried(candidate: Candidate, runnable: Runnable, golden: Golden): Promise<Trial> {
  const { variant, file } = runnable;
  const timings: Timings = {};
  timings.hashMs = await took(() => openModel(candidate, runnable));
  const engine = engineFor(variant);
  const asked = toleranceOf(golden, variant);
  try {
    timings.loadMs = await took(() => engine.load(specFor(candidate, file, variant)));
    let worst = 0;
    timings.goldenMs = await took(async () => (worst = await checkGolden(engine, asked, golden.rows)));
    if (asked.margins) await checkMargins(engine, asked, asked.margins);
    timings.warmUpMs = await took(() => warmUp(engine, asked, timings));
    return { runnable, variant, worst, timings, ...(await time(engine, golden)) };
  } finally {
    await engine.release();
  }
}

/** Half precision and GPUs do not round as the native library does. */
function toleranceOf(golden: Golden, variant: Runnable['variant']): Golden {
  if (boundOf(variant, false) === 'close') return golden;
  return { ...golden, margins: undefined, tolerance: { absolute: LOOSE, relative: LOOSE } };
}

/** @returns the largest difference over the first rows @throws Refused where it is above the tolerance */
async function checkGolden(engine: InferenceEngine, golden: Golden, rows: number): Promise<number> {
  const answers = new Float64Array(rows * golden.columns);
  await engine.run(rows, golden.inputs, answers);
  const { worst, row, within } = compareGolden(golden, answers);
  if (within) return worst;
  const { absolute, relative } = golden.tolerance;
  const allowed = relative > 0 ? `${absolute} + ${relative} of its size` : String(absolute);
  const inBatch = rows === golden.rows ? '' : ` in a batch of ${rows}`;
  const differs = `${engine.label}: golden row ${row}${inBatch} differs by ${worst.toExponential(2)}, allowed is ${allowed}`;
  throw new Refused('GOLDEN_MISMATCH', differs);
}

/** @throws Refused where a margin is not the native library's to the last bit */
async function checkMargins(engine: InferenceEngine, { inputs, rows }: Golden, expected: Float64Array): Promise<void> {
  const answers = new Float64Array(expected.length);
  await engine.run(rows, inputs, answers, 'margins');
  const at = answers.findIndex((answer, i) => !Object.is(answer, expected[i]));
  if (at < 0) return;
  const row = Math.floor(at / (expected.length / rows));
  throw new Refused(
    'GOLDEN_MISMATCH',
    `${engine.label}: golden row ${row} has margin ${answers[at]}, not ${expected[at]}`,
  );
}

/** Also proves that the number of rows is free: the same rows give the same answers in other batches. */
async function warmUp(engine: InferenceEngine, golden: Golden, timings: Timings): Promise<void> {
  for (const rows of BATCHES) {
    for (let i = 0; i < RUNS; i++) {
      const ms = await took(() => checkGolden(engine, golden, rows));
      if (rows === 1) timings.run1Ms = ms;
      if (rows === 64) timings.run64Ms = ms;
    }
  }
}

/** The golden rows over and over, as many as a large interval has. */
async function time(engine: InferenceEngine, { inputs, rows, columns }: Golden): Promise<{ rows: number; ms: number }> {
  const width = inputs.length / rows;
  const batch = Float32Array.from({ length: TIMED_ROWS * width }, (_, i) => inputs[i % inputs.length]!);
  const answers = new Float32Array(TIMED_ROWS * columns);
  const times: number[] = [];
  for (let i = 0; i < RUNS; i++) times.push(await took(() => engine.run(TIMED_ROWS, batch, answers)));
  return { rows: TIMED_ROWS, ms: times.sort((a, b) => a - b)[RUNS >> 1]! };
}

async function took(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

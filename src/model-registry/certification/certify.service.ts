import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { variantLabel, type Provider, type Variant } from '../../domain/model.js';
import type { InferenceEngine } from '../../engines/inference.engine.js';
import type { OnnxModel } from '../../engines/onnx/onnx-proto.js';
import { readTreeModel } from '../../engines/onnx/read-tree-model.js';
import type { TreeModel } from '../../engines/trees/tree-model.js';
import { engineFor } from '../../engines/variant.engine.js';
import type { Candidate, Runnable, Terms } from '../admission/admission.js';
import { openGolden, openModel, specFor, widthOf } from '../admission/candidate-files.service.js';
import { compareGolden, goldenText, type Golden } from '../admission/golden.js';
import { Refused } from '../admission/refused.js';
import { boundOf, faultOf, LOOSE } from './bounds.js';
import type { Certificate, VariantCertificate } from './certificate.js';
import { compare, type Output, type Thresholds } from './comparison.js';
import { byDefinition } from './definition.js';
import { groundRows } from './ground-rows.js';
import { writeHalf } from './half-file.service.js';
import { HALF_FILE, MODEL_FILE } from './model-file.js';
import { rowsToTry, type RowsToTry } from './rows-to-try.js';

const FULL: Variant = { engine: 'onnx', provider: 'cpu', precision: 'full' };
const BUCKETS = [1, 3, 64, 257, 2000] as const;
/** Of single calls, fewer rows are tried: they cost the most. */
const SINGLE_ROWS = 256;
const RANDOM_ROWS = 2_000;
const THRESHOLD_ROWS = 4_000;
const GROUND_ROWS = 96;
const TIMED_ROWS = 512;
const RUNS = 9;
const SEED = 2026;

/** A version opened, with all that its ways of running are held against. */
interface Bench {
  readonly candidate: Candidate;
  readonly golden: Golden;
  readonly trees: TreeModel | undefined;
  readonly rows: RowsToTry;
  readonly reference: readonly Output[];
  readonly thresholds: Thresholds | undefined;
}

/**
 * Tries every way of running a version on real, random and threshold-probing rows, in batches of every bucket. Writes into
 * its folder model.fp16.onnx where it can be converted, and golden.json where it came without: then it answers for itself.
 * @throws Refused where the version itself cannot stand: checksum, shapes, golden answers
 */
export async function certify(candidate: Candidate, terms: Terms): Promise<Certificate> {
  const { manifest, ref, folder } = candidate;
  const full: Runnable = { variant: FULL, file: MODEL_FILE, sha256: manifest.sha256 };
  const onnx = await openModel(candidate, full);
  const bench = await benchOf(candidate, onnx, terms);
  const half = await writeHalf(folder, onnx, LOOSE * scaleOf(bench), () => halfError(bench));
  const onProvider = (provider: Provider): Runnable[] => [
    { ...full, variant: { engine: 'onnx', provider, precision: 'full' } },
    ...('sha256' in half
      ? [{ file: HALF_FILE, sha256: half.sha256, variant: { engine: 'onnx', provider, precision: 'fp16' } as const }]
      : []),
  ];
  const ways: Runnable[] = [
    ...(bench.trees ? [{ ...full, variant: { engine: 'tree' } as const }] : []),
    ...terms.providers.toReversed().flatMap(onProvider),
  ];
  const variants: VariantCertificate[] = [];
  for (const way of ways) variants.push(await tryWay(bench, way));
  const { thresholds, rows } = bench;
  return {
    ...{ schema: 1, model: ref, made_at: terms.madeAt, sha256: manifest.sha256 },
    ...{ source_sha256: manifest.source?.sha256 ?? null, feature_hash: manifest.feature_hash },
    reference: { golden: bench.golden.by, all: bench.trees ? 'definition' : 'onnx/cpu' },
    rows: { golden: rows.golden, random: rows.random, thresholds: rows.thresholds },
    thresholds: thresholds ? { min_confidence: thresholds.minConfidence, min_edge: thresholds.minEdge } : null,
    variants,
    fp16: 'sha256' in half ? { report: half.report, reason: null } : { report: null, reason: half.reason },
    machine: {
      ...{ cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism() },
      platform: `${process.platform}-${process.arch}`,
    },
    tools: { alphapulse: terms.version, node: process.version, 'onnxruntime-node': runtimeVersion() },
  };
}

async function benchOf(candidate: Candidate, onnx: OnnxModel, { thresholds }: Terms): Promise<Bench> {
  const { manifest, folder } = candidate;
  const read = readTreeModel(onnx);
  const trees = 'model' in read && manifest.window === 1 ? read.model : undefined;
  if (!existsSync(join(folder, 'golden.json'))) await makeGolden(candidate, trees);
  const golden = await openGolden(candidate);
  const rows = rowsToTry({
    ...{ width: widthOf(manifest.input.shape), golden: golden.inputs, trees, seed: SEED },
    ...{ random: RANDOM_ROWS, thresholds: THRESHOLD_ROWS },
  });
  const reference = await referenceOf(candidate, trees, rows.values);
  const trades = manifest.timeframes.length > 0;
  return { candidate, golden, trees, rows, reference, thresholds: trades ? thresholds : undefined };
}

/** @returns what every way of running it should answer: margins, of models that have them, then predictions */
async function referenceOf(
  candidate: Candidate,
  trees: TreeModel | undefined,
  values: Float64Array,
): Promise<Output[]> {
  const { manifest } = candidate;
  if (trees) return byDefinition(trees, values, manifest.output.shape[1]).slice(manifest.margins ? 0 : 1);
  const engine = engineFor(FULL);
  try {
    await engine.load(specFor(candidate, MODEL_FILE, FULL));
    const answers = await answersOf(engine, candidate, values, 2000);
    requireFinite(answers.at(-1)!);
    return answers;
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused('LOAD_FAILED', (error as Error).message);
  } finally {
    await engine.release();
  }
}

/** Rows of a net are finite; an answer that is not would be abstained from every time. */
function requireFinite({ values, columns }: Output): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const row = Math.floor(at / columns);
  throw new Refused('ANSWERS_NOT_FINITE', `it answers ${values[at]} to row ${row}, whose numbers are ordinary`);
}

async function makeGolden(candidate: Candidate, trees: TreeModel | undefined): Promise<void> {
  const { folder, manifest } = candidate;
  const { window, features, source, framework } = manifest;
  const inputs = groundRows({ rows: GROUND_ROWS, window, features, trees, seed: SEED });
  const answers = await referenceOf(candidate, trees, inputs);
  const margins = answers.find(({ output }) => output === 'margins');
  const by = trees
    ? `its own trees (${source?.format ?? framework.name}), walked node by node`
    : 'its own graph in ONNX Runtime';
  const predictions = answers.at(-1)!;
  const text = goldenText({
    ...{ by, rows: GROUND_ROWS, columns: predictions.columns, tolerance: { absolute: 1e-5, relative: 1e-5 } },
    ...{ inputs, outputs: predictions.values, margins: margins?.values },
  });
  await writeFile(join(folder, 'golden.json'), text);
}

async function tryWay(
  { candidate, golden, trees, rows, reference, thresholds }: Bench,
  way: Runnable,
): Promise<VariantCertificate> {
  const named = { variant: variantLabel(way.variant), sha256: way.sha256 };
  const engine = engineFor(way.variant);
  const bound = boundOf(way.variant, trees !== undefined && candidate.manifest.margins !== undefined);
  try {
    await engine.load(specFor(candidate, way.file, way.variant));
    const reasons: string[] = bound === 'loose' ? [] : await goldenFault(engine, golden);
    const checks = [];
    for (const bucket of BUCKETS) {
      const tried = bucket === 1 ? rows.values.subarray(0, SINGLE_ROWS * rows.width) : rows.values;
      const check = compare(reference, await answersOf(engine, candidate, tried, bucket), bucket, thresholds);
      const fault = faultOf(check, bound, scaleOf({ reference }));
      if (fault) reasons.push(fault);
      checks.push(check);
    }
    return {
      ...{ ...named, certified: reasons.length === 0, reason: reasons.join('; ') || null, checks },
      timed: await time(engine, candidate, rows),
    };
  } catch (error) {
    const nothing = { checks: [], timed: null };
    return { ...named, certified: false, reason: (error as Error).message, ...nothing };
  } finally {
    await engine.release();
  }
}

async function goldenFault(engine: InferenceEngine, golden: Golden): Promise<string[]> {
  const answers = new Float64Array(golden.outputs.length);
  await engine.run(golden.rows, golden.inputs, answers);
  const { worst, row, within } = compareGolden(golden, answers);
  return within ? [] : [`golden row ${row} differs by ${worst.toExponential(2)}`];
}

async function answersOf(
  engine: InferenceEngine,
  { manifest }: Candidate,
  values: Float64Array,
  bucket: number,
): Promise<Output[]> {
  const width = widthOf(manifest.input.shape);
  const count = values.length / width;
  const output = (name: Output['output'], columns: number): Output => ({
    ...{ output: name, columns, float: manifest.input.dtype, values: new Float64Array(count * columns) },
  });
  const outputs = [
    ...(manifest.margins ? [output('margins', manifest.margins.columns)] : []),
    output('predictions', manifest.output.shape[1]),
  ];
  for (let from = 0; from < count; from += bucket) {
    const rows = Math.min(bucket, count - from);
    const input = values.subarray(from * width, (from + rows) * width);
    for (const { output: name, columns, values: into } of outputs)
      await engine.run(rows, input, into.subarray(from * columns, (from + rows) * columns), name);
  }
  return outputs;
}

async function time(engine: InferenceEngine, { manifest }: Candidate, { values, width }: RowsToTry) {
  const batch = Float32Array.from({ length: TIMED_ROWS * width }, (_, i) => values[i % values.length]!);
  const answers = new Float32Array(TIMED_ROWS * manifest.output.shape[1]);
  const times: number[] = [];
  for (let i = 0; i < RUNS; i += 1) {
    const began = performance.now();
    await engine.run(TIMED_ROWS, batch, answers);
    times.push(performance.now() - began);
  }
  return { rows: TIMED_ROWS, ms: times.sort((a, b) => a - b)[RUNS >> 1]! };
}

/** How far FP16 is off on the CPU, over the rows that are not single ones; infinite where it does not run. */
async function halfError({ candidate, rows, reference }: Bench): Promise<number> {
  const variant: Variant = { engine: 'onnx', provider: 'cpu', precision: 'fp16' };
  const engine = engineFor(variant);
  try {
    await engine.load(specFor(candidate, HALF_FILE, variant));
    const { outputs } = compare(reference, await answersOf(engine, candidate, rows.values, 257), 257);
    return Number(outputs.at(-1)!.largest_difference);
  } catch {
    return Infinity;
  } finally {
    await engine.release();
  }
}

/** The largest answer of the reference, at least 1: what differences are held against. */
function scaleOf({ reference }: Pick<Bench, 'reference'>): number {
  const { values } = reference.at(-1)!;
  return values.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 1);
}

function runtimeVersion(): string {
  return (createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }).version;
}

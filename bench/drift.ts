import { BufferPool } from '../src/batch-inference/buffers.js';
import { DriftWatch } from '../src/batch-inference/drift/drift-watch.js';
import { gateOf, type Gate } from '../src/batch-inference/drift/gate.js';
import { ModelBatch } from '../src/batch-inference/model-batch.js';
import { CLASSES, type ActiveModel } from '../src/domain/model.js';
import type { Pair } from '../src/domain/pair.js';
import type { Spread } from '../src/domain/reference.js';
import { compileTrees } from '../src/engines/trees/compile-trees.js';
import { MODE } from '../src/engines/trees/tree-ensemble.js';
import { NO_RULES } from '../src/engines/trees/tree-model.js';
import { randomTrees, seeded } from './random-trees.js';
import { quantile, ratio, round, type BenchReport } from './report.js';

const ROWS = 2_000;
const FEATURES = 64;
const TREES = 500;
const ROUNDS = 201;
const WARM_UP = 20;

const METHOD =
  `${ROWS} rows x ${FEATURES} features and ${CLASSES.length} outputs, ten bins each; medians of ${ROUNDS} rounds, one thread.
"inference": the tree kernel, ${TREES} trees of depth 6, on the same rows. "packing": the pass that copies rows and finds what is
not finite, on the path; "packing, gated": with the distance from the training rows in the same pass. "drift": every number
into its bin, and the PSI and KS of all columns, beside the path.`.replaceAll('\n', ' ');

const STEPS = ['inference', 'packing', 'packing, gated', 'drift'] as const;

const deciles: Spread = {
  edges: Array.from({ length: 9 }, (_, i) => (i - 4) / 4),
  shares: Array<number>(10).fill(0.1),
};
const NAMES = Array.from({ length: FEATURES }, (_, i) => `x${i}`);
const MODEL: ActiveModel = {
  ...{ name: 'bench', version: '1.0.0', file: '', timeframes: ['1m'], window: 1, input: 'x', output: 'p' },
  ...{ variant: { engine: 'tree' }, weight: 1, columns: CLASSES.length, classes: CLASSES, role: 'active', share: 0 },
  dtype: { input: 'float32', output: 'float32' },
  features: NAMES.map((name) => ({ name, mean: 0, std: 1, importance: 1 / FEATURES })),
  reference: {
    ...{ rows: 1, features: NAMES.map(() => deciles), outputs: CLASSES.map(() => deciles) },
    distance: { limit: 1e6 },
  },
};
const SHAPE = { width: FEATURES, columns: CLASSES.length, distribution: true, missing: false };
const SYMBOLS = Array.from({ length: ROWS }, (_, i): Pair => `C${i}/USDT`);

/** What the distance from the training rows and drift cost, held against inference. */
export default async function drift(): Promise<BenchReport> {
  const random = seeded(1);
  const rows = Float32Array.from({ length: ROWS * FEATURES }, () => 4 * random() - 2);
  const infer = kernel();
  const watch = new DriftWatch();
  const buffers = new BufferPool();
  const samples = STEPS.map(() => [] as number[]);
  for (let i = -WARM_UP; i < ROUNDS; i += 1) {
    const { batch, ms: packing } = pack(rows, buffers, undefined);
    batch.release();
    const { batch: gated, ms: packingGated } = pack(rows, buffers, gateOf(MODEL));
    const inference = timed(() => infer(rows));
    const drifted = timed(() => compare(watch, gated));
    gated.release();
    if (i >= 0) [inference, packing, packingGated, drifted].forEach((ms, step) => samples[step]!.push(ms));
  }
  const [inference, packing, packingGated, drifted] = samples.map((all) => quantile(all, 0.5));
  return {
    name: 'drift',
    method: METHOD,
    table: STEPS.map((step, i) => ({
      ...{ step, 'ms p50': round(quantile(samples[i]!, 0.5)), 'ms p99': round(quantile(samples[i]!, 0.99)) },
      'ns a number, p50': round((quantile(samples[i]!, 0.5) * 1e6) / (ROWS * FEATURES), 2),
    })),
    ratios: [
      ratio('drift of the batch, beside the path', 'inference of the same batch', drifted! / inference!, null),
      ratio('packing with the gate', 'packing without', packingGated! / packing!, null),
      ratio('what the gate adds', 'inference of the same batch', (packingGated! - packing!) / inference!, null),
    ],
  };
}

function pack(rows: Float32Array, buffers: BufferPool, gate: Gate | undefined): { batch: ModelBatch; ms: number } {
  const batch = new ModelBatch(SYMBOLS, SHAPE, [ROWS], buffers, gate);
  let from = 0;
  const copy = (into: Float32Array, offset: number): boolean => {
    into.set(rows.subarray(from, from + FEATURES), offset);
    return true;
  };
  const ms = timed(() => {
    for (let row = 0; row < ROWS; row += 1, from += FEATURES) batch.pack(row, copy);
  });
  for (const part of batch.parts) {
    const { input, output } = part;
    part.outcome = { answered: true, input, output, inferring: 0, inferred: 0 };
  }
  return { batch, ms };
}

/** As the service does, without the main loop's turns. */
function compare(watch: DriftWatch, batch: ModelBatch): void {
  const steps = watch.absorb(MODEL, '1m', batch.answeredRows(FEATURES));
  while (!steps.next().done);
}

function kernel(): (rows: Float32Array) => void {
  const forest = { float: 'float32', features: FEATURES, trees: TREES, modes: [MODE.LT], size: { depth: 6 } } as const;
  const ensemble = randomTrees({ ...forest, targets: CLASSES.length }, 1);
  const trees = compileTrees({ ensemble, rules: NO_RULES, link: { kind: 'identity' }, featureNames: NAMES });
  const margins = new Float32Array(ROWS * CLASSES.length);
  return (rows) => trees.run(ROWS, rows, margins);
}

function timed(act: () => void): number {
  const from = performance.now();
  act();
  return performance.now() - from;
}

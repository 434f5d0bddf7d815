import { InferenceSession, Tensor } from 'onnxruntime-node';
import { writeTreeModel } from '../src/engines/onnx/write-tree-model.js';
import { compileTrees } from '../src/engines/trees/compile-trees.js';
import { MODE } from '../src/engines/trees/tree-ensemble.js';
import { NO_RULES, type TreeModel } from '../src/engines/trees/tree-model.js';
import { randomRows, randomTrees, type Forest } from './random-trees.js';
import { quantile, ratio, round, type BenchReport, type Ratio } from './report.js';

const FEATURES = 64;
const MOST_ROWS = 2_000;
const ROWS = [1, 50, 500, MOST_ROWS];
/** Rounds of a pair, the fewer the longer one takes; each begins with the other of the two. */
const ROUNDS = new Map([[1, 401], [50, 201], [500, 61], [MOST_ROWS, 41]]); // prettier-ignore
const WARM_UP = 10;

const binned = (random: () => number): number => Math.floor(random() * 255) / 127.5 - 1;
/** `<` is how XGBoost asks, `<=` how LightGBM does. */
const XGBOOST = { float: 'float32', features: FEATURES, modes: [MODE.LT] } as const;
const LIGHTGBM = { float: 'float64', features: FEATURES, modes: [MODE.LEQ] } as const;
const FORESTS: Record<string, Forest> = {
  'depth 6, float32': { ...XGBOOST, trees: 500, size: { depth: 6 } },
  'depth 6, float64': { ...LIGHTGBM, trees: 500, size: { depth: 6 } },
  '31 leaves, 255 bins, float64': { ...LIGHTGBM, trees: 500, size: { leaves: 31 }, threshold: binned },
  '1,000 leaves, 100 trees, float64': { ...LIGHTGBM, trees: 100, size: { leaves: 1_000 } },
};
const withGoal = (forest: Forest, rows: number): boolean => 'depth' in forest.size && rows === MOST_ROWS;

/** Our kernel against ONNX Runtime on the same trees and rows, one thread each, their answers equal bit for bit. */
export default async function tree(): Promise<BenchReport> {
  const table: Record<string, string | number>[] = [];
  const ratios: Ratio[] = [];
  for (const [name, forest] of Object.entries(FORESTS)) {
    const pair = await pairOf(forest);
    for (const rows of ROWS) {
      const { kernel, onnx, fastest } = await timed(pair, rows);
      table.push({
        trees: name,
        rows,
        'tree kernel, ms': round(kernel, 4),
        'ONNX Runtime, ms': round(onnx, 4),
        'kernel, ns a row and tree': round((kernel * 1e6) / rows / forest.trees, 2),
        'times faster': round(onnx / kernel, 1),
        'of the fastest rounds': round(fastest, 1),
      });
      const work = `times that the tree kernel is faster: ${name}, ${rows} rows`;
      ratios.push(ratio(work, 'ONNX Runtime, one thread', onnx / kernel, withGoal(forest, rows) ? '>= 4' : null));
    }
    await pair.release();
  }
  const method =
    `${FEATURES} features, random trees and rows, 5 % missing. Medians of interleaved rounds in one process, a thread each. ` +
    `Ratio: ONNX Runtime's time / the kernel's. All margins of both equal bit for bit.`;
  return { name: 'tree', method, table, ratios };
}

interface Pair {
  /** Each on the rows from `first` on. @returns margins */
  kernel(first: number, rows: number): ArrayLike<number>;
  onnx(first: number, rows: number): Promise<ArrayLike<number>>;
  release(): Promise<void>;
}

async function pairOf(forest: Forest): Promise<Pair> {
  const ensemble = randomTrees(forest, 1);
  const { float, features } = ensemble;
  const featureNames = Array.from({ length: features }, (_, i) => `x${i}`);
  const model: TreeModel = { ensemble, rules: NO_RULES, link: { kind: 'identity' }, featureNames };
  const kernel = compileTrees(model);
  const session = await InferenceSession.create(writeTreeModel(model, { version: 'bench' }), {
    ...{ intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all' },
  });
  const input = randomRows(MOST_ROWS, ensemble, 2);
  const margins = new (float === 'float32' ? Float32Array : Float64Array)(MOST_ROWS);
  return {
    kernel(first, rows) {
      kernel.run(rows, input.subarray(first * features, (first + rows) * features), margins);
      return margins;
    },
    async onnx(first, rows) {
      const data = input.subarray(first * features, (first + rows) * features) as Float32Array;
      const answers = await session.run({ features: new Tensor(float, data, [rows, features]) }, ['margins']);
      return answers['margins']!.data as Float32Array | Float64Array;
    },
    release: () => session.release(),
  };
}

interface Times {
  /** Medians, in milliseconds. */
  readonly kernel: number;
  readonly onnx: number;
  /** Times that the kernel's fastest round is faster: where it is another than that of the medians, others used the cores. */
  readonly fastest: number;
}

/** Other rows every round, so that neither learns them. */
async function timed(pair: Pair, rows: number): Promise<Times> {
  const times = { kernel: [] as number[], onnx: [] as number[] };
  for (let i = 0; i < WARM_UP + ROUNDS.get(rows)!; i += 1) {
    const first = (i * rows) % (MOST_ROWS - rows + 1);
    const answers: ArrayLike<number>[] = [];
    for (const one of i % 2 === 0 ? (['kernel', 'onnx'] as const) : (['onnx', 'kernel'] as const)) {
      const from = performance.now();
      answers.push(await pair[one](first, rows));
      if (i >= WARM_UP) times[one].push(performance.now() - from);
    }
    assertEqual(answers[0]!, answers[1]!, rows);
  }
  const fastest = Math.min(...times.onnx) / Math.min(...times.kernel);
  return { kernel: quantile(times.kernel, 0.5), onnx: quantile(times.onnx, 0.5), fastest };
}

function assertEqual(a: ArrayLike<number>, b: ArrayLike<number>, rows: number): void {
  for (let row = 0; row < rows; row += 1)
    if (!Object.is(a[row], b[row])) throw new Error(`row ${row}: ${a[row]} is not ${b[row]}`);
}

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { randomTrees, seeded, type Forest } from '../../bench/random-trees.js';
import { float, floats, int, ints, node, tensor, tensorInfo, text, texts } from '../../src/engines/onnx/onnx-node.js';
import {
  decodeModel,
  encodeModel,
  TYPE,
  type Draft,
  type OnnxModel,
  type OnnxNode,
} from '../../src/engines/onnx/onnx-proto.js';
import { tensorOf } from '../../src/engines/onnx/onnx-tensor.js';
import { readTreeModel } from '../../src/engines/onnx/read-tree-model.js';
import { writeTreeModel } from '../../src/engines/onnx/write-tree-model.js';
import { applyRules, TINY } from '../../src/engines/trees/columns.js';
import { applyLink, linkOutputs, type Link } from '../../src/engines/trees/link.js';
import { MODE, type Float, type TreeEnsemble } from '../../src/engines/trees/tree-ensemble.js';
import { NO_RULES, type ColumnRules, type TreeModel } from '../../src/engines/trees/tree-model.js';
import { walk } from '../../src/engines/trees/walk.js';
import { neighbour, ulpsBetween } from '../../src/model-registry/certification/ulp.js';
import { sharedData } from '../builders/shared-data.js';

type Floats = Float32Array | Float64Array;

const BATCHES = [1, 3, 257];
const SETS = [[0], [1, 2, 3], [], [0, 7, 30], [0, 7, 31, 32, 33], [5, 2 ** 24 - 1]].map((set) => Int32Array.from(set));
const SPECIAL = [
  0,
  -0,
  1e-40,
  -1e-40,
  TINY,
  -TINY,
  1.1e-35,
  Number.MIN_VALUE,
  Infinity,
  -Infinity,
  1,
  2,
  -1,
  0.5,
  -0.5,
];
const CATEGORIES = [1.5, 30.5, 31, 2 ** 24 - 1, 2 ** 24, 2 ** 31, 2 ** 31 - 1, 2 ** 32 + 1, 2 ** 53];

const LINKS: readonly Link[] = [
  { kind: 'identity' },
  { kind: 'average', n: 7, then: { kind: 'identity' } },
  { kind: 'sigmoid', scale: 1 },
  { kind: 'sigmoid', scale: 0.7 },
  { kind: 'softmax' },
  { kind: 'exp' },
  { kind: 'signed-square' },
  { kind: 'softplus' },
  { kind: 'argmax' },
  { kind: 'step' },
];

const forests: fc.Arbitrary<Forest> = fc.record({
  float: fc.constantFrom<Float>('float32', 'float64'),
  features: fc.integer({ min: 1, max: 9 }),
  trees: fc.integer({ min: 1, max: 30 }),
  targets: fc.integer({ min: 1, max: 4 }),
  vectors: fc.constantFrom(0, 0.5, 1),
  modes: fc.constantFrom([MODE.LEQ], [MODE.LT], [MODE.LEQ, MODE.LT]),
  order: fc.constantFrom('depth' as const, 'breadth' as const),
  size: fc.record({ leaves: fc.integer({ min: 1, max: 40 }) }),
  sets: fc.constantFrom([], SETS),
  threshold: fc.constantFrom<(random: () => number) => number>(
    (random) => (random() - 0.5) * 20,
    (random) => SPECIAL[Math.floor(random() * SPECIAL.length)]!,
  ),
});

const models: fc.Arbitrary<{ model: TreeModel; seed: number }> = fc
  .tuple(forests, fc.constantFrom(...LINKS), fc.integer({ min: 0, max: 2 ** 30 }))
  .map(([forest, link, seed]) => {
    const small = randomTrees(forest, seed);
    // Leaves of −8 .. 8: links meet what they are steep and what they are flat at.
    const ensemble = { ...small, weights: small.weights.map((weight) => weight * 2 ** 9) };
    const featureNames = Array.from({ length: forest.features }, (_, i) => `f${i}`);
    return { seed, model: { ensemble, link, featureNames, rules: rulesOf(ensemble, seed) } };
  });

function rulesOf({ mode, feature, features }: TreeEnsemble, seed: number): ColumnRules {
  const columns = Array.from({ length: features }, (_, i) => i);
  const asked = new Set([...feature].filter((_, i) => mode[i] === MODE.MEMBER));
  return {
    flushTiny: seed % 3 === 0,
    zeroIsMissing: seed % 5 === 0 ? columns.filter((column) => (seed >> column) % 2 === 0) : [],
    categories: asked.size > 0 ? { rule: seed % 2 === 0 ? 'truncate' : 'floor', columns: [...asked] } : null,
  };
}

/** Each number is at, just below or just above a threshold of its column, a category or near one, missing, or special. */
function probes(rows: number, ensemble: TreeEnsemble, seed: number): Floats {
  const random = seeded(seed);
  const { float: type, features, mode, feature, threshold, sets } = ensemble;
  const pools = Array.from({ length: features }, () => [NaN, ...SPECIAL, random() * 20 - 10, random() - 0.5]);
  mode.forEach((asked, at) => {
    const pool = pools[feature[at]]!;
    const cut = threshold[at];
    if (asked === MODE.MEMBER) pool.push(...sets[cut]!, ...CATEGORIES);
    else if (asked !== MODE.LEAF && Number.isFinite(cut))
      pool.push(cut, neighbour(cut, 1, type), neighbour(cut, -1, type));
  });
  const values = Array.from({ length: rows * features }, (_, i) => {
    const pool = pools[i % features]!;
    return pool[Math.floor(random() * pool.length)]!;
  });
  return type === 'float32' ? Float32Array.from(values) : Float64Array.from(values);
}

/** What `applyRules` and `walk` say, row after row. */
function defined({ ensemble, rules }: TreeModel, input: Floats): Float64Array {
  const { features, targets } = ensemble;
  const rows = input.length / features;
  const all = new Float64Array(rows * targets);
  for (let i = 0; i < rows; i += 1) {
    const row = Float64Array.from(input.subarray(i * features, (i + 1) * features));
    applyRules(rules, ensemble.float, row);
    walk(ensemble, row, all.subarray(i * targets, (i + 1) * targets));
  }
  return all;
}

class Runtime {
  private constructor(
    private readonly session: InferenceSession,
    private readonly features: number,
  ) {}

  static async of(bytes: Uint8Array, features: number): Promise<Runtime> {
    const options = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 as const };
    return new Runtime(await InferenceSession.create(bytes, options), features);
  }

  async run(input: Floats, output: string): Promise<Floats> {
    const type = input instanceof Float32Array ? 'float32' : 'float64';
    const rows = new Tensor(type, input, [input.length / this.features, this.features]);
    const answer = await this.session.run({ [this.session.inputNames[0]!]: rows }, [output]);
    return answer[output]!.data as Floats;
  }

  release(): Promise<void> {
    return this.session.release();
  }
}

/** Rows of a batch: where the numbers differ, as a person reads them; nothing where all bits are the same. */
function differing(found: ArrayLike<number>, expected: ArrayLike<number>): string[] {
  if (found.length !== expected.length) return [`${found.length} numbers, expected ${expected.length}`];
  return Array.from(expected, (value, i) => (Object.is(found[i], value) ? '' : `${i}: ${found[i]}, expected ${value}`))
    .filter((line) => line !== '')
    .slice(0, 5);
}

describe('a written tree model in ONNX Runtime', () => {
  const largest = new Map<string, number>();

  it('has the margins of applyRules and walk, bit for bit, in batches of 1, 3 and 257', async () => {
    await fc.assert(
      fc.asyncProperty(models, async ({ model, seed }) => {
        const { features, targets, float: type } = model.ensemble;
        const runtime = await Runtime.of(writeTreeModel(model, { version: 'test' }), features);
        const input = probes(257, model.ensemble, seed + 1);
        const margins = defined(model, input);
        for (const rows of BATCHES) {
          const found = await runtime.run(input.subarray(0, rows * features), 'margins');
          expect(differing(found, margins.subarray(0, rows * targets))).toEqual([]);
        }
        const columns = linkOutputs(model.link, targets);
        const expected = type === 'float32' ? new Float32Array(257 * columns) : new Float64Array(257 * columns);
        applyLink(model.link, type, margins, 257, targets, expected);
        const found = await runtime.run(input, 'predictions');
        const kind = `${model.link.kind} ${type}`;
        for (let i = 0; i < expected.length; i += 1) {
          largest.set(kind, Math.max(largest.get(kind) ?? 0, ulpsBetween(found[i]!, expected[i]!, type)));
        }
        await runtime.release();
      }),
      { numRuns: 400, seed: 20261125 },
    );
  });

  it('has the predictions of applyLink, but for the last bits of its exponentials', () => {
    console.info(
      [...largest]
        .sort()
        .map(([kind, ulps]) => `${kind}: ${ulps} ulp`)
        .join('\n'),
    );
  });
});

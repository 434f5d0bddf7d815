import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomRows, randomTrees, seeded, type Forest } from '../../../bench/random-trees.js';
import type { Floats } from '../inference.engine.js';
import { applyRules, TINY } from './columns.js';
import { compileTrees } from './compile-trees.js';
import { nextBelow } from './next-below.js';
import { MODE, type Float, type TreeEnsemble } from './tree-ensemble.js';
import { NO_RULES, type ColumnRules, type TreeModel } from './tree-model.js';
import { walk } from './walk.js';

const modelOf = (ensemble: TreeEnsemble, rules: ColumnRules = NO_RULES): TreeModel => ({
  ...{ ensemble, rules, link: { kind: 'identity' } },
  featureNames: Array.from({ length: ensemble.features }, (_, i) => `f${i}`),
});

/** What `applyRules` and `walk` say, row after row. */
function defined({ ensemble, rules }: TreeModel, rows: number, input: Floats): Float64Array {
  const { features, targets } = ensemble;
  const all = new Float64Array(rows * targets);
  const row = new Float64Array(features);
  for (let i = 0; i < rows; i += 1) {
    row.set(input.subarray(i * features, (i + 1) * features));
    applyRules(rules, ensemble.float, row);
    walk(ensemble, row, all.subarray(i * targets, (i + 1) * targets));
  }
  return all;
}

/** The definition's answers, bit for bit, in batches of each of these sizes. */
function holds(model: TreeModel, input: Floats, sizes: readonly number[]): void {
  const { features, targets } = model.ensemble;
  const kernel = compileTrees(model);
  const expected = defined(model, input.length / features, input);
  for (const rows of sizes) {
    for (const first of [0, input.length / features - rows]) {
      const margins = new Float64Array(rows * targets);
      kernel.run(rows, input.subarray(first * features), margins);
      const same = margins.every((margin, i) => Object.is(margin, expected[first * targets + i]));
      expect(same, `${rows} rows from row ${first} on`).toBe(true);
    }
  }
}

const SIZES = [257, 1, 2, 3, 7, 8, 9, 16, 17, 63, 64, 65, 128, 129];
const SPECIAL = [0, -0, 1e-40, -1e-40, TINY, -TINY, 1e-30, Number.MIN_VALUE, Infinity, -Infinity, 1, 2, 3, -1, 2 ** 24];
const SETS = [[0], [1, 2, 3], [], [0, 7, 31, 32, 33], [2 ** 24, 2 ** 24 + 1, 2 ** 31 - 1]].map((set) =>
  Int32Array.from(set),
);

/** Each number is at, just below or just above a threshold of its column, a category or near one, missing, or special. */
function probes(rows: number, ensemble: TreeEnsemble, type: Float, seed: number): Floats {
  const random = seeded(seed);
  const { features, mode, feature, threshold, sets } = ensemble;
  const pools = Array.from({ length: features }, () => [NaN, 0.5, -0.5, 1.5, 2 ** 31, ...SPECIAL]);
  mode.forEach((asked, node) => {
    if (asked === MODE.MEMBER) for (const category of sets[threshold[node]]) pools[feature[node]].push(category);
    else if (asked !== MODE.LEAF) {
      const at = threshold[node];
      pools[feature[node]].push(at, nextBelow(at, type), -nextBelow(-at, type), nextBelow(at, ensemble.float));
    }
  });
  const values = Array.from({ length: rows * features }, (_, i) => {
    const pool = pools[i % features];
    return pool[Math.floor(random() * pool.length)];
  });
  return type === 'float32' ? Float32Array.from(values) : Float64Array.from(values);
}

const floats = fc.constantFrom<Float>('float32', 'float64');
const sizes = fc.oneof(
  fc.record({ depth: fc.integer({ min: 0, max: 7 }) }),
  fc.record({ leaves: fc.integer({ min: 1, max: 300 }) }),
);
const thresholds = fc.constantFrom<((random: () => number) => number) | undefined>(
  undefined,
  (random) => SPECIAL[Math.floor(random() * SPECIAL.length)],
  (random) => Math.round(random() * 20 - 10) / 10,
);
const forests: fc.Arbitrary<Forest> = fc
  .record({
    float: floats,
    features: fc.integer({ min: 1, max: 9 }),
    trees: fc.integer({ min: 0, max: 20 }),
    targets: fc.integer({ min: 1, max: 4 }),
    vectors: fc.constantFrom(0, 0.5, 1),
    size: sizes,
    modes: fc.constantFrom([MODE.LEQ], [MODE.LT], [MODE.LEQ, MODE.LT]),
    sets: fc.constantFrom([], SETS),
    threshold: thresholds,
    order: fc.constantFrom<'depth' | 'breadth'>('depth', 'breadth'),
  })
  .map(({ threshold, ...forest }) => ({ ...forest, ...(threshold && { threshold }) }));
const rulesFor = (features: number): fc.Arbitrary<ColumnRules> => {
  const columns = fc.subarray(Array.from({ length: features }, (_, i) => i));
  return fc.record({
    flushTiny: fc.boolean(),
    zeroIsMissing: fc.oneof(fc.constant([]), columns),
    categories: fc.option(fc.record({ rule: fc.constantFrom('truncate' as const, 'floor' as const), columns })),
  });
};

describe('the kernel says what the definition says, bit for bit', () => {
  it('of any trees, rules and rows, in batches of any size', () => {
    const cases = forests.chain((forest) =>
      fc.tuple(fc.constant(forest), rulesFor(forest.features), floats, fc.integer({ min: 0, max: 2 ** 31 })),
    );
    fc.assert(
      fc.property(cases, ([forest, rules, type, seed]) => {
        const ensemble = randomTrees(forest, seed);
        holds(modelOf(ensemble, rules), probes(257, ensemble, type, seed + 1), SIZES);
      }),
      { numRuns: 300 },
    );
  });

  it.each<[what: string, forest: Omit<Forest, 'float'>]>([
    ['256 leaves: the last that fit a byte', { features: 5, trees: 9, size: { leaves: 256 } }],
    ['257 leaves: walked', { features: 5, trees: 9, size: { leaves: 257 } }],
    ['depth 12', { features: 64, trees: 3, size: { depth: 12 } }],
    ['one column with 255 cuts', { features: 1, trees: 1, size: { leaves: 256 } }],
    ['one column with more cuts than a plane tells apart', { features: 1, trees: 60, size: { leaves: 31 } }],
    ['only leaves', { features: 3, trees: 17, size: { depth: 0 } }],
    ['more trees than walkers, by one', { features: 3, trees: 9, size: { leaves: 4 } }],
    ['many targets', { features: 8, trees: 40, targets: 30, vectors: 0.5, size: { leaves: 8 } }],
  ])('%s', (_, forest) => {
    for (const float of ['float32', 'float64'] as const) {
      const ensemble = randomTrees({ ...forest, float }, 7);
      holds(modelOf(ensemble), probes(130, ensemble, float, 8), [130, 1, 8, 40]);
      holds(modelOf(ensemble), randomRows(130, ensemble, 9), [130, 1, 8, 40]);
    }
  });

  it('a tree as deep as it has branches', () => {
    for (const depth of [200, 2_000]) {
      const ensemble = chain(depth);
      const input = Float64Array.from({ length: 300 }, (_, i) => (i % 7 === 0 ? NaN : (i / 300) * depth * 1.1));
      holds(modelOf(ensemble), input, [300, 1, 5, 129]);
    }
  });
});

describe('what a kernel holds', () => {
  it('memory for its model, whatever the rows', () => {
    const ensemble = randomTrees({ float: 'float64', features: 64, trees: 500, size: { depth: 6 } }, 1);
    const kernel = compileTrees(modelOf(ensemble));
    const bytes = kernel.bytes;
    expect(bytes).toBeLessThan(3 * 1024 * 1024);
    const rows = 10_000;
    kernel.run(rows, randomRows(rows, ensemble, 2), new Float64Array(rows));
    expect(kernel.bytes).toBe(bytes);
  });

  it('leaves to others what would need half a gigabyte', () => {
    const many = Array.from({ length: 1_200 }, (_, i) => Int32Array.from({ length: 120 }, (_, j) => i * 200 + j));
    const forest: Forest = { float: 'float64', features: 1, trees: 200, size: { leaves: 60 }, sets: many };
    expect(() => compileTrees(modelOf(randomTrees(forest, 3)))).toThrow(
      /the trees need \d+ MiB of memory, 512 at most/,
    );
  });
});

/** x ≤ 0, else x ≤ 1, else … */
function chain(depth: number): TreeEnsemble {
  const nodes = 2 * depth + 1;
  const branch = (i: number) => i % 2 === 0 && i < 2 * depth;
  const field = (of: (i: number) => number) => Array.from({ length: nodes }, (_, i) => of(i));
  const leaf = field((i) => (branch(i) ? -1 : (i + (i % 2)) / 2));
  return {
    ...{ float: 'float64', features: 1, targets: 1, sets: [] },
    ...{ roots: Int32Array.of(0, nodes), treeTarget: Int32Array.of(0) },
    mode: Uint8Array.from(field((i) => (branch(i) ? MODE.LEQ : MODE.LEAF))),
    feature: new Int32Array(nodes),
    threshold: Float64Array.from(field((i) => (branch(i) ? i / 2 : 0))),
    yes: Int32Array.from(field((i) => (branch(i) ? i + 1 : -1))),
    no: Int32Array.from(field((i) => (branch(i) ? i + 2 : -1))),
    missingYes: Uint8Array.from(field((i) => (i % 6 === 4 && branch(i) ? 1 : 0))),
    leaf: Int32Array.from(leaf),
    weights: Float64Array.from({ length: depth + 1 }, (_, i) => i + 0.1),
  };
}

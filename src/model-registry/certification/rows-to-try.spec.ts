import { describe, expect, it } from 'vitest';
import { MODE, type TreeEnsemble } from '../../engines/trees/tree-ensemble.js';
import { NO_RULES, type TreeModel } from '../../engines/trees/tree-model.js';
import { groundRows } from './ground-rows.js';
import { rowsToTry } from './rows-to-try.js';

/** One split of column 1 at 0.3, one of column 0 into the categories 2 and 5; column 2 is never asked. */
const ensemble: TreeEnsemble = {
  ...{ float: 'float64', features: 3, targets: 1, roots: Int32Array.of(0, 5), treeTarget: Int32Array.of(0) },
  mode: Uint8Array.of(MODE.LEQ, MODE.MEMBER, MODE.LEAF, MODE.LEAF, MODE.LEAF),
  feature: Int32Array.of(1, 0, 0, 0, 0),
  threshold: Float64Array.of(0.3, 0, 0, 0, 0),
  yes: Int32Array.of(1, 3, -1, -1, -1),
  no: Int32Array.of(2, 4, -1, -1, -1),
  missingYes: new Uint8Array(5),
  leaf: Int32Array.of(-1, -1, 0, 1, 2),
  weights: Float64Array.of(1, 2, 3),
  sets: [Int32Array.of(2, 5)],
};
const trees: TreeModel = { ensemble, rules: NO_RULES, link: { kind: 'identity' }, featureNames: ['a', 'b', 'c'] };
const UNKNOWN = Array.from({ length: 3 }, () => ({ mean: 0, std: 0 }));
const column = (values: Float64Array, at: number) => [...values].filter((_, i) => i % 3 === at);

describe('rows for a model that came without any', () => {
  const ground = groundRows({ rows: 200, window: 1, features: UNKNOWN, trees, seed: 7 });

  it('lie on and about its splits', () => {
    expect(column(ground, 1)).toContain(0.3);
    expect(column(ground, 1).some((x) => x < 0.3)).toBe(true);
    expect(column(ground, 1).some((x) => x > 0.3)).toBe(true);
  });

  it('hold categories where trees ask for categories', () => {
    expect(column(ground, 0).every((x) => Number.isInteger(x) && x >= 0)).toBe(true);
    expect(new Set(column(ground, 0)).size).toBeGreaterThan(2);
  });

  it('are as training saw them where nothing is asked', () => {
    const seen = groundRows({ rows: 500, window: 2, features: [{ mean: 100, std: 1 }], trees: undefined, seed: 7 });
    expect(seen).toHaveLength(1000);
    expect(Math.abs(seen.reduce((sum, x) => sum + x, 0) / 1000 - 100)).toBeLessThan(0.2);
  });

  it('are the same every time', () => {
    expect(groundRows({ rows: 200, window: 1, features: UNKNOWN, trees, seed: 7 })).toEqual(ground);
  });
});

describe('rows to try', () => {
  const golden = groundRows({ rows: 64, window: 1, features: UNKNOWN, trees, seed: 1 });
  const source = { width: 3, golden, random: 300, thresholds: 90, seed: 3 };

  it('are the golden ones, then random ones, then those on splits and one ulp to either side', () => {
    const { values, ...counts } = rowsToTry({ ...source, trees });
    expect(counts).toEqual({ width: 3, golden: 64, random: 300, thresholds: 90 });
    expect(values.subarray(0, golden.length)).toEqual(golden);
    const probed = new Set(column(values.subarray((64 + 300) * 3), 1));
    for (const x of [0.3, 0.3 + 2 ** -54, 0.3 - 2 ** -54]) expect(probed).toContain(x);
  });

  it('miss values now and then, of trees only', () => {
    expect(rowsToTry({ ...source, trees }).values.some(Number.isNaN)).toBe(true);
    const net = rowsToTry({ ...source, trees: undefined });
    expect(net.values.some(Number.isNaN)).toBe(false);
    expect(net.thresholds).toBe(0);
  });
});

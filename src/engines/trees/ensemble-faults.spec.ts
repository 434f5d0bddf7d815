import { describe, expect, it } from 'vitest';
import { faultOf } from './ensemble-faults.js';
import { MODE, type TreeEnsemble } from './tree-ensemble.js';

/** A tree of one leaf for both targets, then one that asks column 1 for a set and column 0 for a number. */
function sound(): TreeEnsemble {
  return {
    ...{ float: 'float32', features: 2, targets: 2 },
    roots: Int32Array.of(0, 1, 6),
    treeTarget: Int32Array.of(-1, 1),
    mode: Uint8Array.of(MODE.LEAF, MODE.MEMBER, MODE.LEAF, MODE.LEQ, MODE.LEAF, MODE.LEAF),
    feature: Int32Array.of(0, 1, 0, 0, 0, 0),
    threshold: Float64Array.of(0, 0, 0, 0.5, 0, 0),
    yes: Int32Array.of(-1, 2, -1, 4, -1, -1),
    no: Int32Array.of(-1, 3, -1, 5, -1, -1),
    missingYes: Uint8Array.of(0, 0, 0, 1, 0, 0),
    leaf: Int32Array.of(0, -1, 2, -1, 3, 4),
    weights: Float64Array.of(0.5, 1, 2, 3, 4),
    sets: [Int32Array.of(0, 7)],
  };
}

type Field = 'treeTarget' | 'mode' | 'feature' | 'threshold' | 'yes' | 'no' | 'missingYes' | 'leaf' | 'weights';

describe('what an ensemble promises', () => {
  it('a sound one has no fault', () => {
    expect(faultOf(sound())).toBeUndefined();
  });

  it.each<[field: Field, at: number, value: number, fault: string]>([
    ['treeTarget', 1, 2, 'tree 1 adds to target 2'],
    ['mode', 1, 4, 'node 1 of tree 1: mode 4'],
    ['feature', 1, 2, 'node 1 of tree 1: column 2 of 2'],
    ['feature', 1, -1, 'node 1 of tree 1: column -1 of 2'],
    ['threshold', 1, 1, 'node 1 of tree 1: threshold 1'],
    ['threshold', 3, NaN, 'node 3 of tree 1: threshold NaN'],
    ['threshold', 3, 0.1, 'node 3 of tree 1: threshold 0.1'],
    ['yes', 3, 3, 'node 3 of tree 1: child 3'],
    ['yes', 3, 6, 'node 3 of tree 1: child 6'],
    ['yes', 3, 1, 'node 3 of tree 1: child 1'],
    ['no', 3, 4, 'node 3 of tree 1: one child for both answers'],
    ['no', 1, 4, 'node 3 of tree 1 has 0 parents'],
    ['yes', 0, 1, 'node 0 of tree 0: a leaf with children'],
    ['feature', 2, 1, 'node 2 of tree 1: a leaf that asks'],
    ['missingYes', 3, 2, 'node 3 of tree 1: missingYes is 2'],
    ['leaf', 3, 0, 'node 3 of tree 1: a branch with weights'],
    ['leaf', 5, 5, 'node 5 of tree 1: weights at 5'],
    ['leaf', 0, 4, 'node 0 of tree 0: weights at 4'],
    ['weights', 2, Infinity, 'weight 2 is Infinity'],
    ['weights', 2, 0.1, 'weight 2 is 0.1'],
  ])('%s[%i] = %f', (field, at, value, fault) => {
    const ensemble = sound();
    ensemble[field][at] = value;
    expect(faultOf(ensemble)).toBe(fault);
  });

  it.each<[what: string, change: Partial<TreeEnsemble>, fault: string]>([
    ['no feature', { features: 0 }, '0 features'],
    ['no target', { targets: 0 }, '0 targets'],
    ['a root too few', { roots: Int32Array.of(0, 6) }, '2 roots of 2 trees'],
    ['roots short of the nodes', { roots: Int32Array.of(0, 1, 5) }, 'roots do not span the nodes'],
    ['a tree without nodes', { roots: Int32Array.of(0, 6, 6) }, 'tree 1 has no node'],
    ['a short array', { leaf: Int32Array.of(0) }, '1 entries of leaf, 6 nodes'],
    ['a set out of order', { sets: [Int32Array.of(7, 0)] }, 'set 0 is not ascending from 0 on'],
    ['a set with −1', { sets: [Int32Array.of(-1)] }, 'set 0 is not ascending from 0 on'],
  ])('%s', (_, change, fault) => {
    expect(faultOf({ ...sound(), ...change })).toBe(fault);
  });

  it('an infinite threshold parts missing values from all others', () => {
    const ensemble = sound();
    ensemble.threshold[3] = Infinity;
    expect(faultOf(ensemble)).toBeUndefined();
  });
});

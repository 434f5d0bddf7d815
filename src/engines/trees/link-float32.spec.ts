import { describe, expect, it } from 'vitest';
import { transformFloat32 } from './link-float32.js';
import type { Transform } from './link-kinds.js';

function predictions(transform: Transform, margins: readonly number[], targets = 1, n = 1): number[] {
  const rows = margins.length / targets;
  const out = new Float32Array(transform.kind === 'argmax' ? rows : margins.length);
  transformFloat32(transform, n, Float32Array.from(margins), rows, targets, out);
  return Array.from(out);
}

const SIGMOID: Transform = { kind: 'sigmoid', scale: 1 };

describe('from margins to predictions, in float32', () => {
  it.each<[what: string, transform: Transform, margins: number[], targets: number, expected: number[]]>([
    ['identity', { kind: 'identity' }, [0.1, -2], 2, [0.1, -2]],
    ['exp', { kind: 'exp' }, [0, 1, 89, -104], 1, [1, Math.E, Infinity, 0]],
    ['step: 0 is not above 0', { kind: 'step' }, [0, -0, 1e-45, -1], 1, [0, 0, 1, 0]],
    ['softmax, row by row', { kind: 'softmax' }, [0, 0, 1e4, -1e4], 2, [0.5, 0.5, 1, 0]],
    ['argmax: the first of equals, one number a row', { kind: 'argmax' }, [1, 3, 3, 2, 1, 0], 3, [1, 0]],
    ['signed square', { kind: 'signed-square' }, [3, -3, 0], 1, [9, -9, 0]],
    ['softplus', { kind: 'softplus' }, [0], 1, [Math.LN2]],
  ])('%s', (_, transform, margins, targets, expected) => {
    expect(predictions(transform, margins, targets)).toEqual(expected.map(Math.fround));
  });

  /** Margins and what XGBoost 3.2.0 predicts. */
  it.each([
    [-1000, 3.006635794144578e-39],
    [-88.75, 3.006635794144578e-39],
    [-88, 6.054601485195952e-39],
    [-40, 4.24835413113866e-18],
    [-17, 4.139937814784389e-8],
    [0, 0.5],
    [16, 0.9999998807907104],
    [17, 1],
    [1000, 1],
  ])('the sigmoid of %d is never 0', (margin, native) => {
    const [found] = predictions(SIGMOID, [margin]);
    expect(Math.abs(found - native)).toBeLessThanOrEqual(2 * Math.max(2 ** -149, native * 2 ** -23));
  });

  it('averages before it transforms', () => {
    expect(predictions(SIGMOID, [2], 1, 2)).toEqual(predictions(SIGMOID, [1]));
    expect(predictions({ kind: 'softmax' }, [2, 0], 2, 2)).toEqual(predictions({ kind: 'softmax' }, [1, 0], 2));
  });

  it('may be written over the margins', () => {
    const margins = Float32Array.of(1, 2, 4, 3);
    transformFloat32({ kind: 'argmax' }, 1, margins, 2, 2, margins);
    expect(Array.from(margins.subarray(0, 2))).toEqual([1, 0]);
  });
});

import { describe, expect, it } from 'vitest';
import { applyLink, linkOutputs, type Link } from './link.js';

function predictions(link: Link, margins: number[][]): number[] {
  const targets = margins[0].length;
  const out = new Float64Array(margins.length * linkOutputs(link, targets));
  applyLink(link, 'float64', Float64Array.from(margins.flat()), margins.length, targets, out);
  return [...out];
}

const E = Math.E;

describe('from margins to predictions, in float64', () => {
  it.each<[what: string, link: Link, margins: number[][], expected: number[]]>([
    ['identity', { kind: 'identity' }, [[1, -2]], [1, -2]],
    ['sigmoid of each target', { kind: 'sigmoid', scale: 2 }, [[0, 0.5]], [0.5, 1 / (1 + 1 / E)]],
    ['sigmoid far out', { kind: 'sigmoid', scale: 1 }, [[800], [-800]], [1, 0]],
    [
      'softmax, row by row',
      { kind: 'softmax' },
      [
        [0, 0],
        [1, 0],
      ],
      [0.5, 0.5, 1 / (1 + 1 / E), 1 / E / (1 + 1 / E)],
    ],
    ['softmax of numbers whose exp overflows', { kind: 'softmax' }, [[1e4, 1e4, -1e4]], [0.5, 0.5, 0]],
    ['exp', { kind: 'exp' }, [[0], [1]], [1, E]],
    ['signed square', { kind: 'signed-square' }, [[3], [-3], [0]], [9, -9, 0]],
    ['softplus', { kind: 'softplus' }, [[0]], [Math.LN2]],
    [
      'argmax: the first of equals, one number a row',
      { kind: 'argmax' },
      [
        [1, 3, 3],
        [2, 1, 0],
      ],
      [1, 0],
    ],
    ['step: 0 is not above 0', { kind: 'step' }, [[0], [5e-324], [-1]], [0, 1, 0]],
    ['average', { kind: 'average', n: 4, then: { kind: 'identity' } }, [[1], [-2]], [0.25, -0.5]],
    [
      'average before softmax',
      { kind: 'average', n: 2, then: { kind: 'softmax' } },
      [[2, 0]],
      predictions({ kind: 'softmax' }, [[1, 0]]),
    ],
    [
      'average before sigmoid',
      { kind: 'average', n: 2, then: { kind: 'sigmoid', scale: 1 } },
      [[2]],
      [1 / (1 + 1 / E)],
    ],
  ])('%s', (_, link, margins, expected) => {
    const found = predictions(link, margins);
    expect(found).toHaveLength(expected.length);
    expected.forEach((number, i) => expect(found[i]).toBeCloseTo(number, 15));
  });

  /** With `Math.exp` the last is 3 ulp off. */
  it('is within 2 ulp of LightGBM’s softmax', () => {
    const found = predictions({ kind: 'softmax' }, [[2.7095542718625287, -1.22678390740038, -0.514042569468828]]);
    const native = [0.943991862507534, 0.018426306904788907, 0.03758183058767696];
    expect(
      found.map((value, i) => Math.abs(value - native[i]!) <= 2 * 2 ** (Math.floor(Math.log2(value)) - 52)),
    ).toEqual([true, true, true]);
  });

  it('may be written over the margins', () => {
    for (const link of [{ kind: 'softmax' }, { kind: 'argmax' }, { kind: 'exp' }] as const) {
      const margins = [
        [0.5, 2, 1],
        [3, -1, 0],
      ];
      const shared = Float64Array.from(margins.flat());
      applyLink(link, 'float64', shared, 2, 3, shared);
      const expected = predictions(link, margins);
      expect([...shared.subarray(0, expected.length)]).toEqual(expected);
    }
  });

  it('leaves what lies behind the rows alone', () => {
    const out = Float64Array.of(7, 7, 7);
    applyLink({ kind: 'exp' }, 'float64', Float64Array.of(0, 0, 0), 2, 1, out);
    expect([...out]).toEqual([1, 1, 7]);
  });
});

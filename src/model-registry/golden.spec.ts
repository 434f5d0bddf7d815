import { describe, expect, it } from 'vitest';
import { compareGolden, readGolden, type Golden } from './golden.js';

const rows = (count: number) => ({
  tolerance: { absolute: 1e-5 },
  inputs: Array.from({ length: count }, (_, i) => [i, -i]),
  outputs: Array.from({ length: count }, () => [0.25, 0.5, 0.25]),
});
const golden = readGolden(rows(64), 2) as Golden;
const answers = () => Float32Array.from(golden.outputs);

describe('golden vectors', () => {
  it('are read into flat columns', () => {
    expect(golden.rows).toBe(64);
    expect([...golden.inputs.slice(2, 4)]).toEqual([1, -1]);
  });

  it.each<[string, unknown, RegExp]>([
    ['too few rows', rows(63), /inputs/],
    ['a tolerance that would let anything pass', { ...rows(64), tolerance: { absolute: 0.1 } }, /tolerance/],
    ['an answer less than questions', { ...rows(65), outputs: rows(64).outputs }, /65 inputs but 64 outputs/],
    [
      'a row too narrow',
      { ...rows(64), inputs: [[1], ...rows(63).inputs] },
      /input 0 has 1 numbers, the model takes 2/,
    ],
    ['an answer that is no distribution', { ...rows(64), outputs: [[1, 1, 0], ...rows(63).outputs] }, /output 0/],
    ['nothing', null, /golden\.json/],
  ])('are unusable with %s', (_, raw, why) => {
    expect(readGolden(raw, 2)).toMatch(why);
  });

  it('pass within the tolerance', () => {
    const actual = answers();
    actual[3] = actual[3]! + 5e-6;
    expect(compareGolden(golden, actual).within).toBe(true);
  });

  it('name the row that differs most', () => {
    const actual = answers();
    actual[3 * 17 + 1] = 0.51;
    expect(compareGolden(golden, actual)).toMatchObject({ row: 17, within: false });
  });

  it('never pass a NaN', () => {
    const actual = answers();
    actual[0] = NaN;
    expect(compareGolden(golden, actual)).toEqual({ worst: Infinity, row: 0, within: false });
  });

  it('compare a part of the rows', () => {
    expect(compareGolden(golden, answers().slice(0, 6)).within).toBe(true);
    expect(compareGolden(golden, [0.25, 0.5, 0.26], 40)).toMatchObject({ row: 40, within: false });
  });
});

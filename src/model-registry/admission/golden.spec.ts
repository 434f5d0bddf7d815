import { describe, expect, it } from 'vitest';
import { compareGolden, goldenText, readGolden, type Golden } from './golden.js';

const rows = (count: number) => ({
  tolerance: { absolute: 1e-5 },
  inputs: Array.from({ length: count }, (_, i) => [i, -i]),
  outputs: Array.from({ length: count }, () => [0.25, 0.5, 0.25]),
});
const SHAPE = { width: 2, columns: 3, distribution: true };
const golden = readGolden(rows(64), SHAPE) as Golden;
const answers = () => Float32Array.from(golden.outputs);

describe('golden vectors', () => {
  it('are read into flat columns', () => {
    expect(golden.rows).toBe(64);
    expect([...golden.inputs.slice(2, 4)]).toEqual([1, -1]);
  });

  it('carry missing and infinite numbers by name', () => {
    const raw = { ...rows(64), inputs: [['NaN', '-Infinity'], ...rows(63).inputs] };
    expect([...(readGolden(raw, SHAPE) as Golden).inputs.slice(0, 2)]).toEqual([NaN, -Infinity]);
  });

  it('read as they were written', () => {
    const inputs = Float64Array.from(golden.inputs);
    inputs.set([NaN, -Infinity, 0.1 + 0.2, 5e-324]);
    const written = { ...golden, by: 'lightgbm 4.7.0', inputs, margins: Float64Array.from(golden.outputs) };
    expect(readGolden(JSON.parse(goldenText(written)), { ...SHAPE, margins: 3 })).toEqual(written);
  });

  it.each<[string, unknown, RegExp]>([
    ['too few rows', rows(63), /inputs/],
    ['a tolerance that would let anything pass', { ...rows(64), tolerance: { absolute: 0.1 } }, /tolerance/],
    ['an answer less than questions', { ...rows(65), outputs: rows(64).outputs }, /65 inputs but 64 outputs/],
    ['a row too narrow', { ...rows(64), inputs: [[1], ...rows(63).inputs] }, /inputs.0 has 1 numbers, the model has 2/],
    ['an answer that is no distribution', { ...rows(64), outputs: [[1, 1, 0], ...rows(63).outputs] }, /outputs.0/],
    ['a NaN in a distribution', { ...rows(64), outputs: [['NaN', 1, 0], ...rows(63).outputs] }, /outputs.0/],
    ['margins of a model that has none', { ...rows(64), margins: rows(64).outputs }, /margins.0 has 3/],
    ['nothing', null, /golden\.json/],
  ])('are unusable with %s', (_, raw, why) => {
    expect(readGolden(raw, SHAPE)).toMatch(why);
  });

  it('pass within the tolerance', () => {
    const actual = answers();
    actual[3] = actual[3]! + 5e-6;
    expect(compareGolden(golden, actual).within).toBe(true);
  });

  it('pass within a share of large answers', () => {
    const large = { ...golden, columns: 1, outputs: Float64Array.of(1000), tolerance: { absolute: 0, relative: 1e-6 } };
    expect(compareGolden(large, [1000.0009]).within).toBe(true);
    expect(compareGolden(large, [1000.0011]).within).toBe(false);
  });

  it('name the row that differs most', () => {
    const actual = answers();
    actual[3 * 17 + 1] = 0.51;
    expect(compareGolden(golden, actual)).toMatchObject({ row: 17, within: false });
  });

  it('never pass a NaN that the reference does not have', () => {
    const actual = answers();
    actual[0] = NaN;
    expect(compareGolden(golden, actual)).toEqual({ worst: Infinity, row: 0, within: false });
    const missing = { ...golden, columns: 1, outputs: Float64Array.of(NaN) };
    expect(compareGolden(missing, [NaN]).within).toBe(true);
    expect(compareGolden(missing, [0]).within).toBe(false);
  });

  it('compare a part of the rows', () => {
    expect(compareGolden(golden, answers().slice(0, 6)).within).toBe(true);
    expect(compareGolden(golden, [0.25, 0.5, 0.26], 40)).toMatchObject({ row: 40, within: false });
  });
});

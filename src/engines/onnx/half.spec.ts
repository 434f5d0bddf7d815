import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHalves, halfOf, LARGEST_HALF, numberOf, toFiniteHalves, toHalves } from './half.js';

const ALL = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);
const isNaNHalf = (bits: number): boolean => (bits & 0x7fff) > 0x7c00;

/** By the definition of binary16. */
function valueOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** float32's neighbour, away from zero or towards it. */
function step(x: number, by: 1 | -1): number {
  const cell = new Float32Array([x]);
  new Int32Array(cell.buffer)[0] += by;
  return cell[0]!;
}

describe('half to float32', () => {
  it('is the value that the 65,536 bit patterns define', () => {
    for (const bits of ALL) expect(Object.is(numberOf(bits), valueOf(bits)), bits.toString(16)).toBe(true);
  });
  it('and back gives the same bits, payloads of NaN included', () => {
    expect(toHalves(fromHalves(ALL, new Float32Array(ALL.length)), new Uint16Array(ALL.length))).toEqual(ALL);
  });
});

describe('float32 to half', () => {
  it.each([
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [LARGEST_HALF, 0x7bff],
    [65519.996, 0x7bff],
    [65520, 0x7c00],
    [-65520, 0xfc00],
    [3.4e38, 0x7c00],
    [Infinity, 0x7c00],
    [-Infinity, 0xfc00],
    [2 ** -14, 0x0400],
    [2 ** -14 - 2 ** -24, 0x03ff],
    [2 ** -14 - 2 ** -26, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [-(2 ** -25), 0x8000],
    [2 ** -25 * (1 + 2 ** -23), 0x0001],
    [1.4e-45, 0x0000],
    [0.1, 0x2e66],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
  ])('%d is %i', (x, bits) => expect(halfOf(x)).toBe(bits));

  it('NaN stays NaN, its sign too', () => {
    expect(isNaNHalf(halfOf(NaN))).toBe(true);
    const quiet = new Float32Array(new Uint32Array([0x7f800001, 0xff800001, 0x7fc00000, 0xffffffff]).buffer);
    const halves = toHalves(quiet, new Uint16Array(4));
    expect([...halves].map(isNaNHalf)).toEqual([true, true, true, true]);
    expect([...halves].map((bits) => bits >>> 15)).toEqual([0, 1, 0, 1]);
  });

  it('between every two neighbours: below the midpoint down, above it up, on it to the even one', () => {
    for (let bits = 0; bits < 0x7bff; bits += 1) {
      const middle = (valueOf(bits) + valueOf(bits + 1)) / 2; // 12 significant bits: exact in float32
      const even = bits % 2 === 0 ? bits : bits + 1;
      const answers = [halfOf(step(middle, -1)), halfOf(middle), halfOf(step(middle, 1)), halfOf(-middle)];
      if (answers.join() !== [bits, even, bits + 1, even | 0x8000].join()) expect(answers, `after ${bits}`).toEqual([]);
    }
  });

  it('any float32 goes to the nearest half', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, min: -65504, max: 65504 }), (x) => {
        const bits = halfOf(x);
        const error = Math.abs(valueOf(bits) - x);
        const magnitude = bits & 0x7fff;
        const others = [magnitude - 1, magnitude + 1].filter((one) => one >= 0 && one < 0x7c00);
        return others.every((one) => Math.abs(Math.abs(x) - valueOf(one)) >= error);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('arrays', () => {
  it('are filled where they lie, also in the middle of a buffer', () => {
    const halves = new Uint16Array(5);
    toHalves(new Float32Array([9, 1, -2]).subarray(1), halves.subarray(2, 4));
    expect([...halves]).toEqual([0, 0, 0x3c00, 0xc000, 0]);
    const floats = new Float32Array(4);
    fromHalves(halves.subarray(2, 4), floats.subarray(1, 3));
    expect([...floats]).toEqual([0, 1, -2, 0]);
  });

  it('with finite answers: what is too large is clamped, what is too small is a zero of its sign, both are counted', () => {
    const values = new Float32Array([1, 70_000, -1e38, 65_519, 1e-9, -1e-9, 0, -0, Infinity, -Infinity]);
    const halves = new Uint16Array(values.length);
    expect(toFiniteHalves(values, halves)).toEqual({ clamped: 2, flushed: 2 });
    expect([...halves].map(numberOf)).toEqual([1, 65504, -65504, 65504, 0, -0, 0, -0, Infinity, -Infinity]);
    const nan = new Uint16Array(1);
    expect(toFiniteHalves(new Float32Array([NaN]), nan)).toEqual({ clamped: 0, flushed: 0 });
    expect(isNaNHalf(nan[0]!)).toBe(true);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { goldenDecimals } from '../../../../test/golden/xgboost/golden.js';
import { nearestFloat32 } from './decimal-float32.js';

const read = (text: string) => nearestFloat32(Number(text), () => text);

describe('the float32 nearest to a decimal number', () => {
  it('is what XGBoost reads', () => {
    const { texts, values } = goldenDecimals();
    expect(texts.filter((text, i) => !Object.is(read(text), values[i]))).toEqual([]);
  });

  it.each([
    ['exactly half-way: to the even one', '16777217', 16777216],
    ['exactly half-way: to the even one, upwards', '16777219', 16777220],
    ['a hair above, which float64 does not see', '16777217.0000000000000000000001', 16777218],
    ['a hair below', '16777218.9999999999999999999999', 16777218],
    ['negative, a hair further from zero', '-16777217.0000000000000000000001', -16777218],
    [
      'half the smallest',
      '7.00649232162408535461864791644958065640130970938257885878534141944895541342930300743319094181060791015625e-46',
      0,
    ],
    ['a hair above half the smallest', '7.0064923216240853546186479164495807e-46', 2 ** -149],
    ['half-way to infinity', '3.40282356779733661637539395458142568448e38', Infinity],
    ['a hair below that', '3.40282356779733661637539395458142568447e38', 3.4028234663852886e38],
  ])('%s', (_, text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it('reads every float32 back', () => {
    fc.assert(fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (x) => read(x.toString()) === x));
  });
});

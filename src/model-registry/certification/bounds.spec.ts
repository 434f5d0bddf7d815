import { describe, expect, it } from 'vitest';
import { faultOf } from './bounds.js';
import type { Check } from './certificate.js';

const output = (name: 'margins' | 'predictions', difference = 0, differing = 0) => ({
  ...{ output: name, largest_difference: difference, largest_ulp: differing, differing_numbers: differing },
});
const check = (change: Partial<Check> = {}): Check => ({
  ...{ bucket: 257, rows: 1000, label_flips: 0, decision_flips: 0, not_finite: 0, rank_correlation: 1 },
  outputs: [output('predictions')],
  ...change,
});

describe('a way of running a version is certified', () => {
  it.each<[string, Partial<Check>, Parameters<typeof faultOf>[1], number, RegExp | undefined]>([
    ['when nothing differs', {}, 'exact', 1, undefined],
    [
      'exact: not with one differing margin',
      { outputs: [output('margins', 1e-17, 1), output('predictions')] },
      'exact',
      1,
      /1 margins differ/,
    ],
    ['close: with rounding', { outputs: [output('predictions', 9e-6, 500)] }, 'close', 1, undefined],
    ['close: not with more', { outputs: [output('predictions', 2e-5, 1)] }, 'close', 1, /allowed is/],
    ['close: a share of large answers', { outputs: [output('predictions', 2e-5, 1)] }, 'close', 100, undefined],
    [
      'loose: with half precision',
      { outputs: [output('predictions', 4e-3, 900)], decision_flips: 5 },
      'loose',
      1,
      undefined,
    ],
    ['loose: not with too many flips', { decision_flips: 6 }, 'loose', 1, /6 decisions of 1000/],
    ['exact: not with one flip', { label_flips: 1 }, 'exact', 1, /1 labels/],
    ['never with a NaN', { not_finite: 1 }, 'loose', 1, /not finite/],
    [
      'never with an infinite difference',
      { outputs: [{ ...output('predictions'), largest_difference: 'Infinity' }] },
      'loose',
      1,
      /Infinity/,
    ],
  ])('%s', (_, change, bound, scale, fault) => {
    if (fault) expect(faultOf(check(change), bound, scale)).toMatch(fault);
    else expect(faultOf(check(change), bound, scale)).toBeUndefined();
  });
});

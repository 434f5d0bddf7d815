import { describe, expect, it } from 'vitest';
import { goldenBaseScores } from '../../../../test/golden/xgboost/golden.js';
import { baseMargins, type ToMargin } from './base-score.js';

/** NaN where it is refused. */
function marginOf(text: string, toMargin: ToMargin): number {
  try {
    return baseMargins(text, toMargin, 1)[0] + 0;
  } catch {
    return NaN;
  }
}

describe('the margin of a base score', () => {
  const table = goldenBaseScores();
  it.each([
    ['count:poisson', 'log'],
    ['binary:logistic', 'logit'],
  ] as const)('%s: as XGBoost computes it, to the bit', (objective, toMargin) => {
    const margins = table[objective];
    const differ = table.scores.filter((score, i) => {
      const native = Number.isFinite(margins[i]) ? margins[i] + 0 : NaN;
      return !Object.is(marginOf(score, toMargin), native);
    });
    expect(differ).toEqual([]);
  });

  it.each([
    ['one for all targets', '5E-1', 3, [0.5, 0.5, 0.5]],
    ['one for all, in brackets', '[2E0]', 2, [2, 2]],
    ['one each', '[5E-1,-1.5E0,0E0]', 3, [0.5, -1.5, 0]],
    ['as 1.0 wrote it', '0.500000', 1, [0.5]],
  ])('%s', (_, text, targets, margins) => {
    expect(baseMargins(text, 'as it is', targets)).toEqual(margins);
  });

  it.each([
    ['too few', '[1E0,2E0]', 'as it is', 3, 'SOURCE_INVALID'],
    ['no number', '[abc]', 'as it is', 1, 'SOURCE_INVALID'],
    ['nothing', '', 'as it is', 1, 'SOURCE_INVALID'],
    ['no probability', '1.5E0', 'logit', 1, 'SOURCE_INVALID'],
    ['infinite', '1E39', 'as it is', 1, 'NOT_EXPRESSIBLE'],
    ['the logarithm of zero', '0E0', 'log', 1, 'NOT_EXPRESSIBLE'],
    ['the logarithm of less', '-1E0', 'log', 1, 'NOT_EXPRESSIBLE'],
  ] as const)('%s is refused', (_, text, toMargin, targets, code) => {
    expect(() => baseMargins(text, toMargin, targets)).toThrow(expect.objectContaining({ code }));
  });
});

import { describe, expect, it } from 'vitest';
import type { Role } from '../../domain/role.js';
import { batchOf, FLAT, LONG, SHORT } from '../../../test/builders/prediction-batch.js';
import { besideOf, flipsOf } from './flips.js';

const POLICY = {
  ...{ minConfidence: 0.5, minEdge: 0.1, minAgreement: 1, cooldownCandles: 0 },
  ...{ stopLossAtr: 1, takeProfitAtr: 1 },
};
type Row = readonly [number, number, number] | undefined;

function flips(tried: readonly Row[], active: readonly Row[]) {
  const { runs } = batchOf([
    { model: 'gbt', rows: tried, role: 'shadow' },
    { model: 'gbt', rows: active },
  ]);
  return flipsOf(runs[0]!, runs[1]!, POLICY);
}

describe('flips between a version and the active one', () => {
  it.each<[string, readonly Row[], readonly Row[], number, number]>([
    ['the same answers decide the same', [LONG, SHORT, FLAT], [LONG, SHORT, FLAT], 3, 0],
    ['long instead of short', [LONG], [SHORT], 1, 1],
    ['long instead of neither', [LONG], [FLAT], 1, 1],
    ['other numbers, the same way', [[0.3, 0.1, 0.6]], [[0.05, 0.05, 0.9]], 1, 0],
    ['long, but not confident enough: neither', [[0.3, 0.21, 0.49]], [FLAT], 1, 0],
    ['long, but the lead is too small: neither', [[0.45, 0.05, 0.5]], [FLAT], 1, 0],
    ['rows that one of them did not answer are not compared', [LONG, undefined, LONG], [undefined, SHORT, SHORT], 1, 1],
    ['no rows', [], [], 0, 0],
  ])('%s', (_, tried, active, compared, flipped) => {
    expect(flips(tried, active)).toEqual({ compared, flipped });
  });

  it.each<[Role, string, string | undefined]>([
    ['shadow', 'gbt', 'gbt'],
    ['canary', 'gbt', 'gbt'],
    ['active', 'gbt', undefined],
    ['member', 'gbt', undefined],
    ['shadow', 'tcn', undefined],
  ])('a %s of %s stands beside %s', (role, model, beside) => {
    const { runs } = batchOf([
      { model: 'net', rows: [LONG] },
      { model: 'gbt', rows: [LONG] },
      { model, rows: [LONG], role },
    ]);
    expect(besideOf(runs[2]!, runs)?.model.name).toBe(beside);
  });
});

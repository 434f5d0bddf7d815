import { describe, expect, it } from 'vitest';
import type { DriftReport } from '../../domain/drift.js';
import { parse } from '../../platform/http/refusal.js';
import { chosen, collectingDto, driftDto, DriftQuery } from './drift.dto.js';

const report = (name: string, version: string, timeframe: DriftReport['timeframe']): DriftReport => ({
  ...{ model: { name, version }, timeframe, rows: 700 },
  features: [0.1, 0.3, 0.2].map((psi) => ({ name: `f${psi}`, psi, ks: psi / 2 })),
  outputs: [],
});
const ALL = [
  report('tcn', '1.0.0', '1m'),
  report('gbt', '1.0.1', '1h'),
  report('gbt', '1.0.0', '5m'),
  report('gbt', '1.0.0', '1m'),
];

describe('GET /api/v1/drift', () => {
  it.each<[string, Record<string, string>, string[]]>([
    ['everything, by model and timeframe', {}, ['gbt@1.0.0/1m', 'gbt@1.0.0/5m', 'gbt@1.0.1/1h', 'tcn@1.0.0/1m']],
    ['one timeframe', { timeframe: '1m' }, ['gbt@1.0.0/1m', 'tcn@1.0.0/1m']],
    ['one name', { model: 'gbt' }, ['gbt@1.0.0/1m', 'gbt@1.0.0/5m', 'gbt@1.0.1/1h']],
    ['one version', { model: 'gbt@1.0.1' }, ['gbt@1.0.1/1h']],
    ['nothing', { model: 'gbt@9.9.9' }, []],
  ])('shows %s', (_, query, refs) => {
    const shown = chosen(ALL, parse(DriftQuery, query, 'query'));
    expect(shown.map(({ model: { name, version }, timeframe }) => `${name}@${version}/${timeframe}`)).toEqual(refs);
  });

  it.each([{ timeframe: '7m' }, { model: '../x' }, { sort: 'psi' }])('refuses %j', (query) => {
    expect(() => parse(DriftQuery, query, 'query')).toThrowError(expect.objectContaining({ code: 'INVALID_REQUEST' }));
  });

  it('has the largest PSI first', () => {
    const shown = driftDto(ALL[0]!);
    expect(shown).toMatchObject({ model: 'tcn', version: '1.0.0', timeframe: '1m', rows: 700 });
    expect(shown.features.map(({ psi }) => psi)).toEqual([0.3, 0.2, 0.1]);
  });

  it('says how many rows are needed where there are too few', () => {
    expect(collectingDto({ ...ALL[0]!, rows: 12 })).toMatchObject({ rows: 12, rows_needed: 500 });
  });
});

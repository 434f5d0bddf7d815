import { describe, expect, it } from 'vitest';
import type { DriftReport } from '../../domain/drift.js';
import { DriftReports } from './drift-reports.js';

const NOW = 1_764_000_000_000;
const MINUTE = 60_000;
const report = (psi: number, over: Partial<DriftReport> = {}): DriftReport => ({
  ...{ model: { name: 'gbt', version: '1.0.0' }, timeframe: '1m', rows: 1_000 },
  features: [
    { name: 'rsi_14', psi: psi / 2, ks: 0.01 },
    { name: 'atr_14', psi, ks: 0.123 },
  ],
  outputs: [{ name: 'long', psi: psi / 3, ks: 0.4 }],
  ...over,
});

describe('drift reports', () => {
  it('the column that moved furthest is read, whether feature or output', () => {
    const reports = new DriftReports();
    reports.keep(report(0.3), NOW);
    expect(reports.readings(NOW)).toEqual([
      { code: 'DRIFT', model: report(0).model, timeframe: '1m', value: 0.3, detail: 'atr_14 (KS 0.12)' },
    ]);
    reports.keep(report(0.1, { outputs: [{ name: 'long', psi: 0.9, ks: 0.4 }] }), NOW);
    expect(reports.readings(NOW)).toMatchObject([{ value: 0.9, detail: 'long (KS 0.40)' }]);
  });

  it.each([
    ['1m', 2 * MINUTE],
    ['1h', 120 * MINUTE],
  ] as const)('a report on %s stands until two more could have come', (timeframe, stands) => {
    const reports = new DriftReports();
    reports.keep(report(0.3, { timeframe }), NOW);
    expect(reports.readings(NOW + stands)).toHaveLength(1);
    expect(reports.readings(NOW + stands + 1)).toHaveLength(0);
  });

  it('one without columns says nothing', () => {
    const reports = new DriftReports();
    reports.keep(report(0.3, { features: [], outputs: [] }), NOW);
    expect(reports.readings(NOW)).toEqual([]);
  });
});

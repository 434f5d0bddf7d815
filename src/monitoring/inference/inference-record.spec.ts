import { describe, expect, it } from 'vitest';
import type { Abstention } from '../../domain/abstention.js';
import type { AdHocReport } from '../../domain/ad-hoc.js';
import { batchOf, FLAT, LONG, SHORT, type Answers } from '../../../test/builders/prediction-batch.js';
import { InferenceRecord } from './inference-record.js';

const POLICY = {
  ...{ minConfidence: 0.4, minEdge: 0, minAgreement: 1, cooldownCandles: 0 },
  ...{ stopLossAtr: 1, takeProfitAtr: 1 },
};
const NOW = 1_764_000_000_000;
const MINUTE = 60_000;
const REPORT: AdHocReport = {
  ...{ model: { name: 'gbt', version: '1.0.0' }, engine: 'tree', rows: 4, outcome: 'ANSWERED' },
  ...{ queueMs: 1, inferenceMs: 2, totalMs: 4 },
};

/** One batch whose runs went from close to published in so many ms. */
function batch(answers: readonly Answers[], totalMs = 100, abstained: readonly Abstention[] = []) {
  const made = batchOf(answers);
  for (const { moments, abstentions } of made.runs) {
    Object.assign(moments, { exchangeClosed: 0, featured: 10, inferring: 12, inferred: 32, published: totalMs });
    abstained.forEach((reason, i) => (abstentions as Map<string, Abstention>).set(`S${i}/USDT`, reason));
  }
  return made;
}

/** A record that is past the first interval of its timeframe. */
function begun(): InferenceRecord {
  const record = new InferenceRecord();
  record.ran(batch([]), POLICY, NOW);
  return record;
}

describe('the record of inference', () => {
  it('counts rows and reasons, and times the stages that were stamped', () => {
    const record = begun();
    record.ran(batch([{ model: 'gbt', rows: [undefined, undefined, LONG] }], 100, ['DEADLINE', 'GAP']), POLICY, NOW);
    expect(record.all.map((one) => one.subject)).toEqual([
      { model: { name: 'gbt', version: '1.0.0' }, engine: 'none', timeframe: '1m' },
    ]);
    const { counts, stages } = record.all[0]!.figures('5m', NOW);
    expect({ counts, stages }).toMatchObject({
      counts: { runs: 1, rows: 3, answered: 1, compared: 0 },
      stages: { queue: { count: 1, max: 2 }, inference: { count: 1, max: 20 }, total: { count: 1, max: 100 } },
    });
    expect([counts.unanswered('DEADLINE'), counts.unanswered('GAP'), counts.unanswered('NOT_FINITE')]).toEqual([
      1, 1, 0,
    ]);
    expect(Object.keys(stages)).toEqual(['queue', 'inference', 'total']);
  });

  it('counts the first interval of a timeframe, and does not time it: it waited for the history', () => {
    const record = new InferenceRecord();
    record.ran(batch([{ model: 'gbt', rows: [LONG] }], 5_000), POLICY, NOW);
    record.ran(batch([{ model: 'gbt', rows: [LONG] }], 100), POLICY, NOW);
    expect(record.all[0]!.figures('5m', NOW)).toMatchObject({
      counts: { runs: 2, answered: 2 },
      stages: { total: { count: 1, max: 100 } },
    });
  });

  it('a window forgets what is older, the time since the start does not', () => {
    const record = begun();
    record.ran(batch([{ model: 'gbt', rows: [LONG] }], 500), POLICY, NOW);
    record.ran(batch([{ model: 'gbt', rows: [LONG] }], 100), POLICY, NOW + 6 * MINUTE);
    const max = (window: '1m' | '5m' | '15m' | 'start') =>
      record.all[0]!.figures(window, NOW + 6 * MINUTE).stages.total!.max;
    expect([max('1m'), max('5m'), max('15m'), max('start')]).toEqual([100, 100, 500, 500]);
  });

  it('a lap tells what was measured since the last one', () => {
    const record = begun();
    record.ran(batch([{ model: 'gbt', rows: [LONG] }]), POLICY, NOW);
    expect(record.all[0]!.lap()).toMatchObject({ counts: { runs: 1, rows: 1 }, stages: { total: { count: 1 } } });
    expect(record.all[0]!.lap()).toMatchObject({ counts: { runs: 0, rows: 0 }, stages: {} });
  });

  it('compares a shadow with the active version of its name, and nobody else', () => {
    const record = begun();
    const answers: Answers[] = [
      { model: 'gbt', rows: [LONG, SHORT, FLAT] },
      { model: 'gbt', rows: [LONG, LONG, FLAT], role: 'shadow' },
      { model: 'net', rows: [LONG, LONG, FLAT], role: 'shadow' },
    ];
    const made = batch(answers);
    Object.assign(made.runs[1]!, { model: { name: 'gbt', version: '1.1.0' } });
    record.ran(made, POLICY, NOW);
    expect(
      record.all.map((one) => {
        const { compared, flipped } = one.counts('5m', NOW);
        return [`${one.subject.model.name}@${one.subject.model.version}`, compared, flipped];
      }),
    ).toEqual([
      ['gbt@1.0.0', 0, 0],
      ['gbt@1.1.0', 3, 1],
      ['net@1.0.0', 0, 0],
    ]);
  });

  it('keeps ad hoc requests apart from intervals, and names nobody whom only a client named', () => {
    const record = begun();
    record.adHoc(REPORT, NOW);
    const { model, engine } = REPORT;
    record.adHoc({ model, engine, rows: 2, outcome: 'QUEUE_FULL', totalMs: 0.1 }, NOW);
    record.adHoc({ ...REPORT, model: { name: 'who', version: '9' }, outcome: 'MODEL_UNKNOWN' }, NOW);
    expect(record.all.map(({ subject }) => subject)).toEqual([
      { model: REPORT.model, engine: 'tree', timeframe: null },
    ]);
    const { counts, stages } = record.all[0]!.figures('1m', NOW);
    expect(counts).toMatchObject({ runs: 2, rows: 6, answered: 4 });
    expect(counts.unanswered('QUEUE_FULL')).toBe(2);
    expect(stages).toMatchObject({ queue: { count: 1 }, inference: { count: 1 }, total: { count: 1, max: 4 } });
  });

  it('stays bounded however many versions come and go: the one silent longest is forgotten', () => {
    const record = begun();
    for (let i = 0; i < 400; i += 1) {
      record.adHoc({ ...REPORT, model: { name: 'gbt', version: `1.${i}.0` } }, NOW + i);
      record.adHoc({ ...REPORT, model: { name: 'kept', version: '1.0.0' } }, NOW + i);
    }
    expect(record.all).toHaveLength(256);
    const names = record.all.map(({ subject: { model } }) => `${model.name}@${model.version}`);
    expect(names).toContain('kept@1.0.0');
    expect(names).toContain('gbt@1.399.0');
    expect(names).not.toContain('gbt@1.0.0');
  });
});

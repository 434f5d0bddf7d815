import { describe, expect, it } from 'vitest';
import type { Abstention } from '../../domain/abstention.js';
import type { AdHocReport } from '../../domain/ad-hoc.js';
import { batchOf, LONG } from '../../../test/builders/prediction-batch.js';
import { adHocFigures, runFigures } from './request-figures.js';

const STAMPED = { featured: 10, inferring: 12, inferred: 32 };
const FAILED = { rows: 0, executions: 0, queueUs: 0, inferenceUs: 0, totalUs: 0 };

/** A run of three rows, of which so many answered. */
function run(answered: number, reasons: readonly Abstention[], moments: object) {
  const [made] = batchOf([{ model: 'gbt', rows: [0, 1, 2].map((i) => (i < answered ? LONG : undefined)) }]).runs;
  const abstentions = new Map(reasons.map((reason, i) => [`S${2 - i}/USDT` as const, reason]));
  return { ...made!, abstentions, moments };
}

describe("a run of an interval, in Triton's terms", () => {
  it.each<[string, number, readonly Abstention[], object, object | undefined]>([
    [
      'all rows answered: a success, one execution',
      ...([3, [], STAMPED] as const),
      { outcome: 'success', rows: 3, executions: 1, queueUs: 2_000, inferenceUs: 20_000, totalUs: 22_000 },
    ],
    ['some rows warm up: a success of the others', 2, ['WARMING_UP'], STAMPED, { outcome: 'success', rows: 2 }],
    ['past its deadline: rejected', 0, ['DEADLINE', 'DEADLINE', 'DEADLINE'], {}, { ...FAILED, outcome: 'REJECTED' }],
    ['the engine threw', 0, ['ENGINE_FAILED', 'DEADLINE'], {}, { ...FAILED, outcome: 'BACKEND' }],
    [
      'one worker of two was late: failed, its other rows were inferred all the same',
      ...([1, ['DEADLINE', 'DEADLINE'], STAMPED] as const),
      { ...FAILED, outcome: 'REJECTED', rows: 1, executions: 1 },
    ],
    ['nothing was ready to be asked: no request', 0, ['WARMING_UP', 'GAP', 'CANDLE_LATE'], { featured: 10 }, undefined],
    [
      'a worker whose clock is behind takes no time back',
      ...([3, [], { featured: 10, inferring: 9.9, inferred: 12 }] as const),
      { queueUs: 0 },
    ],
  ])('%s', (_, answered, reasons, moments, figures) => {
    const found = runFigures(run(answered, reasons, moments));
    if (figures) expect(found).toMatchObject(figures);
    else expect(found).toBeUndefined();
  });
});

describe("an ad hoc request, in Triton's terms", () => {
  const report = (over: Partial<AdHocReport>): AdHocReport => ({
    ...{ model: { name: 'gbt', version: '1.0.0' }, engine: 'tree', rows: 2, outcome: 'ANSWERED', totalMs: 5 },
    ...over,
  });
  it.each<[AdHocReport['outcome'], string | undefined]>([
    ['ANSWERED', 'success'],
    ['MODEL_UNKNOWN', undefined],
    ['MODEL_NOT_READY', undefined],
    ['QUEUE_FULL', 'REJECTED'],
    ['DEADLINE_UNREACHABLE', 'REJECTED'],
    ['DEADLINE', 'REJECTED'],
    ['ABANDONED', 'CANCELED'],
    ['ENGINE_FAILED', 'BACKEND'],
  ])('%s counts as %s', (outcome, expected) => {
    expect(adHocFigures(report({ outcome }))?.outcome).toBe(expected);
  });

  it('requests of one batch count as one execution together', () => {
    const shares = [2, 5, 1].map((rows) => adHocFigures(report({ rows, batchRows: 8 }))!);
    expect(shares.reduce((sum, { executions }) => sum + executions, 0)).toBe(1);
    expect(shares.reduce((sum, { rows }) => sum + rows, 0)).toBe(8);
  });

  it('times what it was told', () => {
    expect(adHocFigures(report({ queueMs: 1, inferenceMs: 3 }))).toEqual({
      ...{ outcome: 'success', rows: 2, executions: 1, queueUs: 1_000, inferenceUs: 3_000, totalUs: 5_000 },
    });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALERT_CODES, watchedKey, type Alert } from '../../domain/alert.js';
import { schema } from '../../platform/config/schema.js';
import { AlertBoard, SILENT_EVALUATIONS } from './alert-board.js';
import type { Reading } from './readings.js';
import { rulesOf } from './rules.js';

const RULES = rulesOf(schema.parse({ ALERT_INFERENCE_MS: '500' }));
const NOW = 1_764_000_000_000;
const GBT = { name: 'gbt', version: '1.0.0' };

const slow = (value: number, over: Partial<Reading> = {}): Reading => ({
  ...{ code: 'INFERENCE_LATENCY', model: GBT, timeframe: '1m', value },
  ...over,
});

/** Weighs one list of readings a second. @returns what changed, in order */
function course(board: AlertBoard, seconds: readonly (readonly Reading[])[]): Alert[] {
  return seconds.flatMap((readings, second) => board.weigh(readings, NOW + second * 1_000));
}
const times = <T>(count: number, of: T): T[] => Array<T>(count).fill(of);

describe('the alert board', () => {
  it('raises once and clears once, under one id', () => {
    const board = new AlertBoard(RULES);
    const changes = course(board, [...times(60, [slow(600)]), ...times(60, [slow(390)])]);
    expect(changes.map(({ state, value, at }) => [state, value, at - NOW])).toEqual([
      ['raised', 600, 2_000],
      ['cleared', 390, 69_000],
    ]);
    expect(changes.map(({ id }) => id)).toEqual(times(2, `INFERENCE_LATENCY/gbt@1.0.0/1m/${NOW + 2_000}`));
    expect(board.open).toEqual([]);
  });

  it('says what, where, how much and what to do', () => {
    const [raised, cleared] = course(new AlertBoard(RULES), [...times(3, [slow(612.4)]), ...times(10, [slow(310)])]);
    expect(raised!.message).toBe(
      'gbt@1.0.0 1m: the inference stage, p99 over 5 minutes, is 612 ms, above 500 ms; ' +
        'roll the version back (npm run cli -- models rollback), or give it more INFERENCE_WORKERS',
    );
    expect(cleared!.message).toBe(
      'gbt@1.0.0 1m: the inference stage, p99 over 5 minutes, is 310 ms again, not above 400 ms',
    );
  });

  it.each<[string, Reading, string]>([
    [
      'a share',
      slow(0.123_45, { code: 'MISSED_DEADLINES' }),
      'gbt@1.0.0 1m: the share of rows that INFERENCE_TIMEOUT cut off, over 5 minutes, is 12.3 %, above 5 %;',
    ],
    [
      'a column',
      slow(0.31, { code: 'DRIFT', detail: 'rsi_14 (KS 0.21)' }),
      'gbt@1.0.0 1m rsi_14 (KS 0.21): the distance from the training rows is PSI 0.31, above PSI 0.25;',
    ],
    [
      'no model at all',
      slow(40, { code: 'QUEUE_DEPTH', model: null, timeframe: null }),
      'the service: the queue for a worker is 40 jobs, above 32 jobs;',
    ],
  ])('words fit what is measured: %s', (_, reading, beginning) => {
    const [raised] = course(new AlertBoard(RULES), times(5, [reading]));
    expect(raised!.message.slice(0, beginning.length)).toBe(beginning);
  });

  it('keeps models and timeframes apart, and of one thing counts the highest reading', () => {
    const board = new AlertBoard(RULES);
    const readings = [slow(100), slow(600), slow(200), slow(900, { timeframe: '5m' }), slow(1, { timeframe: null })];
    course(board, times(3, readings));
    expect(board.open.map((alert) => [watchedKey(alert), alert.value])).toEqual([
      ['INFERENCE_LATENCY/gbt@1.0.0/1m', 600],
      ['INFERENCE_LATENCY/gbt@1.0.0/5m', 900],
    ]);
  });

  it('a model that is gone is cleared after minutes of silence, not at once', () => {
    const board = new AlertBoard(RULES);
    course(board, times(3, [slow(600)]));
    expect(course(board, times(SILENT_EVALUATIONS - 1, []))).toEqual([]);
    const [cleared, ...more] = course(board, times(2, []));
    expect([cleared!.state, cleared!.value, more]).toEqual(['cleared', 600, []]);
    expect(cleared!.message).toContain('is no longer measured; it was 600 ms');
  });

  it('silence between two readings clears nothing, and raises nothing', () => {
    const board = new AlertBoard(RULES);
    const open = course(board, [...times(3, [slow(600)]), ...times(100, []), ...times(50, [slow(600)])]);
    expect(open).toHaveLength(1);
    expect(course(new AlertBoard(RULES), [...times(2, [slow(600)]), [], ...times(2, [slow(600)])])).toEqual([]);
  });

  it('never raises what is raised nor clears what is not, whatever is read', () => {
    const reading = fc.record({
      code: fc.constantFrom(...ALERT_CODES),
      model: fc.constantFrom(GBT, null),
      timeframe: fc.constantFrom('1m' as const, null),
      value: fc.double({ min: 0, max: 6_000, noNaN: true }),
    });
    // What is read once is read for a while: alerts then really come and go.
    const lasting = fc.tuple(fc.array(reading, { maxLength: 3 }), fc.integer({ min: 1, max: 15 }));
    fc.assert(
      fc.property(fc.array(lasting, { maxLength: 40 }), (spells) => {
        const board = new AlertBoard(RULES);
        const open = new Map<string, string>();
        for (const { id, state, ...watched } of course(
          board,
          spells.flatMap(([each, many]) => times(many, each)),
        )) {
          const key = watchedKey(watched);
          expect(open.get(key)).toBe(state === 'raised' ? undefined : id);
          if (state === 'raised') open.set(key, id);
          else open.delete(key);
        }
        expect(board.open.map(({ id }) => id).sort()).toEqual([...open.values()].sort());
      }),
    );
  });
});

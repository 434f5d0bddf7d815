import { describe, expect, it } from 'vitest';
import { RunCounts, type Reason } from '../inference/run-counts.js';
import { ModelRecord } from '../inference/model-record.js';
import type { Stage } from '../../domain/stage.js';
import { LEAST_COMPARED, readingsOf, type Reading } from './readings.js';

const NOW = 1_764_000_000_000;
const GBT = { name: 'gbt', version: '1.0.0' };

interface Measured {
  readonly rows?: number;
  readonly answered?: number;
  readonly unanswered?: Partial<Record<Reason, number>>;
  readonly compared?: number;
  readonly flipped?: number;
  readonly stages?: Partial<Record<Stage, number>>;
}

function record({ unanswered = {}, stages = {}, ...numbers }: Measured, timeframe: '1m' | null = '1m'): ModelRecord {
  const made = new ModelRecord({ model: GBT, engine: 'tree', timeframe });
  const counts = Object.assign(new RunCounts(), { runs: 1, ...numbers });
  for (const [reason, rows] of Object.entries(unanswered)) counts.abstain(reason as Reason, rows);
  made.count(counts, NOW);
  for (const [stage, ms] of Object.entries(stages)) made.time(stage as Stage, ms, NOW);
  return made;
}

/** Latencies are read within 1 %: of these small ones, whole milliseconds are told. */
const told = (reading: Reading): Reading =>
  reading.code.endsWith('LATENCY') ? { ...reading, value: Math.round(reading.value) } : reading;

/** @returns code → value */
const values = (measured: Measured, later = 0): Record<string, number> =>
  Object.fromEntries(readingsOf(record(measured), NOW + later).map((one) => [one.code, told(one).value]));

describe('what is read of a record', () => {
  it.each<[string, Measured, Record<string, number>]>([
    ['nothing was asked: nothing is read', {}, {}],
    ['all answered', { rows: 50, answered: 50 }, { MISSED_DEADLINES: 0, ABSTENTION_RATE: 0, BAD_ANSWERS: 0 }],
    [
      'a fresh start: rows that warm up are left out on both sides',
      { rows: 50, answered: 10, unanswered: { WARMING_UP: 40 } },
      { MISSED_DEADLINES: 0, ABSTENTION_RATE: 0, BAD_ANSWERS: 0 },
    ],
    ['all warm up: nothing is read', { rows: 50, unanswered: { WARMING_UP: 30, CANDLE_MISSING: 20 } }, {}],
    [
      'candles that the exchange never sent are left out too',
      { rows: 50, answered: 30, unanswered: { CANDLE_MISSING: 10, GAP: 10 } },
      { MISSED_DEADLINES: 0, ABSTENTION_RATE: 0.25, BAD_ANSWERS: 0 },
    ],
    [
      'so are the regimes that an ensemble leaves to nobody',
      { rows: 50, answered: 10, unanswered: { NO_MEMBER: 40 } },
      { MISSED_DEADLINES: 0, ABSTENTION_RATE: 0, BAD_ANSWERS: 0 },
    ],
    [
      'deadlines and numbers that are none count as abstentions as well',
      { rows: 40, answered: 20, unanswered: { DEADLINE: 10, BAD_ANSWER: 8, NOT_FINITE: 2 } },
      { MISSED_DEADLINES: 0.25, ABSTENTION_RATE: 0.5, BAD_ANSWERS: 8 },
    ],
    [
      'too few rows compared say nothing of flips',
      { rows: 1, answered: 1, compared: LEAST_COMPARED - 1, flipped: LEAST_COMPARED - 1 },
      { MISSED_DEADLINES: 0, ABSTENTION_RATE: 0, BAD_ANSWERS: 0 },
    ],
    [
      'enough do',
      { rows: 1, answered: 1, compared: LEAST_COMPARED, flipped: LEAST_COMPARED / 4 },
      { MISSED_DEADLINES: 0, ABSTENTION_RATE: 0, BAD_ANSWERS: 0, FLIP_RATE: 0.25 },
    ],
    [
      'each stage that has a limit',
      { stages: { feed: 1, wait: 2, features: 3, queue: 4, inference: 5, decide: 6, save: 7, publish: 8, total: 36 } },
      {
        ...{ LATENCY: 36, CRITICAL_LATENCY: 36, FEED_LATENCY: 1, FEATURES_LATENCY: 3 },
        ...{ INFERENCE_LATENCY: 5, DECIDE_LATENCY: 6, SAVE_LATENCY: 7 },
      },
    ],
  ])('%s', (_, measured, expected) => {
    expect(values(measured)).toEqual(expected);
  });

  it('what is older than five minutes is not read', () => {
    expect(values({ rows: 50, answered: 50, stages: { total: 10 } }, 300_000)).toEqual({});
  });

  it('stages that the models share are read of the timeframe, the others of the model', () => {
    const readings = readingsOf(record({ stages: { total: 1, inference: 1 } }), NOW).map(told);
    expect(readings).toContainEqual({ code: 'LATENCY', model: null, timeframe: '1m', value: 1 });
    expect(readings).toContainEqual({ code: 'INFERENCE_LATENCY', model: GBT, timeframe: '1m', value: 1 });
  });

  it('of ad hoc requests only what the engine takes is read', () => {
    const adHoc = record(
      { rows: 9, unanswered: { QUEUE_FULL: 9 }, stages: { queue: 1, inference: 2, total: 3 } },
      null,
    );
    expect(readingsOf(adHoc, NOW).map(told)).toEqual([
      { code: 'INFERENCE_LATENCY', model: GBT, timeframe: null, value: 2 },
    ]);
  });
});

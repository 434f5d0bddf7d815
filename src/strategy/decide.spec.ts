import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchOf, FLAT, LONG, MIDNIGHT, SHORT, type Answers } from '../../test/builders/prediction-batch.js';
import type { PredictionBatch } from '../domain/prediction.js';
import type { Signal } from '../domain/signal.js';
import { durationOf, type Timeframe } from '../domain/timeframe.js';
import { lastOf } from './cooldown.js';
import { decide, NOTHING, type Memory } from './decide.js';
import type { Policy, Rejection } from './policy.js';

const POLICY: Policy = {
  minConfidence: 0.45,
  minEdge: 0.1,
  minAgreement: 1,
  cooldownCandles: 3,
  stopLossAtr: 1.5,
  takeProfitAtr: 2,
};
const MINUTE = 60_000;

type Row = Answers['rows'][number];
const one = (row: Row): Answers[] => [{ model: 'trees', rows: [row] }];

/** Decides the batches in order. @returns the outcome of the last one, for its only row */
function outcome(batches: readonly PredictionBatch[], policy: Partial<Policy> = {}): 'long' | 'short' | Rejection {
  let memory: Memory = NOTHING;
  let said: 'long' | 'short' | Rejection | undefined;
  for (const batch of batches) {
    const decided = decide(batch, { ...POLICY, ...policy }, memory);
    memory = decided.memory;
    said = decided.signals[0]?.direction ?? [...decided.rejections.keys()][0];
  }
  return said!;
}

function replay(batches: readonly PredictionBatch[], policy = POLICY, memory = NOTHING) {
  const signals: Signal[] = [];
  for (const batch of batches) {
    const decided = decide(batch, policy, memory);
    memory = decided.memory;
    signals.push(...decided.signals);
  }
  return { signals, memory };
}

describe('the vote', () => {
  const three = (...rows: Row[]): Answers[] => [
    { model: 'trees', weight: 2, rows: [rows[0]] },
    { model: 'network', weight: 1, rows: [rows[1]] },
    { model: 'baseline', weight: 1, rows: [rows[2]] },
  ];
  it.each<[string, Answers[], 'long' | 'short' | Rejection]>([
    ['all say long', three(LONG, LONG, LONG), 'long'],
    ['all say short', three(SHORT, SHORT, SHORT), 'short'],
    ['all say flat', three(FLAT, FLAT, FLAT), 'LOW_CONFIDENCE'],
    ['the heavy one long, a light one short', three(LONG, LONG, SHORT), 'long'],
    ['the heavy one against both light ones', three(LONG, SHORT, SHORT), 'LOW_CONFIDENCE'],
    ['half of the weight answered', three(LONG, undefined, undefined), 'long'],
    ['the two light ones are half of the weight', three(undefined, SHORT, SHORT), 'short'],
    ['less than half of the weight answered', three(undefined, LONG, undefined), 'TOO_FEW_MODELS'],
    ['nobody answered', three(undefined, undefined, undefined), 'TOO_FEW_MODELS'],
    ['an answer that is not a number is none', three([NaN, NaN, NaN], LONG, undefined), 'TOO_FEW_MODELS'],
    ['an infinite answer is none', three([0, 0, Infinity], SHORT, SHORT), 'short'],
    ['long and short are nearly as probable', one([0.45, 0.05, 0.5]), 'LOW_EDGE'],
    ['long and short are as probable', one([0.5, 0, 0.5]), 'LOW_EDGE'],
  ])('%s: %s', (_name, answers, expected) => {
    expect(outcome([batchOf(answers)])).toBe(expected);
  });

  it('a tie is no direction, even where nothing is asked of it', () => {
    expect(outcome([batchOf(one([0.5, 0, 0.5]))], { minConfidence: 0, minEdge: 0 })).toBe('LOW_EDGE');
  });

  it('no model at all gives no signal', () => {
    const decided = decide(batchOf([], { symbols: ['BTC/USDT'], close: [100], atr: [2] }), POLICY, NOTHING);
    expect([...decided.rejections]).toEqual([['TOO_FEW_MODELS', 1]]);
  });

  it('confidence is the weighted mean of those that answered, at most 1', () => {
    const answers: Answers[] = [
      { model: 'a', weight: 3, rows: [[0, 0.5, 0.5]] },
      { model: 'b', weight: 1, rows: [[0, 0, 1.0000001]] },
      { model: 'c', weight: 1, rows: [undefined] },
    ];
    expect(decide(batchOf(answers), POLICY, NOTHING).signals[0]!.confidence).toBeCloseTo(0.625, 6);
    expect(decide(batchOf(one([0, 0, 1.0000002])), POLICY, NOTHING).signals[0]!.confidence).toBe(1);
  });
});

describe('agreement across timeframes', () => {
  const HOUR = 60 * MINUTE;
  const at = (timeframe: Timeframe, openTime: number, row: Row) => batchOf(one(row), { timeframe, openTime });
  const hour = (row: Row) => at('1h', MIDNIGHT, row); // closes at 01:00, holds until 02:00
  const quarter = (row: Row) => at('15m', MIDNIGHT + 45 * MINUTE, row); // closes at 01:00
  const minute = (openTime: number, row: Row) => at('1m', openTime, row);

  it.each<[string, PredictionBatch[], number, 'long' | 'short' | Rejection]>([
    ['alone, one asked', [minute(MIDNIGHT, LONG)], 1, 'long'],
    ['alone, two asked', [minute(MIDNIGHT, LONG)], 2, 'NO_AGREEMENT'],
    ['with the hour, two asked', [hour(LONG), minute(MIDNIGHT + HOUR, LONG)], 2, 'long'],
    ['the hour says flat, two asked', [hour(FLAT), minute(MIDNIGHT + HOUR, LONG)], 2, 'NO_AGREEMENT'],
    ['one against one', [hour(SHORT), minute(MIDNIGHT + HOUR, LONG)], 1, 'OPPOSED'],
    ['one against two', [hour(SHORT), quarter(SHORT), minute(MIDNIGHT + HOUR, LONG)], 1, 'OPPOSED'],
    ['two against one', [hour(SHORT), quarter(LONG), minute(MIDNIGHT + HOUR, LONG)], 1, 'long'],
    ['a vote holds to its last instant', [hour(SHORT), minute(MIDNIGHT + 2 * HOUR - MINUTE, LONG)], 1, 'OPPOSED'],
    ['a vote one candle after its close is past', [hour(SHORT), minute(MIDNIGHT + 2 * HOUR, LONG)], 1, 'long'],
    ['a vote from the future does not count', [hour(SHORT), minute(MIDNIGHT, LONG)], 1, 'long'],
    [
      'a newer vote replaces',
      [hour(SHORT), at('1h', MIDNIGHT + HOUR, LONG), minute(MIDNIGHT + 2 * HOUR, LONG)],
      2,
      'long',
    ],
  ])('%s', (_name, batches, minAgreement, expected) => {
    expect(outcome(batches, { minAgreement })).toBe(expected);
  });

  it('the signal names who agreed and who opposed', () => {
    const { signals } = replay([hour(SHORT), quarter(LONG), minute(MIDNIGHT + HOUR, LONG)]);
    expect(signals.at(-1)!.because).toMatchObject({ agreeing: ['1m', '15m'], opposing: ['1h'] });
  });

  it('finds a symbol that stands in another row on another timeframe', () => {
    const first = batchOf([{ model: 'a', rows: [SHORT, LONG] }], { timeframe: '1h', symbols: ['A/USDT', 'B/USDT'] });
    const second = batchOf([{ model: 'a', rows: [LONG, LONG] }], {
      openTime: MIDNIGHT + HOUR,
      symbols: ['B/USDT', 'A/USDT'],
    });
    const { signals } = replay([first, second]);
    expect(signals.slice(2).map(({ symbol }) => symbol)).toEqual(['B/USDT']);
  });
});

describe('cooldown', () => {
  const minutes = (...rows: Row[]) => rows.map((row, i) => batchOf(one(row), { openTime: MIDNIGHT + i * MINUTE }));
  const directions = (batches: readonly PredictionBatch[], policy = POLICY) =>
    replay(batches, policy).signals.map(({ direction, openTime }) => [direction, (openTime - MIDNIGHT) / MINUTE]);

  it('three candles after a signal give no second one in its direction', () => {
    expect(directions(minutes(LONG, LONG, LONG, LONG, LONG, LONG))).toEqual([
      ['long', 0],
      ['long', 4],
    ]);
  });
  it('a turn is not a repetition', () => {
    expect(directions(minutes(LONG, SHORT, LONG))).toEqual([
      ['long', 0],
      ['short', 1],
    ]);
  });
  it('counts candles of its own timeframe, and other symbols and timeframes do not cool', () => {
    const five = batchOf(one(LONG), { timeframe: '5m', openTime: MIDNIGHT });
    const later = batchOf(one(LONG), { timeframe: '5m', openTime: MIDNIGHT + 15 * MINUTE });
    const past = batchOf(one(LONG), { timeframe: '5m', openTime: MIDNIGHT + 20 * MINUTE });
    const other = batchOf(one(LONG), { openTime: MIDNIGHT + 5 * MINUTE, symbols: ['OTHER/USDT'] });
    expect(directions([five, ...minutes(LONG), other, later, past])).toHaveLength(4);
  });
  it('counts a candle that a gap swallowed', () => {
    const after = batchOf(one(LONG), { openTime: MIDNIGHT + 4 * MINUTE });
    expect(directions([...minutes(LONG), after])).toHaveLength(2);
  });
  it('none asked: every candle may signal', () => {
    expect(directions(minutes(LONG, LONG), { ...POLICY, cooldownCandles: 0 })).toHaveLength(2);
  });
  it('a refused row does not start it', () => {
    const noAtr = batchOf(one(LONG), { atr: [NaN] });
    expect(directions([noAtr, batchOf(one(LONG), { openTime: MIDNIGHT + MINUTE })])).toEqual([['long', 1]]);
  });
  it('signals on record cool as decided ones do', () => {
    const last = lastOf(['S0/USDT'], [{ symbol: 'S0/USDT', direction: 'long', openTime: MIDNIGHT }]);
    const memory: Memory = { ...NOTHING, last: new Map([['1m', last]]) };
    expect(replay(minutes(LONG, LONG, LONG, LONG), POLICY, memory).signals.map(({ openTime }) => openTime)).toEqual([
      MIDNIGHT,
    ]);
    expect(replay(minutes(LONG, LONG, LONG, LONG).slice(1), POLICY, memory).signals).toEqual([]);
  });
});

describe('levels', () => {
  const levels = (row: Row, close: number, atr: number) => {
    const { signals, rejections } = decide(batchOf(one(row), { close: [close], atr: [atr] }), POLICY, NOTHING);
    const [signal] = signals;
    return signal ? [signal.entry, signal.stopLoss, ...signal.takeProfits] : [...rejections.keys()][0];
  };
  it.each<[string, Row, number, number, unknown]>([
    ['long: stop below, targets above, nearest first', LONG, 100, 2, [100, 97, 104, 106, 108]],
    ['short: stop above, targets below', SHORT, 100, 2, [100, 103, 96, 94, 92]],
    ['no ATR yet', LONG, 100, NaN, 'NO_ATR'],
    ['infinite ATR', LONG, 100, Infinity, 'NO_ATR'],
    ['a market that did not move', LONG, 100, 0, 'NO_ATR'],
    ['a long stop below zero', LONG, 100, 70, 'LEVELS_NOT_POSITIVE'],
    ['a short target below zero', SHORT, 100, 25, 'LEVELS_NOT_POSITIVE'],
    ['no close', LONG, NaN, 2, 'LEVELS_NOT_POSITIVE'],
  ])('%s', (_name, row, close, atr, expected) => {
    expect(levels(row, close, atr)).toEqual(expected);
  });
});

describe('a signal', () => {
  it('carries what it needs to be argued with', () => {
    const answers: Answers[] = [
      { model: 'trees', weight: 2, rows: [FLAT, LONG] },
      { model: 'network', weight: 1, rows: [FLAT, undefined] },
    ];
    const [signal] = decide(batchOf(answers, { timeframe: '5m' }), POLICY, NOTHING).signals;
    expect(signal).toMatchObject({
      symbol: 'S1/USDT',
      timeframe: '5m',
      openTime: MIDNIGHT,
      decidedAt: MIDNIGHT + 5 * MINUTE,
      direction: 'long',
      strategy: 'ensemble-v1',
      because: { models: [{ model: 'trees@1.0.0', runId: `trees@1.0.0/5m/${MIDNIGHT}`, weight: 2 }] },
    });
    expect(signal!.because.models[0]!.topFeatures).toEqual([{ name: 'rsi_14', value: 1, zScore: 1.5 }]);
    expect(signal!.id).toMatch(/^[0-9a-f]{32}$/);
  });

  it('keeps row order, and every row is a signal or a reason', () => {
    const decided = decide(batchOf([{ model: 'a', rows: [LONG, FLAT, SHORT, undefined, LONG] }]), POLICY, NOTHING);
    expect(decided.signals.map(({ symbol }) => symbol)).toEqual(['S0/USDT', 'S2/USDT', 'S4/USDT']);
    expect([...decided.rejections]).toEqual([
      ['LOW_CONFIDENCE', 1],
      ['TOO_FEW_MODELS', 1],
    ]);
  });
});

describe('whatever the predictions', () => {
  const probabilities = fc
    .tuple(
      fc.float({ min: 0, max: 1, noNaN: true }),
      fc.float({ min: 0, max: 1, noNaN: true }),
      fc.float({ min: 0, max: 1 }),
    )
    .map((row) => row as [number, number, number]);
  const rows = fc.array(fc.option(probabilities, { nil: undefined }), { minLength: 4, maxLength: 4 });
  const answers = fc
    .tuple(rows, rows, rows)
    .map((models): Answers[] => models.map((model, i) => ({ model: `m${i}`, weight: i + 0.3, rows: model })));
  const batches = fc
    .array(fc.tuple(answers, fc.constantFrom<Timeframe>('1m', '5m'), fc.double({ min: 0.1, max: 60 })), {
      maxLength: 12,
    })
    .map((items) =>
      items.map(([answered, timeframe, atr], i) =>
        batchOf(answered, {
          timeframe,
          openTime: MIDNIGHT + i * durationOf(timeframe),
          atr: Array<number>(4).fill(atr),
        }),
      ),
    );

  it('a replay gives identical signals', () => {
    fc.assert(
      fc.property(batches, (day) => {
        const first = replay(day);
        expect(JSON.stringify(replay(day).signals)).toBe(JSON.stringify(first.signals));
      }),
    );
  });

  it('a shadow changes nothing', () => {
    fc.assert(
      fc.property(batches, (day) => {
        const watched = day.map((batch) => ({
          ...batch,
          runs: [
            ...batch.runs,
            ...batch.runs.map((run) => ({
              ...run,
              id: `shadow-${run.id}`,
              voting: new Uint8Array(run.voting.length),
            })),
          ],
        }));
        expect(JSON.stringify(replay(watched).signals)).toBe(JSON.stringify(replay(day).signals));
      }),
    );
  });

  it('a canary decides its symbols, and the active version all others', () => {
    const share = fc.array(fc.constantFrom(0, 1), { minLength: 4, maxLength: 4 });
    const pairs = fc.array(fc.tuple(rows, rows), { maxLength: 12 });
    fc.assert(
      fc.property(pairs, share, (day, taken) => {
        const left = taken.map((one) => 1 - one);
        const of = (run: (pair: (typeof day)[number]) => Answers[]) =>
          replay(day.map((pair, i) => batchOf(run(pair), { openTime: MIDNIGHT + i * durationOf('1m') }))).signals;
        const both = of(([active, canary]) => [
          { model: 'active', rows: active, voting: left },
          { model: 'canary', role: 'canary', rows: canary, voting: taken },
        ]);
        const alone = [
          ...of(([active]) => [{ model: 'active', rows: active, voting: left }]),
          ...of(([, canary]) => [{ model: 'canary', role: 'canary', rows: canary, voting: taken }]),
        ];
        const sorted = (signals: typeof both) => JSON.stringify(signals.map((one) => JSON.stringify(one)).sort());
        expect(sorted(both)).toBe(sorted(alone));
      }),
    );
  });

  it('the order of the models changes nothing', () => {
    fc.assert(
      fc.property(batches, (day) => {
        const turned = day.map((batch) => ({ ...batch, runs: [...batch.runs].reverse() }));
        expect(JSON.stringify(replay(turned).signals)).toBe(JSON.stringify(replay(day).signals));
      }),
    );
  });

  it('every row is accounted for, every level lies on its side, and what is remembered is not written to', () => {
    fc.assert(
      fc.property(batches, (day) => {
        let memory = NOTHING;
        for (const batch of day) {
          const before = structuredClone(memory);
          const { signals, rejections, memory: next } = decide(batch, POLICY, memory);
          expect(memory).toEqual(before);
          expect(signals.length + [...rejections.values()].reduce((sum, count) => sum + count, 0)).toBe(
            batch.symbols.length,
          );
          for (const { direction, entry, stopLoss, takeProfits, confidence } of signals) {
            const sign = direction === 'long' ? 1 : -1;
            const inOrder = [stopLoss, entry, ...takeProfits].map((level) => sign * level);
            expect(inOrder).toEqual([...inOrder].sort((a, b) => a - b));
            expect(confidence).toBeGreaterThanOrEqual(POLICY.minConfidence);
            expect(confidence).toBeLessThanOrEqual(1);
          }
          memory = next;
        }
      }),
    );
  });
});

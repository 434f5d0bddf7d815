import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pair } from '../domain/pair.js';
import { closingAt, Completion, type ClosedMinute } from './completion.js';

const M = 60_000;
const GRACE = 750;
const BTC: Pair = 'BTC/USDT';
const ETH: Pair = 'ETH/USDT';

type Event =
  | ['candle', Pair, number] // symbol, minute
  | ['stamp', number, number] // event time, minute of the frame's candle
  | ['expire', number]; // boundary

/** @returns the minutes closed after each event, as `minute:how` */
function told(events: readonly Event[]): string[][] {
  const completion = new Completion(2, GRACE);
  completion.begin(0);
  return events.map((event) => {
    if (event[0] === 'candle') completion.arrived(event[1], event[2] * M, 5);
    else if (event[0] === 'stamp') completion.stamp(event[1], event[2] * M);
    else completion.expire(event[1]);
    return all(completion).map(({ openTime, by }) => `${openTime / M}:${by}`);
  });
}

function all(completion: Completion): ClosedMinute[] {
  const closed: ClosedMinute[] = [];
  for (let minute = completion.take(); minute; minute = completion.take()) closed.push(minute);
  return closed;
}

describe('a minute closes', () => {
  it.each<[string, Event[], string[][]]>([
    [
      'with the last expected candle',
      [
        ['candle', BTC, 0],
        ['candle', ETH, 0],
      ],
      [[], ['0:complete']],
    ],
    [
      'not with one candle told twice',
      [
        ['candle', BTC, 0],
        ['candle', BTC, 0],
      ],
      [[], []],
    ],
    [
      'with a stamp of the next minute at the end of the grace',
      [
        ['candle', BTC, 0],
        ['stamp', M + GRACE, 1],
      ],
      [[], ['0:grace']],
    ],
    ['not with a stamp within the grace', [['stamp', M + GRACE - 1, 1]], [[]]],
    [
      'not with the late stamp of one of its own closing frames',
      [
        ['candle', BTC, 0],
        ['stamp', M + 5000, 0],
      ],
      [[], []],
    ],
    [
      'by the job, where the exchange is silent',
      [
        ['candle', BTC, 0],
        ['expire', M],
      ],
      [[], ['0:clock']],
    ],
    ['not by the job for an earlier boundary', [['expire', M - 1]], [[]]],
    [
      'each in its order when the exchange was silent for several',
      [['expire', 3 * M]],
      [['0:clock', '1:clock', '2:clock']],
    ],
    [
      'only after the one before it',
      [
        ['candle', BTC, 1],
        ['candle', ETH, 1],
        ['expire', M],
      ],
      [[], [], ['0:clock', '1:complete']],
    ],
    [
      'once',
      [
        ['candle', BTC, 0],
        ['candle', ETH, 0],
        ['expire', M],
        ['stamp', M + GRACE, 1],
      ],
      [[], ['0:complete'], [], []],
    ],
  ])('%s', (_, events, expected) => {
    expect(told(events)).toEqual(expected);
  });

  it('a candle that comes afterwards is late', () => {
    const completion = new Completion(2, GRACE);
    completion.begin(0);
    expect(completion.arrived(BTC, 0, 1)).toBe('awaited');
    completion.expire(M);
    all(completion);
    expect(completion.arrived(ETH, 0, 2)).toBe('late');
    expect(completion.arrived(ETH, M, 3)).toBe('awaited');
  });

  it('says when the last of its candles was here', () => {
    const completion = new Completion(2, GRACE);
    completion.begin(0);
    completion.arrived(BTC, 0, 7);
    completion.arrived(ETH, 0, 6);
    expect(completion.take()).toEqual({ openTime: 0, by: 'complete', receivedAt: 7 });
    completion.expire(2 * M);
    expect(completion.take()).toEqual({ openTime: M, by: 'clock', receivedAt: undefined });
  });

  it('waits for candles at hand that open with it', () => {
    const completion = new Completion(2, GRACE);
    completion.begin(0);
    completion.stamp(2 * M, M);
    expect(completion.take(0)).toBeUndefined();
    expect(completion.take(M)?.openTime).toBe(0);
  });

  it('closes nothing before it was begun', () => {
    const completion = new Completion(1, GRACE);
    completion.arrived(BTC, 0, 1);
    completion.expire(9 * M);
    expect(completion.due()).toBe(false);
  });
});

it('whatever happens, minutes close one by one, each once, none skipped', () => {
  const event = fc.oneof(
    fc.tuple(fc.constant('candle' as const), fc.constantFrom(BTC, ETH), fc.nat(20)),
    fc.tuple(fc.constant('stamp' as const), fc.nat(20 * M), fc.nat(20)),
    fc.tuple(fc.constant('expire' as const), fc.nat(20 * M)),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const closed = told(events)
        .flat()
        .map((text) => Number(text.split(':')[0]));
      expect(closed).toEqual(closed.map((_, i) => i));
    }),
  );
});

it.each([
  ['a minute', 1 * M, ['1m']],
  ['five minutes', 5 * M, ['5m', '1m']],
  ['an hour: the longest first', 60 * M, ['1h', '15m', '5m', '1m']],
])('what closes with %s', (_, boundary, timeframes) => {
  expect(closingAt(boundary, ['1m', '5m', '15m', '1h'])).toEqual(timeframes);
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AdHocLine, type Batch, type Waiting } from './line.js';

interface Request extends Waiting {
  readonly id: number;
}
let ids = 0;
const request = (key: string, rows: number, deadline = 100): Request => ({ id: (ids += 1), key, rows, deadline });
const any = () => true;
const shown = ({ key, shares }: Batch<Request>) => [
  key,
  ...shares.map(({ request, from, rows }) => [request.id, from, rows]),
];

function line(...requests: Request[]): AdHocLine<Request> {
  const made = new AdHocLine<Request>();
  requests.forEach((one) => made.push(one));
  return made;
}

describe('the next ad hoc batch', () => {
  it('is of the model that was asked first, of all that waits for it, in order', () => {
    const [a, b, c, d] = [request('x', 2), request('y', 3), request('x', 1), request('y', 1)];
    const waiting = line(a!, b!, c!, d!);
    expect(shown(waiting.next(any, () => 100, 0).batch!)).toEqual(['x', [a!.id, 0, 2], [c!.id, 0, 1]]);
    expect(shown(waiting.next(any, () => 100, 0).batch!)).toEqual(['y', [b!.id, 0, 3], [d!.id, 0, 1]]);
    expect(waiting.next(any, () => 100, 0)).toEqual({ batch: undefined, late: [] });
  });

  it('takes a large request in parts, and fills up with the next', () => {
    const [large, small] = [request('x', 5), request('x', 2)];
    const waiting = line(large!, small!);
    const parts = [1, 2, 3].map(() => shown(waiting.next(any, () => 3, 0).batch!));
    expect(parts).toEqual([
      ['x', [large!.id, 0, 3]],
      ['x', [large!.id, 3, 2], [small!.id, 0, 1]],
      ['x', [small!.id, 1, 1]],
    ]);
  });

  it('leaves a model alone that the worker does not hold', () => {
    const [a, b] = [request('gpu', 1), request('cpu', 1)];
    const waiting = line(a!, b!);
    expect(
      shown(
        waiting.next(
          (key) => key === 'cpu',
          () => 9,
          0,
        ).batch!,
      ),
    ).toEqual(['cpu', [b!.id, 0, 1]]);
    expect(waiting.waits('gpu')).toBe(true);
  });

  it('drops who is late before it costs anything, the rest of a large one too', () => {
    const [early, late] = [request('x', 4, 10), request('x', 1, 50)];
    const waiting = line(early!, late!);
    waiting.next(any, () => 3, 0);
    const { batch, late: dropped } = waiting.next(any, () => 3, 10);
    expect(dropped).toEqual([early]);
    expect(shown(batch!)).toEqual(['x', [late!.id, 0, 1]]);
    expect(waiting.rows).toBe(0);
  });

  it('is without who has gone', () => {
    const [gone, stays] = [request('x', 4), request('x', 1)];
    const waiting = line(gone!, stays!);
    waiting.remove(gone!);
    waiting.remove(gone!);
    expect(waiting.rows).toBe(1);
    expect(shown(waiting.next(any, () => 9, 0).batch!)).toEqual(['x', [stays!.id, 0, 1]]);
  });
});

type Act =
  | { push: [key: string, rows: number, deadline: number] }
  | { take: [keys: string[], limit: number] }
  | { leave: number };
const key = fc.constantFrom('a', 'b', 'c');
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ push: fc.tuple(key, fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 80 })) }),
  fc.record({ take: fc.tuple(fc.uniqueArray(key, { minLength: 1 }), fc.integer({ min: 1, max: 16 })) }),
  fc.record({ leave: fc.nat(50) }),
);

describe('whatever comes, goes and is taken', () => {
  it('no row is lost or taken twice, the order is kept, nothing is over the limit, nothing is late', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
        const waiting = new AdHocLine<Request>();
        const [pushed, ended]: [Request[], Set<Request>] = [[], new Set()];
        const taken = new Map<Request, number>();
        const left = (one: Request) => (ended.has(one) ? 0 : one.rows - taken.get(one)!);
        acts.forEach((act, now) => {
          if ('push' in act) {
            const one = request(...act.push);
            pushed.push(one);
            taken.set(one, 0);
            waiting.push(one);
          } else if ('leave' in act) {
            const one = pushed[act.leave];
            if (one) waiting.remove(one);
            if (one) ended.add(one);
          } else {
            const [keys, limit] = act.take;
            const can = (key: string) => keys.includes(key);
            const { batch, late } = waiting.next(can, () => limit, now);
            for (const one of late) {
              expect(one.deadline).toBeLessThanOrEqual(now);
              expect(left(one)).toBeGreaterThan(0);
              ended.add(one);
            }
            const open = pushed.filter((one) => left(one) > 0 && can(one.key));
            expect(batch?.key).toBe(open.find(({ deadline }) => deadline > now)?.key);
            // What joins are the first of its model that can still be answered, one after another.
            const expected = open.filter(({ key, deadline }) => key === batch?.key && deadline > now);
            (batch?.shares ?? []).forEach(({ request, from, rows }, i) => {
              expect(request).toBe(expected[i]);
              expect(from).toBe(taken.get(request));
              taken.set(request, from + rows);
              expect(i + 1 < batch!.shares.length && left(request) > 0).toBe(false);
            });
            expect(batch?.rows ?? 0).toBe((batch?.shares ?? []).reduce((sum, { rows }) => sum + rows, 0));
            expect(batch?.rows ?? 0).toBeLessThanOrEqual(limit);
            const rest = expected.reduce((sum, one) => sum + left(one), 0);
            expect(rest === 0 || batch!.rows === limit).toBe(true);
          }
          expect(waiting.rows).toBe(pushed.reduce((sum, one) => sum + left(one), 0));
          expect([...waiting].every((one) => left(one) > 0)).toBe(true);
        });
      }),
      { numRuns: 500 },
    );
  });
});

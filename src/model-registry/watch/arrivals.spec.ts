import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arrivals, PATIENCE_MS, type Look } from './arrivals.js';

const NOTHING: Look = { still: [], abandoned: [], gone: [] };
const seen = (...fingerprints: [string, string][]) => new Map(fingerprints);
/** What each of some looks tells, two seconds apart. */
const looks = (arrivals: Arrivals, ...all: Map<string, string>[]) => all.map((one, i) => arrivals.look(one, i * 2_000));

describe('a folder', () => {
  it('is looked into when it has not changed between two looks, once', () => {
    const one = seen(['a', 'x']);
    expect(looks(new Arrivals(), one, one, one)).toEqual([NOTHING, { ...NOTHING, still: ['a'] }, NOTHING]);
  });

  it('is left alone while somebody writes', () => {
    const growing = ['x', 'xx', 'xxx', 'xxxx', 'xxxx'].map((text) => seen(['a', text]));
    expect(looks(new Arrivals(), ...growing).map(({ still }) => still.length)).toEqual([0, 0, 0, 0, 1]);
  });

  it('that was looked into and is not complete is abandoned when it stood still for long', () => {
    const arrivals = new Arrivals();
    looks(arrivals, seen(['a', 'x']), seen(['a', 'x']));
    expect(arrivals.look(seen(['a', 'x']), PATIENCE_MS - 1)).toEqual(NOTHING);
    expect(arrivals.look(seen(['a', 'x']), PATIENCE_MS)).toEqual({ ...NOTHING, abandoned: ['a'] });
  });

  it('and begins anew when somebody goes on writing', () => {
    const arrivals = new Arrivals();
    looks(arrivals, seen(['a', 'x']), seen(['a', 'x']), seen(['a', 'y']));
    expect(arrivals.look(seen(['a', 'y']), PATIENCE_MS)).toEqual({ ...NOTHING, still: ['a'] });
    expect(arrivals.look(seen(['a', 'y']), PATIENCE_MS + 3_999)).toEqual(NOTHING);
    expect(arrivals.look(seen(['a', 'y']), PATIENCE_MS + 4_000)).toEqual({ ...NOTHING, abandoned: ['a'] });
  });

  it('that was taken is of no interest until it changes', () => {
    const arrivals = new Arrivals();
    arrivals.take('a', 'x');
    expect(looks(arrivals, seen(['a', 'x']), seen(['a', 'x']))).toEqual([NOTHING, NOTHING]);
    expect(looks(arrivals, seen(['a', 'y']), seen(['a', 'y']))).toEqual([NOTHING, { ...NOTHING, still: ['a'] }]);
  });

  it('that is absent once is not gone yet', () => {
    const arrivals = new Arrivals();
    arrivals.take('a', 'x');
    expect(looks(arrivals, seen(), seen(['a', 'x']), seen(), seen())).toEqual([
      ...[NOTHING, NOTHING, NOTHING, { ...NOTHING, gone: ['a'] }],
    ]);
  });

  it('is never told of while it changes, whatever else happens', () => {
    const step = fc.record({ a: fc.option(fc.nat(2)), b: fc.option(fc.nat(2)), take: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const arrivals = new Arrivals();
        let before = new Map<string, string>();
        steps.forEach(({ a, b, take }, i) => {
          const found = Object.entries({ a, b }).flatMap(([ref, x]) => (x === null ? [] : [[ref, String(x)] as const]));
          const now = new Map(found);
          const { still, abandoned, gone } = arrivals.look(now, i * 2_000);
          for (const ref of [...still, ...abandoned]) expect(now.get(ref)).toBe(before.get(ref));
          for (const ref of gone) expect(now.has(ref) || before.has(ref)).toBe(false);
          if (take) for (const [ref, fingerprint] of now) arrivals.take(ref, fingerprint);
          before = now;
        });
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { next, QUIET, type Hysteresis, type Standing } from './hysteresis.js';

const RULE: Hysteresis = { limit: 100, raiseAfter: 3, clearAt: 80, clearAfter: 2 };

function course(values: readonly number[], rule: Hysteresis, from: Standing = QUIET): Standing[] {
  let standing = from;
  return values.map((value) => (standing = next(standing, value, rule)));
}
const shown = (standings: readonly Standing[]) => standings.map(({ raised }) => (raised ? '!' : '.')).join('');

const rule = fc
  .record({
    ...{ limit: fc.double({ min: 0, max: 1000, noNaN: true }), share: fc.double({ min: 0, max: 1, noNaN: true }) },
    ...{ raiseAfter: fc.integer({ min: 1, max: 5 }), clearAfter: fc.integer({ min: 1, max: 5 }) },
  })
  .map(({ limit, share, raiseAfter, clearAfter }) => ({ limit, clearAt: limit * share, raiseAfter, clearAfter }));

describe('hysteresis', () => {
  it.each([
    ['below the limit nothing happens', [100, 99, 100, 100], '....'],
    ['three above it raise', [101, 500, 101], '..!'],
    ['two above it do not', [101, 101, 100, 101, 101], '.....'],
    ['between the limits it stays raised', [101, 101, 101, 81, 100, 81, 99], '..!!!!!'],
    ['two at or below the lower limit clear', [101, 101, 101, 80, 80], '..!!.'],
    ['one does not', [101, 101, 101, 80, 81, 80, 81], '..!!!!!'],
    ['cleared, it takes three again', [101, 101, 101, 0, 0, 101, 101, 101], '..!!...!'],
    ['what is no number speaks for no change', [101, 101, NaN, 101, 101, 101, NaN], '.....!!'],
  ])('%s', (_, values, expected) => {
    expect(shown(course(values, RULE))).toBe(expected);
  });

  it('a limit of zero is crossed by anything, and nothing less than zero clears it', () => {
    expect(shown(course([1, 1, 1, 1, 0, 0], { ...RULE, limit: 0, clearAt: 0 }))).toBe('..!!!.');
  });

  it('changes only after enough values in a row that speak for it', () => {
    fc.assert(
      fc.property(rule, fc.array(fc.double({ min: 0, max: 2000, noNaN: true })), (each, values) => {
        let before = QUIET;
        course(values, each).forEach((standing, i) => {
          if (standing.raised && !before.raised) {
            expect(i + 1).toBeGreaterThanOrEqual(each.raiseAfter);
            expect(values.slice(i + 1 - each.raiseAfter, i + 1).every((value) => value > each.limit)).toBe(true);
          }
          if (!standing.raised && before.raised) {
            expect(values.slice(i + 1 - each.clearAfter, i + 1).every((value) => value <= each.clearAt)).toBe(true);
          }
          before = standing;
        });
      }),
    );
  });

  it('never changes while a value swings between the two limits', () => {
    const between = fc.array(fc.double({ min: RULE.clearAt + 1e-9, max: RULE.limit, noNaN: true }));
    fc.assert(
      fc.property(between, fc.boolean(), (values, raised) => {
        const standings = course(values, RULE, { raised, streak: 0 });
        expect(standings.every((standing) => standing.raised === raised)).toBe(true);
      }),
    );
  });
});

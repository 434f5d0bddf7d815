import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ImpossibleTransition, isLoaded, Lives, MODEL_STATES, NEXT, type ModelState } from './model-states.js';

const model = { name: 'gbt', version: '1.0.0' };
const cause = { code: 'TEST', text: 'a test', who: 'ada' };
const states = fc.constantFrom(...MODEL_STATES);
const canBecome = (from: ModelState, to: ModelState) => (NEXT[from] as readonly ModelState[]).includes(to);

describe("a version's life", () => {
  it.each<[string, ModelState[]]>([
    ['is served and rolled back', ['registered', 'certifying', 'warming', 'ready', 'active', 'ready', 'active']],
    ['leaves memory and returns', ['registered', 'certifying', 'retired', 'warming', 'ready', 'retiring', 'retired']],
    ['fails while it serves', ['registered', 'certifying', 'warming', 'ready', 'active', 'retiring', 'failed']],
    ['begins anew when its files change', ['registered', 'failed', 'registered', 'certifying', 'failed', 'registered']],
    ['is switched off', ['registered', 'disabled', 'registered']],
  ])('%s', (_, path) => {
    const lives = new Lives();
    path.forEach((state, i) => lives.move(model, state, cause, i));
    expect(lives.stateOf(model)).toBe(path.at(-1));
    expect(lives.take().map(({ from, to, at }) => [from, to, at])).toEqual(
      path.map((to, i) => [path[i - 1] ?? null, to, i]),
    );
    expect(lives.take()).toEqual([]);
  });

  it('takes legal moves and no others, and forgets none of them', () => {
    fc.assert(
      fc.property(fc.array(states, { maxLength: 60 }), (wanted) => {
        const lives = new Lives();
        let now: ModelState | undefined;
        const made: ModelState[] = [];
        for (const to of wanted) {
          const legal = now === undefined ? to === 'registered' : canBecome(now, to);
          if (!legal) expect(() => lives.move(model, to, cause, 0)).toThrow(ImpossibleTransition);
          else {
            lives.move(model, to, cause, 0);
            made.push((now = to));
          }
          expect(lives.stateOf(model)).toBe(now);
        }
        expect(lives.take().map(({ to }) => to)).toEqual(made);
      }),
    );
  });

  it('serves only after it was certified, loaded and warm; whatever is in memory retires before it is out', () => {
    const before = (state: ModelState) => MODEL_STATES.filter((from) => canBecome(from, state));
    expect(before('active')).toEqual(['ready']);
    expect(before('ready')).toEqual(['warming', 'active']);
    expect(before('warming')).toEqual(['certifying', 'retired']);
    for (const state of ['ready', 'active'] as const)
      expect(NEXT[state].filter((to) => !isLoaded(to))).toEqual(['retiring']);
  });

  it('ends with its folder', () => {
    const lives = new Lives();
    lives.move(model, 'registered', cause, 0);
    lives.forget(model);
    expect(lives.all).toEqual([]);
    expect(() => lives.move(model, 'certifying', cause, 0)).toThrow('gbt@1.0.0 is unknown');
  });
});

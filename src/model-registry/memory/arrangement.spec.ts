import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refOf } from '../../domain/model.js';
import { arrange, type Candidate, type Room } from './arrangement.js';
import { UNDECIDED, type Standing } from '../lifecycle/standing.js';

const model = (name: string, version: string, over: Partial<Candidate> = {}): Candidate => ({
  ...{ name, version, weight: 1, trades: true, recency: 0, parts: [], ...over },
});

/** `name@version role` of what is in memory, in order; and what finds no room. */
function told(ready: readonly Candidate[], { decided = new Map(), guards = new Map(), limit = 10 }: Partial<Room>) {
  const { places, crowdedOut } = arrange(ready, { decided, guards, limit });
  return {
    in: places.map(({ model, role, share }) => `${refOf(model)} ${role}${role === 'canary' ? ` ${share}` : ''}`),
    out: crowdedOut.map(refOf),
  };
}
const a = (...versions: string[]) => versions.map((version) => model('a', version));
const about = (standing: Partial<Standing>) => ({ decided: new Map([['a', { ...UNDECIDED, ...standing }]]) });

describe('what is in memory', () => {
  it.each<[string, ReturnType<typeof told>, string[]]>([
    [
      'of every name the highest serves, the others stand by',
      told([model('tcn', '1.0.0'), model('gbt', '1.9.0'), model('gbt', '1.10.0')], {}),
      ['gbt@1.10.0 active', 'tcn@1.0.0 active', 'gbt@1.9.0 standby'],
    ],
    [
      'a release serves before its release candidate',
      told(a('2.0.0-rc.1', '2.0.0'), {}),
      ['a@2.0.0 active', 'a@2.0.0-rc.1 standby'],
    ],
    [
      'the one that a person chose serves',
      told(a('1.0.0', '2.0.0'), about({ choice: '1.0.0' })),
      ['a@1.0.0 active', 'a@2.0.0 standby'],
    ],
    ['none serves where a person chose none', told(a('1.0.0'), about({ choice: null })), ['a@1.0.0 standby']],
    [
      'a shadow runs beside it',
      told(a('1.0.0', '2.0.0'), about({ choice: '1.0.0', shadows: ['2.0.0'] })),
      ['a@1.0.0 active', 'a@2.0.0 shadow'],
    ],
    [
      'and a canary has its share',
      told(a('1.0.0', '2.0.0'), about({ choice: '1.0.0', canary: { version: '2.0.0', share: 0.25 } })),
      ['a@1.0.0 active', 'a@2.0.0 canary 0.25'],
    ],
    [
      'a canary beside nothing that serves is recorded only',
      told(a('2.0.0'), about({ choice: '1.0.0', canary: { version: '2.0.0', share: 0.25 } })),
      ['a@2.0.0 shadow'],
    ],
    [
      'while an activation is on probation the version before runs in shadow',
      told(a('1.0.0', '2.0.0'), {
        ...about({ choice: '2.0.0', before: ['1.0.0'] }),
        guards: new Map([['a', '1.0.0']]),
      }),
      ['a@2.0.0 active', 'a@1.0.0 shadow'],
    ],
    [
      'where what was chosen is refused, the one before serves',
      told(a('1.0.0', '2.0.0'), about({ choice: '3.0.0', before: ['1.0.0', '2.0.0'] })),
      ['a@2.0.0 active', 'a@1.0.0 standby'],
    ],
    ['where all of them are refused, none', told(a('0.1.0'), about({ choice: '3.0.0' })), ['a@0.1.0 standby']],
    [
      'a model that serves no timeframes stands by for who asks it',
      told([model('a', '1.0.0', { trades: false })], {}),
      ['a@1.0.0 standby'],
    ],
    [
      'what an ensemble is made of is in memory with it, a version that serves of itself as such',
      told([model('e', '1.0.0', { parts: ['a@1.0.0', 'b@1.0.0'] }), ...a('1.0.0', '2.0.0'), model('b', '1.0.0')], {}),
      ['a@2.0.0 active', 'b@1.0.0 active', 'e@1.0.0 active', 'a@1.0.0 member'],
    ],
  ])('%s', (_, { in: places }, expected) => expect(places).toEqual(expected));

  it('there is room first for what serves, by weight, then for what was asked for, then for the version before, then by use', () => {
    const ready = [
      model('heavy', '1.0.0', { weight: 3 }),
      model('light', '1.0.0'),
      ...a('1.0.0', '2.0.0', '3.0.0', '4.0.0'),
      model('asked', '1.0.0', { trades: false, recency: 9 }),
      model('idle', '1.0.0', { trades: false, recency: 8 }),
    ];
    const room = about({
      choice: '1.0.0',
      before: ['2.0.0'],
      shadows: ['3.0.0'],
      canary: { version: '4.0.0', share: 1 },
    });
    const all = [
      ...['heavy@1.0.0 active', 'a@1.0.0 active', 'light@1.0.0 active', 'a@4.0.0 canary 1', 'a@3.0.0 shadow'],
      ...['a@2.0.0 standby', 'asked@1.0.0 standby', 'idle@1.0.0 standby'],
    ];
    const wanted = ['heavy@1.0.0', 'a@1.0.0', 'light@1.0.0', 'a@4.0.0', 'a@3.0.0'];
    for (let limit = 1; limit <= all.length; limit += 1)
      expect(told(ready, { ...room, limit })).toEqual({ in: all.slice(0, limit), out: wanted.slice(limit) });
  });

  it('an ensemble whose parts find no room is left out itself', () => {
    const ready = [model('e', '1.0.0', { parts: ['a@1.0.0'] }), ...a('1.0.0', '2.0.0')];
    expect(told(ready, { limit: 2 })).toEqual({ in: ['a@2.0.0 active'], out: ['e@1.0.0'] });
  });

  it('is never more than there is room for, each once, and of a name one serves and one is canary at most', () => {
    const version = fc.constantFrom('1.0.0', '2.0.0', '3.0.0', '4.0.0');
    const standing = fc.record({
      choice: fc.oneof(fc.constant('newest'), fc.constant(null), version),
      before: fc.array(version, { maxLength: 3 }),
      shadows: fc.uniqueArray(version, { maxLength: 2 }),
      canary: fc.option(fc.record({ version, share: fc.constant(0.5) })),
      pinned: fc.boolean(),
      activatedAt: fc.constant(null),
    });
    const decided = fc
      .array(fc.tuple(fc.constantFrom('a', 'b', 'c'), standing))
      .map((all) => new Map<string, Standing>(all));
    const candidate = fc
      .tuple(fc.constantFrom('a', 'b', 'c'), version, fc.boolean(), fc.nat(9))
      .map(([name, at, trades, recency]) => model(name, at, { trades, recency }));
    const ready = fc.uniqueArray(candidate, { selector: refOf });
    fc.assert(
      fc.property(ready, decided, fc.integer({ min: 1, max: 12 }), (models, known, limit) => {
        const { places, crowdedOut } = arrange(models, { decided: known, guards: new Map(), limit });
        const refs = places.map((place) => refOf(place.model));
        expect(refs.length).toBe(Math.min(limit, models.length));
        expect(new Set(refs).size).toBe(refs.length);
        for (const one of crowdedOut) expect(refs).not.toContain(refOf(one));
        for (const role of ['active', 'canary'] as const) {
          const names = places.filter((place) => place.role === role).map((place) => place.model.name);
          expect(new Set(names).size).toBe(names.length);
        }
        for (const place of places) if (place.role !== 'standby') expect(place.model.trades).toBe(true);
      }),
    );
  });
});

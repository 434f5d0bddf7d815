import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Standing } from './lifecycle/standing.js';
import { chooseActive, compareVersions, nextVersion } from './versions.js';

const model = (name: string, version: string, weight = 1) => ({ name, version, weight });
const NOBODY = new Map<string, Standing>();
const refs = (models: readonly { name: string; version: string }[]) =>
  models.map(({ name, version }) => `${name}@${version}`);

describe('version order', () => {
  // semver.org §11, in its own order
  const ORDER = [
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '1.0.2',
    '1.0.10',
    '1.2.0',
    '2.0.0',
    '10.0.0',
  ];

  it('is that of semver.org', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(ORDER, { minLength: ORDER.length }), (shuffled) => {
        expect([...shuffled].sort(compareVersions)).toEqual(ORDER);
      }),
    );
  });
});

it.each([
  [[], '1.0.0'],
  [['1.0.0'], '1.1.0'],
  [['1.9.3', '1.10.0-rc.1', '1.2.0'], '1.11.0'],
])('after %j comes %s', (versions, next) => expect(nextVersion(versions)).toBe(next));

describe('of the admitted versions', () => {
  it('the highest of each name serves and the others stand by', () => {
    const { active, standby } = chooseActive(
      [model('tcn', '1.0.0'), model('gbt', '1.9.0'), model('gbt', '1.10.0')],
      NOBODY,
      10,
    );
    expect(refs(active)).toEqual(['gbt@1.10.0', 'tcn@1.0.0']);
    expect(refs(standby)).toEqual(['gbt@1.9.0']);
  });

  it('a release serves before its release candidate', () => {
    expect(refs(chooseActive([model('gbt', '2.0.0-rc.1'), model('gbt', '2.0.0')], NOBODY, 10).active)).toEqual([
      'gbt@2.0.0',
    ]);
  });

  it('those with most weight stay when there is no room for all', () => {
    const { active, crowdedOut } = chooseActive(
      [model('a', '1.0.0', 1), model('b', '1.0.0', 3), model('c', '1.0.0', 2)],
      NOBODY,
      2,
    );
    expect(refs(active)).toEqual(['b@1.0.0', 'c@1.0.0']);
    expect(refs(crowdedOut)).toEqual(['a@1.0.0']);
  });

  it.each<[string, Partial<Standing>, string[], object]>([
    [
      'the one that a person chose serves',
      { choice: '1.0.0' },
      ['1.0.0', '2.0.0'],
      { active: ['a@1.0.0'], standby: ['a@2.0.0'] },
    ],
    ['none serves where a person chose none', { choice: null }, ['1.0.0'], { active: [], standby: ['a@1.0.0'] }],
    [
      'a shadow runs beside it',
      { choice: '1.0.0', shadows: ['2.0.0'] },
      ['1.0.0', '2.0.0'],
      { active: ['a@1.0.0'], shadows: ['a@2.0.0'] },
    ],
    [
      'where it is refused, the one before serves',
      { choice: '3.0.0', before: ['1.0.0', '2.0.0'] },
      ['1.0.0', '2.0.0'],
      { active: ['a@2.0.0'] },
    ],
    ['where all of them are refused, none', { choice: '3.0.0' }, ['1.0.0'], { active: [] }],
  ])('%s', (_, standing, versions, expected) => {
    const decided = new Map([['a', { choice: 'newest', before: [], shadows: [], ...standing }]]);
    const found = chooseActive(
      versions.map((version) => model('a', version)),
      decided,
      10,
    );
    for (const [group, models] of Object.entries(expected)) expect(refs(found[group as 'active'])).toEqual(models);
  });

  it('none serves where none was admitted', () => {
    expect(chooseActive([], NOBODY, 10)).toEqual({ active: [], shadows: [], standby: [], crowdedOut: [] });
  });
});

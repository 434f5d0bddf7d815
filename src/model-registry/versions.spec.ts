import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseActive, compareVersions } from './versions.js';

const model = (name: string, version: string, weight = 1) => ({ name, version, weight });
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

describe('of the admitted versions', () => {
  it('the highest of each name serves and the others stand by', () => {
    const { active, standby } = chooseActive(
      [model('tcn', '1.0.0'), model('gbt', '1.9.0'), model('gbt', '1.10.0')],
      10,
    );
    expect(refs(active)).toEqual(['gbt@1.10.0', 'tcn@1.0.0']);
    expect(refs(standby)).toEqual(['gbt@1.9.0']);
  });

  it('a release serves before its release candidate', () => {
    expect(refs(chooseActive([model('gbt', '2.0.0-rc.1'), model('gbt', '2.0.0')], 10).active)).toEqual(['gbt@2.0.0']);
  });

  it('those with most weight stay when there is no room for all', () => {
    const { active, crowdedOut } = chooseActive(
      [model('a', '1.0.0', 1), model('b', '1.0.0', 3), model('c', '1.0.0', 2)],
      2,
    );
    expect(refs(active)).toEqual(['b@1.0.0', 'c@1.0.0']);
    expect(refs(crowdedOut)).toEqual(['a@1.0.0']);
  });

  it('none serves where none was admitted', () => {
    expect(chooseActive([], 10)).toEqual({ active: [], standby: [], crowdedOut: [] });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareVersions, nextVersion } from './versions.js';

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

import { describe, expect, it } from 'vitest';
import { checkEnsemble } from './ensemble-manifest.js';
import { manifestOf, namesIn, readDraft } from './ensemble-draft.js';

const draft = (ensemble: object, extra: object = {}) => JSON.stringify({ timeframes: ['5m'], ensemble, ...extra });
const REF = { name: 'blend', version: '1.0.0' };
const SHA = { gbt: 'a'.repeat(64), 'tcn@1.0.0': 'b'.repeat(64), judge: 'c'.repeat(64) } as Record<string, string>;
const pinOf = (name: string) => ({ version: '1.0.0', sha256: SHA[name]! });
const MEMBERS = [{ model: 'gbt' }, { model: 'tcn', version: '1.0.0' }];

describe('an ensemble as a person writes it', () => {
  it.each<[string, object, string[]]>([
    ['a vote', { method: 'weighted_vote', members: MEMBERS }, ['gbt', 'tcn@1.0.0']],
    ['a stack', { method: 'stacking', members: MEMBERS, meta: { model: 'judge' } }, ['gbt', 'tcn@1.0.0', 'judge']],
    [
      'a gate',
      {
        method: 'regime_gate',
        gate: { model: 'judge' },
        members: MEMBERS.map((one, i) => ({ ...one, regime: `r${i}` })),
      },
      ['gbt', 'tcn@1.0.0', 'judge'],
    ],
  ])('%s becomes a sound manifest, each version pinned to its file', (_, ensemble, names) => {
    const read = readDraft(draft({ ...ensemble, on_failure: 'abstain' }));
    expect(namesIn(read)).toEqual(names);
    const manifest = manifestOf(read, REF, '2026-01-01T00:00:00Z', pinOf);
    expect(checkEnsemble(JSON.parse(JSON.stringify(manifest)), REF).faults).toEqual([]);
    const first = { model: 'gbt', version: '1.0.0', sha256: SHA['gbt'] };
    expect(manifest).toMatchObject({ weight: 1, metrics: {}, ensemble: { members: [first, {}] } });
  });

  it('keeps a checksum that it names: another file is refused then', () => {
    const named = {
      method: 'weighted_vote',
      members: [{ model: 'gbt', sha256: 'd'.repeat(64) }],
      on_failure: 'abstain',
    };
    const { ensemble } = manifestOf(readDraft(draft(named)), REF, '2026-01-01T00:00:00Z', pinOf);
    expect(ensemble.members[0]!.sha256).toBe('d'.repeat(64));
  });

  it.each<[string, string, RegExp]>([
    ['no JSON', '{', /no JSON/],
    ['no combination', '{"timeframes":["5m"]}', /ensemble/],
    ['every fault at once', draft({ method: 'stacking', members: [] }), /members.*meta.*on_failure/],
    [
      'what is known only when it is registered',
      draft({ method: 'weighted_vote', members: MEMBERS, on_failure: 'abstain' }, { name: 'x' }),
      /name/,
    ],
  ])('is refused with %s', (_, text, message) => {
    expect(() => readDraft(text)).toThrowError(
      expect.objectContaining({ code: 'SOURCE_INVALID', message: expect.stringMatching(message) as string }),
    );
  });
});

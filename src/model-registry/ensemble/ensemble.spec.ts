import { describe, expect, it } from 'vitest';
import { CLASSES } from '../../domain/model.js';
import type { Manifest } from '../manifest.js';
import { checkEnsemble, saysEnsemble } from './ensemble-manifest.js';
import { resolveEnsemble, type MemberCandidate } from './resolve-ensemble.js';
import { stackColumns } from './stack-columns.js';

const sha = (letter: string) => letter.repeat(64);
const part = (model: string, extra: object = {}) => ({ model, version: '1.0.0', sha256: sha('a'), ...extra });
const PLACE = { name: 'blend', version: '1.0.0' };
const VOTE = { method: 'weighted_vote', members: [part('gbt', { weight: 2 }), part('tcn')], on_failure: 'abstain' };
const STACK = { method: 'stacking', members: [part('gbt'), part('wave')], meta: part('meta'), on_failure: 'abstain' };
const GATE = {
  ...{ method: 'regime_gate', gate: part('regime'), on_failure: 'abstain' },
  members: [part('gbt', { regime: 'bull' }), part('tcn', { regime: 'bear' })],
};
const manifestOf = (ensemble: object, extra: object = {}) => ({
  ...{ schema: 2, ...PLACE, kind: 'ensemble', ensemble, timeframes: ['5m', '1m'], weight: 1 },
  ...{ metrics: {}, created_at: '2026-01-01T00:00:00Z', ...extra },
});
const faultsOf = (raw: unknown) => checkEnsemble(raw, PLACE).faults.map(({ message }) => message);

describe("an ensemble's manifest", () => {
  it.each([VOTE, STACK, GATE, { ...VOTE, on_failure: 'go_on', min_members: 1 }])('is sound: %o', (ensemble) => {
    expect(faultsOf(manifestOf(ensemble))).toEqual([]);
  });

  it('is told by its kind', () => {
    expect([manifestOf(VOTE), { kind: 'gradient-boosted-trees' }, null, 'ensemble'].map(saysEnsemble)).toEqual([
      ...[true, false, false, false],
    ]);
  });

  it.each<[string, object, RegExp]>([
    ['another folder', manifestOf(VOTE, { name: 'other' }), /name is other, its folder is blend/],
    ['no timeframes', manifestOf(VOTE, { timeframes: [] }), /timeframes: must name at least one/],
    ['one timeframe twice', manifestOf(VOTE, { timeframes: ['1m', '1m'] }), /timeframes names one twice/],
    ['a misspelt key', manifestOf(VOTE, { wieght: 1 }), /wieght/],
    ['an unknown method', manifestOf({ ...VOTE, method: 'prayer' }), /ensemble.method/],
    ['no members', manifestOf({ ...VOTE, members: [] }), /ensemble.members/],
    [
      'a member without its checksum',
      manifestOf({ ...VOTE, members: [{ model: 'gbt', version: '1.0.0' }] }),
      /ensemble.members.0.sha256/,
    ],
    [
      'a member twice',
      manifestOf({ ...VOTE, members: [part('gbt'), part('gbt')] }),
      /ensemble.members names gbt@1.0.0 twice/,
    ],
    ['no policy', manifestOf({ ...VOTE, on_failure: undefined }), /ensemble.on_failure/],
    [
      'a least number where all must answer',
      manifestOf({ ...VOTE, min_members: 1 }),
      /ensemble.min_members: with on_failure abstain/,
    ],
    [
      'a least number above all',
      manifestOf({ ...VOTE, on_failure: 'go_on', min_members: 3 }),
      /min_members is 3 of 2 members/,
    ],
    ['a weight in a stack', manifestOf({ ...STACK, members: [part('gbt', { weight: 1 })] }), /weight/],
    ['a stack without meta model', manifestOf({ ...STACK, meta: undefined }), /ensemble.meta/],
    ['a vote with a gate', manifestOf({ ...VOTE, gate: part('regime') }), /gate/],
    ['a gate that goes on without its member', manifestOf({ ...GATE, on_failure: 'go_on' }), /ensemble.on_failure/],
    [
      'two members of one regime',
      manifestOf({ ...GATE, members: [part('gbt', { regime: 'bull' }), part('tcn', { regime: 'bull' })] }),
      /two answer in bull/,
    ],
  ])('is refused with %s', (_, raw, says) => expect(faultsOf(raw).join('\n')).toMatch(says));

  it('names every fault at once', () => {
    const raw = manifestOf({ ...VOTE, members: [part('gbt'), part('gbt')], min_members: 9 }, { version: '2.0.0' });
    expect(faultsOf(raw)).toHaveLength(4);
  });
});

const ours = (name: string, output: Partial<Manifest['output']> = {}, extra: Partial<Manifest> = {}): Manifest => ({
  ...{ schema: 2, name, version: '1.0.0', kind: 'trees', framework: { name: 'x', version: '1' }, sha256: sha('a') },
  input: { name: 'x', shape: [null, 1], dtype: 'float32' },
  output: { name: 'y', shape: [null, 3], dtype: 'float32', classes: [...CLASSES], ...output },
  features: [{ name: 'rsi_14', mean: 0, std: 1, importance: 1 }],
  ...{ feature_hash: sha('f'), window: 1, scaler: { kind: 'none', inside: true }, labels: null },
  ...{ timeframes: [], weight: 1, training: null, metrics: {}, created_at: '2026-01-01T00:00:00Z' },
  ...extra,
});
const columns = (...names: string[]) => names.map((name) => ({ name, mean: 0, std: 0, importance: 0 }));
const READ = ['gbt.short', 'gbt.flat', 'gbt.long', 'wave.0', 'wave.1'];
const META = ours('meta', {}, { feature_hash: null, features: columns(...READ) });
const SHELF: Manifest[] = [
  ...[ours('gbt'), ours('tcn'), ours('wave', { classes: null, shape: [null, 2] }), META],
  ours('regime', { classes: ['bull', 'bear', 'sideways'] }),
];
const known = (manifest: Manifest): MemberCandidate => ({
  ...{ name: manifest.name, version: manifest.version, manifest, refusal: undefined },
});

/** @param changed in place of those of the same name */
function resolve(ensemble: object, changed: readonly MemberCandidate[] = [], golden?: unknown) {
  const { manifest } = checkEnsemble(manifestOf(ensemble), PLACE);
  const shelf = SHELF.map(known).filter(({ name }) => !changed.some((one) => one.name === name));
  return resolveEnsemble({ manifest: manifest!, golden }, [...shelf, ...changed]);
}

describe('an ensemble is served by its plan', () => {
  const SERVED = { ...PLACE, role: 'active', weight: 1, timeframes: ['1m', '5m'], columns: 3, classes: CLASSES };
  const ref = (name: string) => ({ name, version: '1.0.0' });

  it.each<[string, object, object]>([
    [
      'a vote in which every member has to answer',
      VOTE,
      {
        method: 'weighted_vote',
        members: [
          { ...ref('gbt'), weight: 2 },
          { ...ref('tcn'), weight: 1 },
        ],
        minMembers: 2,
      },
    ],
    ['a vote that goes on without some', { ...VOTE, on_failure: 'go_on', min_members: 2 }, { minMembers: 2 }],
    ['a vote that goes on without all but one', { ...VOTE, on_failure: 'go_on' }, { minMembers: 1 }],
    [
      'a stack, with what each member answers',
      STACK,
      {
        ...{ method: 'stacking', meta: ref('meta'), minMembers: 2 },
        members: [
          { ...ref('gbt'), columns: 3 },
          { ...ref('wave'), columns: 2 },
        ],
      },
    ],
    [
      "a gate, with its classes as regimes; one of them may be nobody's",
      GATE,
      {
        ...{ method: 'regime_gate', gate: ref('regime'), regimes: ['bull', 'bear', 'sideways'] },
        members: [
          { ...ref('gbt'), regime: 'bull' },
          { ...ref('tcn'), regime: 'bear' },
        ],
      },
    ],
  ])('%s', (_, ensemble, plan) => expect(resolve(ensemble)).toMatchObject({ ...SERVED, ensemble: plan }));
});

describe('an ensemble is refused', () => {
  const absent = (name: string): MemberCandidate => ({ ...known(ours(name)), version: '9.0.0' });
  const refused: MemberCandidate = { ...known(ours('tcn')), refusal: { code: 'SHA256_MISMATCH', message: 'flipped' } };
  const another = known({ ...ours('tcn'), sha256: sha('b') });
  const nested: MemberCandidate = { ...known(ours('tcn')), manifest: undefined };
  const meta = (extra: Partial<Manifest>) => known({ ...META, ...extra });
  const deaf = known(ours('tcn', {}, { feature_hash: null }));
  const nameless = known(ours('regime', { classes: null }));
  const goOn = { ...STACK, on_failure: 'go_on' };

  it.each<[string, object, MemberCandidate, string, RegExp]>([
    ['with a member that is not there', VOTE, absent('tcn'), 'MEMBER_NOT_READY', /^tcn@1.0.0 is not there$/],
    [
      'with a member that is refused, and why',
      VOTE,
      refused,
      'MEMBER_NOT_READY',
      /tcn@1.0.0 is refused: SHA256_MISMATCH flipped/,
    ],
    [
      'with a member of another file',
      VOTE,
      another,
      'MEMBER_NOT_READY',
      /tcn@1.0.0 is file bbbbbbbbbbbb…, not aaaaaaaaaaaa…/,
    ],
    ['with an ensemble for a member', VOTE, nested, 'MEMBER_NOT_READY', /tcn@1.0.0 is an ensemble itself/],
    ['without its meta model', STACK, absent('meta'), 'MEMBER_NOT_READY', /meta@1.0.0 is not there/],
    ['without its gate', GATE, absent('regime'), 'MEMBER_NOT_READY', /regime@1.0.0 is not there/],
    [
      'with a voter that answers something else',
      VOTE,
      known(ours('tcn', { classes: null })),
      'MEMBER_UNFIT',
      /answer short, flat, long/,
    ],
    ['with a member that reads other columns', VOTE, deaf, 'MEMBER_UNFIT', /reads this project's features/],
    ['with a gate without names', GATE, nameless, 'MEMBER_UNFIT', /has to name its classes/],
    [
      'with a regime that the gate does not know',
      { ...GATE, members: [part('gbt', { regime: 'calm' })] },
      known(ours('tcn')),
      'MEMBER_UNFIT',
      /no regime calm: bull, bear, sideways/,
    ],
    [
      'with a meta model of other columns',
      STACK,
      meta({ features: columns(...READ.slice(1), 'x') }),
      'MEMBER_UNFIT',
      /column 0 of the meta model is gbt.flat, not gbt.short/,
    ],
    [
      'with a meta model of fewer columns',
      STACK,
      meta({ features: columns(...READ.slice(1)) }),
      'MEMBER_UNFIT',
      /reads 4 columns, the members answer 5/,
    ],
    ['with a meta model over a window', STACK, meta({ window: 2 }), 'MEMBER_UNFIT', /one row, not a window of 2/],
    [
      'that goes on, with a meta model that takes no missing values',
      goOn,
      meta({ missing: false }),
      'MEMBER_UNFIT',
      /takes no missing values/,
    ],
  ])('%s', (_, ensemble, changed, code, message) => {
    expect(resolve(ensemble, [changed])).toMatchObject({ code, message: expect.stringMatching(message) as string });
  });

  it('not for a meta model that takes missing values, where it goes on', () => {
    expect(resolve(goOn, [meta({ missing: true })])).toMatchObject({ ensemble: { minMembers: 1 } });
  });

  it('naming every version at fault', () => {
    expect(resolve(VOTE, [absent('gbt'), refused])).toMatchObject({
      message: 'gbt@1.0.0 is not there; tcn@1.0.0 is refused: SHA256_MISMATCH flipped',
    });
  });
});

describe("an ensemble's golden rows", () => {
  const rows = (inputs: unknown[], outputs: unknown[]) => ({
    ...{ by: 'numpy', tolerance: { absolute: 1e-12 } },
    inputs: Array.from({ length: 64 }, () => inputs),
    outputs: Array.from({ length: 64 }, () => outputs),
  });
  const NOBODY = ['NaN', 'NaN', 'NaN'];
  const goOn = { ...VOTE, on_failure: 'go_on' };

  it.each<[string, object, object]>([
    ['the mean by weight', VOTE, rows([0.6, 0.3, 0.1, 0.3, 0.3, 0.4], [0.5, 0.3, 0.2])],
    ['an abstention, where a member did not answer', VOTE, rows([...NOBODY, 0.3, 0.3, 0.4], NOBODY)],
    ['the others, where it goes on', goOn, rows([...NOBODY, 0.3, 0.3, 0.4], [0.3, 0.3, 0.4])],
    ["the regime's member", GATE, rows([0.2, 0.7, 0.1, ...NOBODY, 0.3, 0.3, 0.4], [0.3, 0.3, 0.4])],
  ])('agree: %s', (_, ensemble, golden) => expect(resolve(ensemble, [], golden)).toHaveProperty('ensemble'));

  it.each<[string, object, object, RegExp]>([
    ['another answer', VOTE, rows([0.6, 0.3, 0.1, 0.3, 0.3, 0.4], [0.4, 0.3, 0.3]), /golden row 0 differs by 1.00e-1/],
    ['an answer where it abstains', VOTE, rows([...NOBODY, 0.3, 0.3, 0.4], [0.3, 0.3, 0.4]), /differs by Infinity/],
    [
      'rows of other members',
      GATE,
      rows([0.6, 0.3, 0.1, 0.3, 0.3, 0.4], [0.5, 0.3, 0.2]),
      /has 6 numbers, the model has 9/,
    ],
    ['a stack, whose meta model has its own', STACK, rows([], []), /beside its meta model/],
  ])('refuse it: %s', (_, ensemble, golden, message) => {
    const why = { code: 'GOLDEN_MISMATCH', message: expect.stringMatching(message) as string };
    expect(resolve(ensemble, [], golden)).toMatchObject(why);
  });
});

describe('what a meta model reads', () => {
  const answer = (name: string, version: string, classes: readonly string[] | null, count = 3) => {
    return { name, version, classes, columns: count };
  };
  it.each([
    ['the classes of each member', [answer('gbt', '1.0.0', CLASSES)], ['gbt.short', 'gbt.flat', 'gbt.long']],
    ['numbers, where they are no classes', [answer('wave', '1.0.0', null, 2)], ['wave.0', 'wave.1']],
    [
      'with the version, where two of one model are members',
      [answer('up', '1.0.0', ['p'], 1), answer('up', '2.0.0', ['p'], 1)],
      ['up@1.0.0.p', 'up@2.0.0.p'],
    ],
  ])('%s', (_, members, names) => expect(stackColumns(members)).toEqual(names));
});

import { describe, expect, it } from 'vitest';
import { canaryAct, judgeAct, type Act, type Circumstances } from './acts.js';
import { UNDECIDED, type Standing } from './standing.js';

const version = (name: string, unfit?: string, trades = true) => ({ version: name, trades, unfit });
const VERSIONS = [version('1.0.0'), version('2.0.0'), version('3.0.0', 'SHA256_MISMATCH not the file')];
const at = '2026-01-01T00:00:00.000Z';

/** gbt, of which 1.0.0 serves and three versions lie there; `standing` says what differs from an undecided one. */
function told(
  act: Act,
  { standing = {}, ...now }: Partial<Omit<Circumstances, 'standing'>> & { standing?: Partial<Standing> } = {},
  from: string | null = '1.0.0',
) {
  const circumstances = { versions: VERSIONS, serving: '1.0.0', ...now, standing: { ...UNDECIDED, ...standing } };
  const done = judgeAct({ name: 'gbt', act, at, who: 'ada', from }, circumstances);
  return 'code' in done ? done.code : `${done.action} ${done.version} from ${done.from}`;
}
const activate = (to: string): Act => ({ action: 'activate', version: to });

describe('an act', () => {
  it.each<[string, ReturnType<typeof told>, string]>([
    ['activates what is ready', told(activate('2.0.0')), 'activate 2.0.0 from 1.0.0'],
    ['activates what serves already', told(activate('1.0.0')), 'activate 1.0.0 from 1.0.0'],
    ['activates where nothing serves', told(activate('2.0.0'), { serving: null }, null), 'activate 2.0.0 from null'],
    ['activates nothing that is refused', told(activate('3.0.0')), 'NOT_READY'],
    ['activates nothing that is not there', told(activate('9.0.0')), 'VERSION_UNKNOWN'],
    ['touches no name that is not there', told(activate('2.0.0'), { versions: [] }), 'MODEL_UNKNOWN'],
    [
      'lets nothing trade that serves no timeframes',
      told(activate('2.0.0'), { versions: [version('1.0.0'), version('2.0.0', undefined, false)] }),
      'NOT_FOR_TRADING',
    ],
    ['is refused where another version serves', told(activate('2.0.0'), { serving: '2.0.0' }), 'CONFLICT'],
    ['is refused where something serves all the same', told(activate('2.0.0'), {}, null), 'CONFLICT'],
    ['is refused where nothing serves any more', told(activate('2.0.0'), { serving: null }), 'CONFLICT'],
    ['does not change what is pinned', told(activate('2.0.0'), { standing: { pinned: true } }), 'PINNED'],
    [
      'returns to the version before',
      told({ action: 'rollback' }, { standing: { before: ['2.0.0'] } }),
      'rollback 2.0.0 from 1.0.0',
    ],
    [
      'does not return to what serves',
      told({ action: 'rollback' }, { standing: { before: ['2.0.0', '1.0.0'] } }),
      'rollback 2.0.0 from 1.0.0',
    ],
    ['returns to nothing where nothing was', told({ action: 'rollback' }), 'NOTHING_BEFORE'],
    [
      'returns to nothing that is refused',
      told({ action: 'rollback' }, { standing: { before: ['3.0.0'] } }),
      'NOT_READY',
    ],
    [
      'does not return from what is pinned',
      told({ action: 'rollback' }, { standing: { before: ['2.0.0'], pinned: true } }),
      'PINNED',
    ],
    ['runs a version in shadow', told({ action: 'shadow', version: '2.0.0' }), 'shadow 2.0.0 from 1.0.0'],
    [
      'runs one in shadow of what is pinned',
      told({ action: 'shadow', version: '2.0.0' }, { standing: { pinned: true } }),
      'shadow 2.0.0 from 1.0.0',
    ],
    ['runs nothing in its own shadow', told({ action: 'shadow', version: '1.0.0' }), 'IN_USE'],
    ['ends the shadow of a refused one', told({ action: 'unshadow', version: '3.0.0' }), 'unshadow 3.0.0 from 1.0.0'],
    ['makes a canary', told(canaryAct('2.0.0', 0.1)), 'canary 2.0.0 from 1.0.0'],
    ['makes none of what serves', told(canaryAct('1.0.0', 0.1)), 'IN_USE'],
    ['makes none where nothing serves', told(canaryAct('2.0.0', 0.1), { serving: null }, null), 'NOT_READY'],
    ['makes none beside what is pinned', told(canaryAct('2.0.0', 0.1), { standing: { pinned: true } }), 'PINNED'],
    [
      'withdraws a canary by its share of nothing',
      told(canaryAct('2.0.0', 0), { standing: { canary: { version: '2.0.0', share: 0.1 } } }),
      'uncanary 2.0.0 from 1.0.0',
    ],
    [
      'withdraws no other',
      told(canaryAct('2.0.0', 0), { standing: { canary: { version: '3.0.0', share: 0.1 } } }),
      'NO_CANARY',
    ],
    ['pins what serves', told({ action: 'pin' }), 'pin 1.0.0 from 1.0.0'],
    ['pins nothing where nothing serves', told({ action: 'pin' }, { serving: null }, null), 'NOT_READY'],
    ['unpins', told({ action: 'unpin' }, { standing: { pinned: true } }), 'unpin 1.0.0 from 1.0.0'],
    [
      'unpins what is pinned and cannot serve any more',
      told({ action: 'unpin' }, { serving: null, standing: { choice: '3.0.0', pinned: true } }, null),
      'unpin 3.0.0 from null',
    ],
    ['removes what nobody needs', told({ action: 'remove', version: '3.0.0' }), 'remove 3.0.0 from 1.0.0'],
    ['does not remove what serves', told({ action: 'remove', version: '1.0.0' }), 'IN_USE'],
    ['nor a shadow', told({ action: 'remove', version: '2.0.0' }, { standing: { shadows: ['2.0.0'] } }), 'IN_USE'],
    [
      'nor a canary',
      told({ action: 'remove', version: '2.0.0' }, { standing: { canary: { version: '2.0.0', share: 1 } } }),
      'IN_USE',
    ],
    [
      'nor what a rollback returns to',
      told({ action: 'remove', version: '2.0.0' }, { standing: { before: ['2.0.0'] } }),
      'IN_USE',
    ],
  ])('%s', (_, outcome, expected) => expect(outcome).toBe(expected));

  it('keeps its share and its reason', () => {
    const asked = { name: 'gbt', at, who: 'ada', from: '1.0.0', reason: 'cautiously', act: canaryAct('2.0.0', 0.25) };
    expect(judgeAct(asked, { versions: VERSIONS, serving: '1.0.0', standing: UNDECIDED })).toEqual({
      ...{ at, who: 'ada', action: 'canary', name: 'gbt', version: '2.0.0', from: '1.0.0' },
      ...{ share: 0.25, reason: 'cautiously' },
    });
  });

  it('says what serves where somebody else was first', () => {
    const asked = { name: 'gbt', at, who: 'bob', from: '1.0.0', act: activate('1.0.0') };
    const refusal = judgeAct(asked, { versions: VERSIONS, serving: '2.0.0', standing: UNDECIDED });
    expect(refusal).toEqual({ code: 'CONFLICT', message: 'gbt@2.0.0 serves now, not 1.0.0: look again, then decide' });
  });
});

import { describe, expect, it } from 'vitest';
import type { ModelEvent } from './model-event.js';
import { standings } from './standing.js';

const at = '2026-01-01T00:00:00Z';
const event = (
  action: ModelEvent['action'],
  version: string,
  from: string | null = null,
  share?: number,
): ModelEvent => ({
  ...{ at, who: 'ada', action, name: 'gbt', version, from },
  ...(share !== undefined && { share }),
});
const after = (...events: ModelEvent[]) => standings(events).get('gbt')!;

describe('what was decided about a model', () => {
  it.each<[string, ModelEvent[], object]>([
    ['an import leaves what serves in place', [event('import', '2.0.0', '1.0.0')], { choice: '1.0.0', before: [] }],
    ['so does a version that is noticed', [event('notice', '2.0.0', '1.0.0')], { choice: '1.0.0', activatedAt: null }],
    ['a certificate made anew decides nothing', [event('certify', '1.0.0', '1.0.0')], { choice: 'newest' }],
    ['the first import of a name serves nothing', [event('import', '1.0.0')], { choice: null }],
    [
      'an activated version serves, and the one before is remembered',
      [event('activate', '2.0.0', '1.0.0')],
      { choice: '2.0.0', before: ['1.0.0'], activatedAt: at },
    ],
    [
      'activating what serves remembers nothing',
      [event('activate', '1.0.0', '1.0.0')],
      { choice: '1.0.0', before: [], activatedAt: null },
    ],
    [
      'a rollback returns to it, and nothing is on probation',
      [event('activate', '2.0.0', '1.0.0'), event('rollback', '1.0.0', '2.0.0')],
      { choice: '1.0.0', before: [], activatedAt: null },
    ],
    [
      'and the next one to the one before that',
      [event('activate', '2.0.0', '1.0.0'), event('activate', '3.0.0', '2.0.0'), event('rollback', '2.0.0', '3.0.0')],
      { choice: '2.0.0', before: ['1.0.0'] },
    ],
    ['a shadow runs beside', [event('shadow', '2.0.0')], { choice: 'newest', shadows: ['2.0.0'] }],
    ['until it is activated', [event('shadow', '2.0.0'), event('activate', '2.0.0', '1.0.0')], { shadows: [] }],
    ['or taken out', [event('shadow', '2.0.0'), event('unshadow', '2.0.0')], { shadows: [] }],
    [
      'a canary has its share',
      [event('canary', '2.0.0', '1.0.0', 0.1)],
      { choice: 'newest', canary: { version: '2.0.0', share: 0.1 } },
    ],
    [
      'of two, the later one stays',
      [event('canary', '2.0.0', '1.0.0', 0.1), event('canary', '3.0.0', '1.0.0', 0.5)],
      { canary: { version: '3.0.0', share: 0.5 } },
    ],
    [
      'a version is shadow or canary, not both',
      [event('shadow', '2.0.0', '1.0.0'), event('canary', '2.0.0', '1.0.0', 0.1)],
      { shadows: [], canary: { version: '2.0.0' } },
    ],
    [
      'and a canary that becomes a shadow votes no more',
      [event('canary', '2.0.0', '1.0.0', 0.1), event('shadow', '2.0.0', '1.0.0')],
      { shadows: ['2.0.0'], canary: null },
    ],
    [
      'a canary that is activated is none any more',
      [event('canary', '2.0.0', '1.0.0', 0.1), event('activate', '2.0.0', '1.0.0')],
      { choice: '2.0.0', canary: null },
    ],
    ['or is withdrawn', [event('canary', '2.0.0', '1.0.0', 0.1), event('uncanary', '2.0.0')], { canary: null }],
    [
      'a pin keeps what serves and ends the canary',
      [event('canary', '2.0.0', '1.0.0', 0.1), event('pin', '1.0.0', '1.0.0')],
      { choice: '1.0.0', pinned: true, canary: null },
    ],
    ['until it is unpinned', [event('pin', '1.0.0', '1.0.0'), event('unpin', '1.0.0', '1.0.0')], { pinned: false }],
    [
      'a removed version is nothing to return to',
      [event('activate', '2.0.0', '1.0.0'), event('remove', '1.0.0')],
      { before: [] },
    ],
  ])('%s', (_, events, standing) => expect(after(...events)).toMatchObject(standing));

  it('is nothing for a name that nobody touched', () => expect(standings([]).get('gbt')).toBeUndefined());
});

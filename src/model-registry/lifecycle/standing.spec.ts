import { describe, expect, it } from 'vitest';
import { standings, type ModelEvent } from './standing.js';

const at = '2026-01-01T00:00:00Z';
const event = (action: ModelEvent['action'], version: string, from: string | null = null): ModelEvent => ({
  ...{ at, who: 'ada', action, name: 'gbt', version, from },
});
const after = (...events: ModelEvent[]) => standings(events).get('gbt')!;

describe('what people decided about a model', () => {
  it.each<[string, ModelEvent[], object]>([
    ['an import leaves what serves in place', [event('import', '2.0.0', '1.0.0')], { choice: '1.0.0', before: [] }],
    ['a certificate made anew decides nothing', [event('certify', '1.0.0', '1.0.0')], { choice: 'newest' }],
    ['the first import of a name serves nothing', [event('import', '1.0.0')], { choice: null }],
    [
      'an activated version serves, and the one before is remembered',
      [event('activate', '2.0.0', '1.0.0')],
      { choice: '2.0.0', before: ['1.0.0'] },
    ],
    [
      'activating what serves remembers nothing',
      [event('activate', '1.0.0', '1.0.0')],
      { choice: '1.0.0', before: [] },
    ],
    [
      'a rollback returns to it',
      [event('activate', '2.0.0', '1.0.0'), event('rollback', '1.0.0', '2.0.0')],
      { choice: '1.0.0', before: [] },
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
      'a removed version is nothing to return to',
      [event('activate', '2.0.0', '1.0.0'), event('remove', '1.0.0')],
      { before: [] },
    ],
  ])('%s', (_, events, standing) => expect(after(...events)).toMatchObject(standing));

  it('is nothing for a name that nobody touched', () => expect(standings([]).get('gbt')).toBeUndefined());
});

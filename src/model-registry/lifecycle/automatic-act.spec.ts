import { describe, expect, it } from 'vitest';
import type { Alert, AlertCode } from '../../domain/alert.js';
import { answerTo, reasonOf } from './automatic-act.js';
import { UNDECIDED, type Standing } from './standing.js';

const HOUR = 3_600_000;
const ACTIVATED = Date.parse('2026-01-01T00:00:00Z');
/** 2.0.0 was activated over 1.0.0 a minute ago. */
const ON_PROBATION: Standing = {
  ...UNDECIDED,
  ...{ choice: '2.0.0', before: ['1.0.0'], activatedAt: new Date(ACTIVATED).toISOString() },
};
const WITH_CANARY: Standing = { ...UNDECIDED, choice: '2.0.0', canary: { version: '3.0.0', share: 0.1 } };

interface Told {
  readonly code?: AlertCode;
  readonly state?: Alert['state'];
  readonly version?: string | null;
  readonly standing?: Standing;
  readonly serving?: string | null;
  readonly later?: number;
  readonly windowMs?: number;
}

function answer({ code = 'DRIFT', state = 'raised', version = '2.0.0', ...now }: Told): string {
  const { standing = ON_PROBATION, serving = '2.0.0', later = 60_000, windowMs = HOUR } = now;
  const model = version === null ? null : { name: 'gbt', version };
  return answerTo({ code, state, model }, { standing, serving, now: ACTIVATED + later, windowMs })?.action ?? 'nothing';
}

describe('what is done about an alert, unasked', () => {
  it.each<[string, Told, string]>([
    ['a version on probation drifts', {}, 'rollback'],
    ['it is slow', { code: 'INFERENCE_LATENCY' }, 'rollback'],
    ['it answers no numbers', { code: 'BAD_ANSWERS' }, 'rollback'],
    ['it misses its deadlines', { code: 'MISSED_DEADLINES' }, 'rollback'],
    ['it decides otherwise than others', { code: 'FLIP_RATE' }, 'rollback'],
    ['the version before it decides otherwise', { code: 'FLIP_RATE', version: '1.0.0' }, 'rollback'],
    ['the version before it drifts', { version: '1.0.0' }, 'nothing'],
    ['another shadow decides otherwise', { code: 'FLIP_RATE', version: '3.0.0' }, 'nothing'],
    ['the whole path is slow', { code: 'LATENCY' }, 'nothing'],
    ['many rows abstain', { code: 'ABSTENTION_RATE' }, 'nothing'],
    ['jobs queue up', { code: 'QUEUE_DEPTH' }, 'nothing'],
    ['an alert is cleared', { state: 'cleared' }, 'nothing'],
    ['an alert names no model', { version: null }, 'nothing'],
    ['the probation has just not ended', { later: HOUR - 1 }, 'rollback'],
    ['it has ended', { later: HOUR }, 'nothing'],
    ['there is none', { windowMs: 0 }, 'nothing'],
    ['it is pinned', { standing: { ...ON_PROBATION, pinned: true } }, 'nothing'],
    ['nothing served before', { standing: { ...ON_PROBATION, before: [] } }, 'nothing'],
    ['it was rolled back already', { standing: { ...ON_PROBATION, activatedAt: null } }, 'nothing'],
    ['what was activated could not serve', { serving: '1.0.0', version: '1.0.0' }, 'nothing'],
    ['a canary drifts', { standing: WITH_CANARY, version: '3.0.0' }, 'uncanary'],
    ['a canary decides otherwise', { standing: WITH_CANARY, version: '3.0.0', code: 'FLIP_RATE' }, 'uncanary'],
    ['what serves beside a canary drifts', { standing: WITH_CANARY }, 'nothing'],
    ['the whole path is slow beside a canary', { standing: WITH_CANARY, version: '3.0.0', code: 'LATENCY' }, 'nothing'],
  ])('when %s: %j', (_, told, expected) => expect(answer(told)).toBe(expected));

  it('is told by the code, the value and the limit', () => {
    const alert: Alert = {
      ...{ id: 'DRIFT/gbt@2.0.0/5m/0', code: 'DRIFT', state: 'raised', model: { name: 'gbt', version: '2.0.0' } },
      ...{ timeframe: '5m', value: 0.312345678, limit: 0.25, message: 'look at it', at: 0 },
    };
    expect(reasonOf(alert)).toBe('DRIFT: 0.312346, limit 0.25, on 5m');
    expect(reasonOf({ ...alert, timeframe: null, value: 3 })).toBe('DRIFT: 3, limit 0.25');
  });
});

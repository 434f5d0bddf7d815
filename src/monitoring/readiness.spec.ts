import { describe, expect, it } from 'vitest';
import { readinessOf, type Circumstances } from './readiness.js';

const WELL: Circumstances = {
  models: { ready: true, reason: undefined },
  feed: { connected: true, fresh: true, disconnectedBecause: null },
  database: undefined,
};

describe('ready', () => {
  it.each<[string, Partial<Circumstances>, string[]]>([
    ['all is well', {}, []],
    ['some models refused, one serves', { models: { ready: true, reason: 'refused: a@1' } }, []],
    ['no model yet', { models: { ready: false, reason: 'models are not loaded yet' } }, ['NO_MODEL']],
    [
      'connected but silent',
      { feed: { connected: true, fresh: false, disconnectedBecause: null } },
      ['FEED_NOT_FRESH'],
    ],
    ['stream lost', { feed: { connected: false, fresh: false, disconnectedBecause: '1006' } }, ['FEED_NOT_FRESH']],
    ['database gone', { database: 'ECONNREFUSED' }, ['DATABASE_SILENT']],
    [
      'nothing works: every reason at once',
      {
        models: { ready: false, reason: undefined },
        feed: { connected: false, fresh: false, disconnectedBecause: null },
        database: 'x',
      },
      ['NO_MODEL', 'FEED_NOT_FRESH', 'DATABASE_SILENT'],
    ],
  ])('%s', (_name, circumstances, codes) => {
    const { status, reasons } = readinessOf({ ...WELL, ...circumstances });
    expect(reasons.map(({ code }) => code)).toEqual(codes);
    expect(status).toBe(codes.length === 0 ? 'ready' : 'not_ready');
    for (const { message } of reasons) expect(message).not.toBe('');
  });
});

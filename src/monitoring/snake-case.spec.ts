import { expect, it } from 'vitest';
import { snakeCase } from './snake-case.js';

it.each([
  [
    'keys',
    { openPositions: 1, p99: 2, byReason: { TOO_FEW: 3 } },
    { open_positions: 1, p99: 2, by_reason: { TOO_FEW: 3 } },
  ],
  ['codes and symbols stay', { 'BTC/USDT': 1, NO_MODEL: 2, '1m': 3 }, { 'BTC/USDT': 1, NO_MODEL: 2, '1m': 3 }],
  [
    'times',
    { openTime: 0, lastMessageAt: 0.5, at: 1, day: 0 },
    {
      open_time: '1970-01-01T00:00:00.000Z',
      last_message_at: '1970-01-01T00:00:00.000Z',
      at: '1970-01-01T00:00:00.001Z',
      day: '1970-01-01T00:00:00.000Z',
    },
  ],
  ['what is no time', { uptime: 5, startedAt: null }, { uptime: 5, started_at: null }],
  ['what JSON cannot hold', { a: NaN, b: Infinity, c: undefined, d: 12n }, { a: null, b: null, c: null, d: '12' }],
  [
    'maps and lists',
    { list: [{ isIn: true }], map: new Map([['aB', 1]]) },
    { list: [{ is_in: true }], map: { a_b: 1 } },
  ],
])('%s', (_name, value, expected) => {
  expect(snakeCase(value)).toEqual(expected);
});

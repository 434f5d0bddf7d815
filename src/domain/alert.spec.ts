import { expect, it } from 'vitest';
import { alertJson } from './alert-json.js';
import { alertId, raisedAt, watchedKey, type Alert, type Watched } from './alert.js';

const GBT = { name: 'gbt', version: '1.0.0' };

it.each<[string, Watched, string]>([
  ['one model on one timeframe', { code: 'DRIFT', model: GBT, timeframe: '1m' }, 'DRIFT/gbt@1.0.0/1m/1764000000000'],
  ['one timeframe', { code: 'LATENCY', model: null, timeframe: '5m' }, 'LATENCY/-/5m/1764000000000'],
  ['the whole service', { code: 'QUEUE_DEPTH', model: null, timeframe: null }, 'QUEUE_DEPTH/-/-/1764000000000'],
])('the id of an alert on %s says what, where, since when', (_, watched, id) => {
  expect(alertId(watched, 1_764_000_000_000.7)).toBe(id);
  expect(id.startsWith(`${watchedKey(watched)}/`)).toBe(true);
  expect(raisedAt({ id })).toBe(1_764_000_000_000);
});

it('a cleared alert still says when it was raised', () => {
  const watched = { code: 'INFERENCE_LATENCY', model: GBT, timeframe: '1m' } as const;
  const alert: Alert = {
    ...{ ...watched, id: alertId(watched, 1_764_000_000_000), state: 'cleared', value: 12.5, limit: 500 },
    ...{ message: 'it is over', at: 1_764_000_060_000 },
  };
  expect(alertJson(alert)).toEqual({
    ...{ id: 'INFERENCE_LATENCY/gbt@1.0.0/1m/1764000000000', code: 'INFERENCE_LATENCY', state: 'cleared' },
    ...{ model: 'gbt', version: '1.0.0', timeframe: '1m', value: 12.5, limit: 500, message: 'it is over' },
    ...{ raised_at: '2025-11-24T16:00:00.000Z', at: '2025-11-24T16:01:00.000Z' },
  });
});

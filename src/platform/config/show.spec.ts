import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { expect, test } from 'vitest';
import { load } from './load.js';
import { schema, type Config } from './schema.js';
import { redact, show } from './show.js';

function configOf(environment: Record<string, string>): Config {
  const loaded = load(environment);
  if ('faults' in loaded) throw new Error(JSON.stringify(loaded.faults));
  return loaded.config;
}

test.each([
  ['DATABASE_URL', 'postgres://me:hunter2@db:5432/x', 'postgres://me:***@db:5432/x'],
  ['DATABASE_URL', 'postgres://me:hu:nt@er2@db/x?sslmode=require', 'postgres://me:***@db/x?sslmode=require'],
  ['DATABASE_URL', 'postgres://db/x?user=me&password=hunter2&a=b', 'postgres://db/x?user=me&password=***&a=b'],
  ['DATABASE_URL', 'hunter2', '***'],
  ['BINANCE_REST_URL', 'https://me:hunter2@proxy/', 'https://me:***@proxy/'],
  ['BINANCE_REST_URL', 'https://api.binance.com', 'https://api.binance.com'],
  ['ALPHAPULSE_API_KEY', 'hunter2', '***'],
  ['PORT', '3000', '3000'],
  ['ALERT_WEBHOOK_URL', 'https://hooks.example/T01/B02/hunter2?t=hunter2', 'https://hooks.example/***'],
  ['ALERT_WEBHOOK_URL', 'https://me:hunter2@hooks.example:8443', 'https://hooks.example:8443/***'],
  ['ALERT_WEBHOOK_URL', 'hooks.example/hunter2', '***'],
  ['ALERT_WEBHOOK_URL', '', ''],
])('%s=%s prints as %s', (key, value, printed) => {
  expect(redact(key, value)).toBe(printed);
});

test('what is shown can be loaded again, and means the same', () => {
  const config = configOf({ SYMBOLS: 'BTC/USDT,ETH/USDT', CORS_ORIGINS: 'http://a.test' });
  expect(configOf(parseEnv(show(config)) as Record<string, string>)).toEqual(config);
});

test('.env.example lists exactly the keys there are, each with its default', () => {
  const example = readFileSync('.env.example', 'utf8').replace(/^# (?=[A-Z_]+=)/gm, '');
  const keys = parseEnv(example) as Record<string, string>;
  expect(Object.keys(keys).sort()).toEqual(Object.keys(schema.shape).sort());
  expect(configOf({ ...keys, DATABASE_URL: '' })).toEqual(configOf({}));
});

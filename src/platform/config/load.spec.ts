import { expect, test } from 'vitest';
import { describeFaults, load, type ConfigFault } from './load.js';
import type { Config } from './schema.js';

function configOf(environment: Record<string, string>): Config {
  const loaded = load(environment);
  if ('faults' in loaded) throw new Error(describeFaults(loaded.faults));
  return loaded.config;
}

function faultsOf(environment: Record<string, string>): readonly ConfigFault[] {
  const loaded = load(environment);
  return 'faults' in loaded ? loaded.faults : [];
}

test('without any key, the defaults hold', () => {
  expect(configOf({ PATH: '/bin' })).toMatchObject({
    PORT: 3000,
    HOST: '127.0.0.1',
    EXCHANGE: 'simulator',
    SYMBOLS: 50,
  });
});

test('an empty or blank value counts as not set', () => {
  expect(configOf({ PORT: '', DATABASE_URL: '  ' })).toEqual(configOf({}));
});

test.each([
  [{ SYMBOLS: 'BTC/USDT, ETH/USDT' }, { SYMBOLS: ['BTC/USDT', 'ETH/USDT'] }],
  [{ TIMEFRAMES: '1h,1m' }, { TIMEFRAMES: ['1m', '1h'] }],
  [{ ONNX_ENABLED: 'False' }, { ONNX_ENABLED: false }],
  [{ CORS_ORIGINS: 'http://a.test,http://b.test' }, { CORS_ORIGINS: ['http://a.test', 'http://b.test'] }],
])('%j is read as %j', (environment, expected) => {
  expect(configOf(environment as unknown as Record<string, string>)).toMatchObject(expected);
});

test.each([
  ['PORT', '70000', 'a whole number from 0 to 65535 is allowed'],
  ['PORT', '3000x', 'a whole number from 0 to 65535 is allowed'],
  ['SIMULATOR_SPEED', '0', 'a number from 1 to 3600 is allowed'],
  ['EXCHANGE', 'kraken', 'one of simulator, binance is allowed'],
  ['ONNX_ENABLED', 'maybe', 'true or false'],
  ['TIMEFRAMES', '7m', 'unknown timeframe "7m"; allowed: 1m 5m 15m 1h 4h 1d'],
  ['SYMBOLS', 'BTC?', '"BTC?" is no pair; write BTC/USDT'],
  ['ALPHAPULSE_HOMEE', 'x', 'no such key; did you mean ALPHAPULSE_HOME?'],
  ['ALPHAPULSE_COLOUR', 'red', 'no such key'],
  ['ALPHAPULSE_LOG_LEVLE', 'info', 'no such key; did you mean LOG_LEVEL?'],
])('%s=%s is refused: %s', (key, value, message) => {
  expect(faultsOf({ [key]: value })).toEqual([{ key, value, message }]);
});

test('every fault is named at once, a password in none of them', () => {
  const faults = faultsOf({
    PORT: 'x',
    EXCHANGE: 'y',
    DATABASE_URL: 'mysql://me:hunter2@db/x',
    ALPHAPULSE_X_SECRET: 'hunter2',
  });
  expect(faults.map(({ key }) => key)).toEqual(['PORT', 'DATABASE_URL', 'EXCHANGE', 'ALPHAPULSE_X_SECRET']);
  expect(describeFaults(faults)).not.toContain('hunter2');
});

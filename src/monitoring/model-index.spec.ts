import { expect, test } from 'vitest';
import { modelIndex } from './model-index.js';

test.each([
  ['active', undefined, true, { state: 'READY', reason: '' }],
  ['standby', undefined, true, { state: 'READY', reason: '' }],
  ['standby', undefined, false, { state: 'UNAVAILABLE', reason: 'standby' }],
  [
    'refused',
    { code: 'CHECKSUM', message: 'another file' },
    false,
    { state: 'UNAVAILABLE', reason: 'CHECKSUM: another file' },
  ],
])('a version that is %s (%o), loaded: %s', (state, refusal, loaded, entry) => {
  const version = { name: 'gbt', version: '1.0.0' };
  expect(modelIndex([{ ...version, state, refusal }], loaded ? [version] : [])).toEqual([{ ...version, ...entry }]);
});

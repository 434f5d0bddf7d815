import { expect, test } from 'vitest';
import { scrub } from './scrub.js';

test.each([
  ['key ap_abcdefghijklmnopqrstuvwxyz0123456789-_ refused', 'key ap_*** refused'],
  ['GET /ws?ticket=abc-DEF_1&x=1', 'GET /ws?ticket=***&x=1'],
  ['postgres://me:hunter2@db:5432/x is down', 'postgres://me:***@db:5432/x is down'],
  ['{"authorization":"Bearer secret"}', '{"authorization":"Bearer ***"}'],
  ['http://127.0.0.1:3000/docs and ap_short stay', 'http://127.0.0.1:3000/docs and ap_short stay'],
])('%s', (text, printed) => {
  expect(scrub(text)).toBe(printed);
});

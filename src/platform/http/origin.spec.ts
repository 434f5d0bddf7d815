import { expect, test } from 'vitest';
import { isLoopback, mayOpenSocket } from './origin.js';

test.each([
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['::1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.5', false],
  ['127.0.0.1.evil.test', false],
])('%s is loopback: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});

test.each([
  ['no browser', undefined, true],
  ['the page we serve', 'http://localhost:3000', true],
  ['an origin of CORS_ORIGINS', 'https://desk.example', true],
  ['another port of this machine', 'http://localhost:8080', false],
  ['a stranger', 'https://evil.example', false],
  ['a sandboxed page', 'null', false],
])('a websocket from %s (%s): %s', (_, origin, expected) => {
  expect(mayOpenSocket(origin, 'localhost:3000', ['https://desk.example'])).toBe(expected);
});

import { expect, test } from 'vitest';
import { FIRST_START, resume } from './simulated-market.js';

test.each([
  ['a first start begins at the first instant', 42, undefined, undefined, { start: FIRST_START }],
  ['a second start goes on', 42, { seed: 42, exchangeTime: FIRST_START + 5 }, undefined, { start: FIRST_START + 5 }],
  ['after a crash, never behind the data', 42, { seed: 42, exchangeTime: 5 }, 60_000, { start: 60_000 }],
  ['without its file, from the data', 42, undefined, FIRST_START + 60_000, { start: FIRST_START + 60_000 }],
  ['another seed without data is a new market', 7, { seed: 42, exchangeTime: 5 }, undefined, { start: FIRST_START }],
])('%s', (_, seed, saved, newest, expected) => {
  expect(resume(seed, saved, newest)).toEqual(expected);
});

test('another seed on existing data is refused, naming both', () => {
  const resumed = resume(7, { seed: 42, exchangeTime: 5 }, 60_000);
  expect(resumed).toMatchObject({ refused: expect.stringMatching(/SIMULATOR_SEED=42.* 7/) as string });
});

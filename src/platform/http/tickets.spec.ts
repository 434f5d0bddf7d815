import { expect, test } from 'vitest';
import { TICKET_LIFE_MS, Tickets } from './tickets.js';

test('a ticket opens one socket, once', () => {
  const tickets = new Tickets();
  tickets.issue('a', 1_000);
  expect([tickets.redeem('a', 1_001), tickets.redeem('a', 1_002)]).toEqual([true, false]);
});

test('a ticket ends after its life', () => {
  const tickets = new Tickets();
  const end = tickets.issue('a', 1_000);
  tickets.issue('b', 1_000);
  expect(end).toBe(1_000 + TICKET_LIFE_MS);
  expect([tickets.redeem('a', end - 1), tickets.redeem('b', end)]).toEqual([true, false]);
});

test('a ticket that was never issued opens nothing', () => {
  expect(new Tickets().redeem('x', 0)).toBe(false);
});

test('unused tickets do not pile up: of too many, the oldest are forgotten', () => {
  const tickets = new Tickets();
  for (let i = 0; i < 1_500; i++) tickets.issue(`t${i}`, 0);
  expect([tickets.redeem('t499', 1), tickets.redeem('t500', 1), tickets.redeem('t1499', 1)]).toEqual([
    false,
    true,
    true,
  ]);
});

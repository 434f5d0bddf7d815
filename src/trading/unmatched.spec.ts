import { expect, it } from 'vitest';
import { BTC, ETH, flatAt } from '../../test/builders/trading.js';
import { refusesTheRow, TRIES, Unmatchable, Unmatched } from './unmatched.js';

const failure = (symbol: typeof BTC = BTC) => new Unmatchable(symbol, new Error('no position of that size'));

it('hands out candles in order, each until it is done', () => {
  const unmatched = new Unmatched();
  unmatched.push([flatAt(0, 100), flatAt(1, 100)]);
  expect([unmatched.next()?.openTime, unmatched.next()?.openTime]).toEqual([
    flatAt(0, 1).openTime,
    flatAt(0, 1).openTime,
  ]);
  unmatched.done();
  expect([unmatched.next()?.openTime, unmatched.count]).toEqual([flatAt(1, 1).openTime, 1]);
});

it('a symbol is parked at its third failure in a row, with the reason, and only that symbol', () => {
  const unmatched = new Unmatched();
  expect(Array.from({ length: TRIES }, () => unmatched.failed(failure()))).toEqual([false, false, true]);
  expect([unmatched.isParked(BTC), unmatched.isParked(ETH)]).toEqual([true, false]);
  expect(unmatched.parked).toEqual([{ symbol: BTC, reason: 'BTC/USDT: no position of that size' }]);
  unmatched.release(BTC);
  expect(unmatched.parked).toEqual([]);
});

it('a candle that succeeds at last wipes its failures out', () => {
  const unmatched = new Unmatched();
  unmatched.push([flatAt(0, 100), flatAt(1, 100)]);
  unmatched.failed(failure());
  unmatched.failed(failure());
  unmatched.done();
  expect(unmatched.failed(failure())).toBe(false);
});

it.each<[string, unknown, boolean]>([
  ['a check that a row violates', { code: '23514' }, true],
  ['a number too large', { code: '22003' }, true],
  ['a trigger that raises', { code: 'P0001' }, true],
  ['a lost connection', { code: 'ECONNRESET' }, false],
  ['a server that ends', { code: '57P01' }, false],
  ['a full disk', { code: '53100' }, false],
  ['a deadlock', { code: '40P01' }, false],
  ['no code at all', {}, false],
])('the row is refused by %s: %o %s', (_, fields, expected) => {
  expect(refusesTheRow(Object.assign(new Error('x'), fields))).toBe(expected);
});

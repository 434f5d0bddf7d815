import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillFor, orderOf } from '../../test/builders/trading.js';
import type { Quantity } from '../domain/money.js';
import type { OrderState } from '../domain/order.js';
import { advance, ImpossibleMove, MOVES, NEXT, stateAfter, withFill, type OrderHistory } from './order-states.js';

const STATES = Object.keys(NEXT) as OrderState[];

describe('moves', () => {
  it.each([
    ['intended', 'submit', 'submitted'],
    ['intended', 'cancel', 'cancelled'],
    ['submitted', 'accept', 'accepted'],
    ['submitted', 'reject', 'rejected'],
    ['submitted', 'fill', 'filled'],
    ['accepted', 'cancel', 'cancelled'],
    ['cancelled', 'fill', 'filled'],
  ] as const)('%s, %s: %s', (from, move, to) => expect(stateAfter(from, move)).toBe(to));

  it.each([
    ['intended', 'accept'],
    ['intended', 'fill'],
    ['accepted', 'submit'],
    ['filled', 'cancel'],
    ['filled', 'part'],
    ['rejected', 'fill'],
    ['cancelled', 'accept'],
  ] as const)('%s, %s: cannot happen', (from, move) => expect(stateAfter(from, move)).toBeUndefined());

  it('throws on a move that the table does not have, and keeps the reason of one that it has', () => {
    expect(() => advance(orderOf({ state: 'filled' }), 'cancel')).toThrow(ImpossibleMove);
    expect(advance(orderOf({ state: 'submitted' }), 'reject', 'FILTER_FAILURE')).toMatchObject({
      state: 'rejected',
      reason: 'FILTER_FAILURE',
    });
  });
});

describe('fills', () => {
  const order = orderOf();
  const start: OrderHistory = { order, fills: [] };

  it('fills in parts, then whole', () => {
    const part = withFill(start, fillFor(order, 1, '0.5'));
    expect(part.order.state).toBe('partially_filled');
    expect(withFill(part, fillFor(order, 2, '1.5')).order).toMatchObject({ state: 'filled', filled: order.quantity });
  });

  it('ignores a fill that is on record: the very same history comes back', () => {
    const part = withFill(start, fillFor(order, 1, '0.5'));
    expect(withFill(part, fillFor(order, 1, '0.5'))).toBe(part);
  });

  it('books a fill that overtook the cancel', () => {
    const cancelled = { order: advance(order, 'cancel', 'HALTED'), fills: [] };
    expect(withFill(cancelled, fillFor(order, 1, '0.5')).order).toMatchObject({ state: 'cancelled', reason: 'HALTED' });
    expect(withFill(cancelled, fillFor(order, 1, '2')).order.state).toBe('filled');
  });

  it.each([
    ['more than is left', start, fillFor(order, 1, '2.00000001')],
    ['nothing', start, fillFor(order, 1, '0')],
    ['of another order', start, fillFor(orderOf({ id: 'ap-2' }), 1, '1')],
    ['of the other side', start, fillFor(orderOf({ side: 'sell' }), 1, '1')],
    ['of a rejected order', { order: orderOf({ state: 'rejected' }), fills: [] }, fillFor(order, 1, '1')],
  ])('refuses one: %s', (_, history, fill) => expect(() => withFill(history, fill)).toThrow(ImpossibleMove));
});

it('no sequence of events leaves the table, fills more than the quantity, or counts a fill twice', () => {
  const event = fc.oneof(
    fc.constantFrom('submit', 'accept', 'reject', 'cancel').map((move) => ({ move }) as const),
    fc.record({ n: fc.integer({ min: 1, max: 6 }), units: fc.integer({ min: 0, max: 3 }) }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), (events) => {
      const order = orderOf({ state: 'intended', quantity: 5n as Quantity });
      let history: OrderHistory = { order, fills: [] };
      for (const happened of events) {
        const before = history;
        try {
          if ('move' in happened) history = { ...history, order: advance(history.order, happened.move) };
          else
            history = withFill(history, {
              ...fillFor(order, happened.n, '1'),
              quantity: BigInt(happened.units) as Quantity,
            });
        } catch (error) {
          expect(error).toBeInstanceOf(ImpossibleMove);
          continue;
        }
        const legal = Object.values(NEXT[before.order.state]);
        expect(history === before || legal.includes(history.order.state as never)).toBe(true);
      }
      const { order: end, fills } = history;
      const sum = fills.reduce((total, { quantity }) => total + quantity, 0n);
      expect(STATES).toContain(end.state);
      expect(end.filled).toBe(sum);
      expect(sum <= end.quantity).toBe(true);
      expect(end.state === 'filled').toBe(end.filled === end.quantity);
      expect(new Set(fills.map(({ id }) => id)).size).toBe(fills.length);
    }),
  );
  expect(MOVES).toHaveLength(6);
});

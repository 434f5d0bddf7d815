import { describe, expect, it } from 'vitest';
import { candleAt, COSTS, instrumentOf, MINUTE, orderOf, positionOf, T0 } from '../../../test/builders/trading.js';
import { format } from '../../domain/money.js';
import type { Order } from '../../domain/order.js';
import type { Position } from '../../domain/position.js';
import type { Direction } from '../../domain/signal.js';
import { match } from './paper-book.js';

/** [purpose, price, minutes into T0 in ms] of each fill. Slippage 10 bps, tick 0.01, fee 0.1 %. */
function fillsOf(orders: readonly Order[], position: Position | undefined, ohlc: readonly number[], minute = 1) {
  const executions = match({ orders, position }, candleAt(minute, ohlc), instrumentOf(), COSTS);
  return executions.map(({ order, fill }) => [order.purpose, format(fill.price), fill.filledAt - T0]);
}

const OPEN = MINUTE;
const LAST = 2 * MINUTE - 1;

describe('an entry', () => {
  const buy = orderOf({ createdAt: T0 + MINUTE, stopLoss: null, takeProfit: null });
  const sell = orderOf({ createdAt: T0 + MINUTE, side: 'sell', stopLoss: null, takeProfit: null });

  it.each<[string, Order, readonly number[], string]>([
    ['buys at the open, slipped up onto the tick', buy, [100.004, 101, 99, 100], '100.11'],
    ['sells short at the open, slipped down', sell, [100.004, 101, 99, 100], '99.9'],
  ])('%s', (_, order, ohlc, expected) =>
    expect(fillsOf([order], undefined, ohlc)).toEqual([['entry', expected, OPEN]]),
  );

  it('does not fill at a candle that opened before it was decided', () => {
    expect(fillsOf([buy], undefined, [100, 101, 99, 100], 0)).toEqual([]);
  });

  it.each([
    [15, 1],
    [16, 0],
  ])('whose first candle opens %i minutes later: %i fills', (minutes, fills) => {
    expect(fillsOf([buy], undefined, [100, 101, 99, 100], 1 + minutes)).toHaveLength(fills);
  });

  it('pays its fee in quote, rounded up', () => {
    const [execution] = match(
      { orders: [buy], position: undefined },
      candleAt(1, [100, 100, 100, 100]),
      instrumentOf(),
      COSTS,
    );
    expect(execution!.fill).toMatchObject({ id: 'ap-1/1', quantity: buy.quantity });
    expect(format(execution!.fill.fee)).toBe('0.2002'); // 2 × 100.1 × 0.1 %
  });
});

describe('stop and target, both ways', () => {
  const cases: [string, Direction, readonly number[], [string, string, number][]][] = [
    ['neither touched', 'long', [100, 103.99, 98.01, 100], []],
    ['neither touched', 'short', [100, 101.99, 96.01, 100], []],
    ['stop touched: at the stop, slipped', 'long', [100, 101, 98, 99], [['stop_loss', '97.9', LAST]]],
    ['stop touched: at the stop, slipped', 'short', [100, 102, 99, 101], [['stop_loss', '102.11', LAST]]],
    ['gap through the stop: at the open, worse', 'long', [95, 96, 94, 95], [['stop_loss', '94.9', OPEN]]],
    ['gap through the stop: at the open, worse', 'short', [105, 106, 104, 105], [['stop_loss', '105.11', OPEN]]],
    ['target touched: at its price', 'long', [100, 104, 99, 103], [['take_profit', '104', LAST]]],
    ['target touched: at its price', 'short', [100, 101, 96, 97], [['take_profit', '96', LAST]]],
    ['gap beyond the target: still at its price', 'long', [107, 108, 106, 107], [['take_profit', '104', LAST]]],
    ['gap beyond the target: still at its price', 'short', [93, 94, 92, 93], [['take_profit', '96', LAST]]],
    ['both touched: the stop first', 'long', [100, 105, 97, 104], [['stop_loss', '97.9', LAST]]],
    ['both touched: the stop first', 'short', [100, 103, 95, 96], [['stop_loss', '102.11', LAST]]],
  ];
  it.each(cases)('%s (%s)', (_, direction, ohlc, expected) => {
    expect(fillsOf([], positionOf(direction), ohlc)).toEqual(expected);
  });

  it('an exit is an order of its own, its id computed', () => {
    const [execution] = match(
      { orders: [], position: positionOf('short') },
      candleAt(1, [100, 103, 99, 101]),
      instrumentOf(),
      COSTS,
    );
    expect(execution!.order).toMatchObject({
      id: 'ap-1-sl',
      side: 'buy',
      purpose: 'stop_loss',
      state: 'accepted',
      signalId: null,
    });
    expect(execution!.fill.id).toBe('ap-1-sl/1');
  });

  it('a candle from before the position changes nothing', () => {
    expect(fillsOf([], positionOf('long', { openedAt: T0 + MINUTE }), [95, 96, 90, 95])).toEqual([]);
  });
});

describe('one candle, several orders', () => {
  const entry = orderOf({ createdAt: T0 + MINUTE });
  const close = orderOf({ id: 'ap-1-close', side: 'sell', purpose: 'manual_close', stopLoss: null, takeProfit: null });

  it('an entry may be stopped in the candle that filled it', () => {
    expect(fillsOf([entry], undefined, [100, 101, 97, 99])).toEqual([
      ['entry', '100.1', OPEN],
      ['stop_loss', '97.9', LAST],
    ]);
  });

  it('an entry that opens beyond its stop is stopped at once', () => {
    expect(fillsOf([entry], undefined, [97, 101, 96, 99])).toEqual([
      ['entry', '97.1', OPEN],
      ['stop_loss', '96.9', OPEN],
    ]);
  });

  it('a close at the open comes before any level', () => {
    expect(fillsOf([close], positionOf(), [100, 105, 97, 99])).toEqual([['manual_close', '99.9', OPEN]]);
  });

  it('a close decided within the candle rests while the stop closes', () => {
    const late = { ...close, createdAt: T0 + MINUTE + 1 };
    expect(fillsOf([late], positionOf(), [100, 101, 97, 99])).toEqual([['stop_loss', '97.9', LAST]]);
  });

  it('a close waits for its candle as long as it takes', () => {
    expect(fillsOf([close], positionOf(), [100, 101, 99, 99], 600)).toEqual([['manual_close', '99.9', 600 * MINUTE]]);
  });

  it('a close that finds nothing to close does nothing', () => {
    expect(fillsOf([close], undefined, [100, 101, 97, 99])).toEqual([]);
  });
});

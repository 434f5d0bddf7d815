import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candleAt, COSTS, instrumentOf, LIMITS, orderOf, priceOf } from '../../test/builders/trading.js';
import type { Instrument } from '../domain/instrument.js';
import { format, money, notional, price, quantity, ratio, scale, toNumber } from '../domain/money.js';
import type { Direction } from '../domain/signal.js';
import { Portfolio } from './portfolio.js';
import { roundTripCost, size, type Sized, type SizeRequest } from './size.js';
import { match } from './venues/paper-book.js';

const REQUEST: SizeRequest = {
  direction: 'long',
  price: price('100'),
  stopLoss: 90,
  takeProfit: 120,
  equity: money('100000'),
  freeCash: money('100000'),
  instrument: instrumentOf(),
  limits: LIMITS,
  costs: COSTS,
};
const FREE = { feeRate: ratio('0'), slippage: ratio('0') };
const SHORT = { direction: 'short', stopLoss: 110, takeProfit: 80 } as const;

describe('quantity', () => {
  it.each<[string, Partial<SizeRequest>, string]>([
    ['1 % of equity over what a unit loses: bought at 100.1, sold at 89.91, two fees', {}, '96.339'],
    ['the same for a short: sold at 99.9, bought at 110.11', SHORT, '95.969'],
    ['without costs, over the distance to the stop alone', { costs: FREE }, '100'],
    ['a far stop, less', { stopLoss: 50 }, '19.88'],
    ['a near stop, no more than 20 % of equity', { stopLoss: 99 }, '200'],
    ['no more than free cash pays for with slippage and fee', { freeCash: money('1000') }, '9.98'],
    ['the same for a short, which is collateralised in full', { ...SHORT, freeCash: money('1000') }, '9.98'],
    [
      'rounded down to the step',
      { stopLoss: 93, instrument: instrumentOf('BTC/USDT', { stepSize: quantity('1') }) },
      '135',
    ],
    [
      'no step given',
      { stopLoss: 93, instrument: instrumentOf('BTC/USDT', { stepSize: quantity('0') }) },
      '135.2630867',
    ],
  ])('%s', (_, changes, expected) => {
    const sizing = size({ ...REQUEST, ...changes });
    expect('sized' in sizing && format(sizing.sized.quantity)).toBe(expected);
  });
});

describe('stop and target on the tick grid, towards the entry', () => {
  it.each<[string, Partial<SizeRequest>, string, string | null]>([
    ['long', { stopLoss: 90.001, takeProfit: 119.999 }, '90.01', '119.99'],
    ['short', { ...SHORT, stopLoss: 109.999, takeProfit: 80.001 }, '109.99', '80.01'],
    ['on the grid already', {}, '90', '120'],
    ['no target', { takeProfit: undefined }, '90', null],
  ])('%s', (_, changes, stop, target) => {
    const sizing = size({ ...REQUEST, ...changes });
    if (!('sized' in sizing)) throw new Error(sizing.refused.code);
    expect(format(sizing.sized.stopLoss)).toBe(stop);
    expect(sizing.sized.takeProfit === null ? null : format(sizing.sized.takeProfit)).toBe(target);
  });
});

describe('refused', () => {
  it.each<[string, string, Partial<SizeRequest>]>([
    ['STOP_WRONG_SIDE', 'long, stop above', { stopLoss: 101 }],
    ['STOP_WRONG_SIDE', 'long, stop at the price', { stopLoss: 100 }],
    ['STOP_WRONG_SIDE', 'long, stop within a tick of the price', { stopLoss: 99.995 }],
    ['STOP_WRONG_SIDE', 'short, stop below', { ...SHORT, stopLoss: 99 }],
    ['TAKE_PROFIT_WRONG_SIDE', 'long, target below', { takeProfit: 99 }],
    ['TAKE_PROFIT_WRONG_SIDE', 'short, target above', { ...SHORT, takeProfit: 101 }],
    ['REWARD_BELOW_COST', 'long, the target a tick short of the costs', { takeProfit: 100.39 }],
    ['REWARD_BELOW_COST', 'short, the same', { ...SHORT, takeProfit: 99.61 }],
    ['LEVEL_NOT_POSITIVE', 'stop below 0', { stopLoss: -1 }],
    ['LEVEL_NOT_POSITIVE', 'stop not a number', { stopLoss: NaN }],
    ['LEVEL_NOT_POSITIVE', 'short, target below 0', { ...SHORT, takeProfit: -3 }],
    ['NO_FREE_CASH', 'all of it bound', { freeCash: money('0') }],
    ['NO_FREE_CASH', 'more bound than there is', { freeCash: money('-10') }],
    ['QUANTITY_BELOW_MIN', 'nothing left after the step', { freeCash: money('0.05') }],
    [
      'QUANTITY_BELOW_MIN',
      'below the minimum',
      { instrument: instrumentOf('BTC/USDT', { minQuantity: quantity('500') }) },
    ],
    ['NOTIONAL_BELOW_MIN', 'worth too little', { freeCash: money('4') }],
  ])('%s: %s', (code, _, changes) => {
    const sizing = size({ ...REQUEST, ...changes });
    expect('refused' in sizing ? sizing.refused.code : 'sized').toBe(code);
  });
});

describe('costs of a round trip: 0.1 % fee and 10 bps slippage, each twice', () => {
  it.each<[string, string]>([
    ['100', '0.4'],
    ['0.00000001', '0.00000001'], // never nothing: the last digit goes against us
    ['67890.12345678', '271.56049383'],
    ['90071992547.40993', '360287970.18963972'], // beyond what a float could hold
  ])('at %s: %s', (at, expected) => expect(format(roundTripCost(price(at), COSTS))).toBe(expected));

  it.each<[string, Partial<SizeRequest>]>([
    ['a target exactly at the costs pays for them', { takeProfit: 100.4 }],
    ['the same for a short', { ...SHORT, takeProfit: 99.6 }],
    ['without a target nothing is promised, and nothing is refused', { takeProfit: undefined }],
    ['without costs, the next tick', { takeProfit: 100.01, costs: FREE }],
  ])('%s', (_, changes) => expect(size({ ...REQUEST, ...changes })).toHaveProperty('sized'));
});

it('never loses more than the risk at the stop, costs included, nor binds more than its share or the free cash', () => {
  const cents = (min: number, max: number) => fc.integer({ min, max }).map((n) => n / 100);
  fc.assert(
    fc.property(
      fc.constantFrom('long' as const, 'short' as const),
      cents(100, 10_000_000),
      fc.double({ min: 0.0005, max: 0.5, noNaN: true }),
      fc.integer({ min: 1, max: 100_000_000 }),
      fc.integer({ min: 1, max: 100_000_000 }),
      (direction, at, distance, cash, step) => {
        const stopLoss = direction === 'long' ? at * (1 - distance) : at * (1 + distance);
        const [equity, freeCash] = [money('250000'), money(String(cash))];
        const instrument = instrumentOf('BTC/USDT', { stepSize: BigInt(step) as never });
        const entry = priceOf(at);
        const request = { ...REQUEST, direction, price: entry, stopLoss, takeProfit: undefined, equity, freeCash };
        const sizing = size({ ...request, instrument });
        if ('refused' in sizing) return;
        const { quantity: amount, stopLoss: stop } = sizing.sized;
        expect(stoppedOut(direction, at, sizing.sized, instrument) <= scale(equity, LIMITS.riskPerTrade, 'ceil')).toBe(
          true,
        );
        expect(stop > entry).toBe(direction === 'short');
        expect(notional(entry, amount, 'floor') <= scale(equity, ratio('0.2'), 'ceil')).toBe(true);
        expect(notional(entry, amount, 'ceil') <= freeCash).toBe(true);
        expect(amount % BigInt(step)).toBe(0n);
      },
    ),
  );
});

/** @returns what the venue makes of it: in at the price, out at the stop, what cash lost between; less its four roundings of 1e-8 */
function stoppedOut(direction: Direction, at: number, sized: Sized, instrument: Instrument): bigint {
  const portfolio = new Portfolio(money('0'));
  const order = orderOf({ ...sized, side: direction === 'long' ? 'buy' : 'sell' });
  const stop = toNumber(sized.stopLoss);
  const candle = candleAt(0, [at, Math.max(at, stop), Math.min(at, stop), at]);
  for (const { order: filled, fill } of match({ orders: [order], position: undefined }, candle, instrument, COSTS))
    portfolio.fill(filled, fill);
  expect(portfolio.open.size).toBe(0);
  return -portfolio.cash - 4n;
}

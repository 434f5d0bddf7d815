import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BTC, fillFor, orderOf, T0 } from '../../test/builders/trading.js';
import type { Fill } from '../domain/fill.js';
import { format, money, price, type Money, type Price, type Quantity } from '../domain/money.js';
import type { Order } from '../domain/order.js';
import type { Pair } from '../domain/pair.js';
import { exitId } from './order-id.js';
import { cashFlow, ImpossibleFill, Portfolio, unrealisedAt } from './portfolio.js';
import { differing, foldFills } from './recovery.js';

const DEPOSIT = money('1000');
const buy = orderOf();
const sellShort = orderOf({ side: 'sell' });
const exitOf = (entry: Order): Order =>
  orderOf({ id: exitId(entry.id, 'stop_loss'), side: entry.side === 'buy' ? 'sell' : 'buy', purpose: 'stop_loss' });

describe('one position', () => {
  it.each([
    ['long, up', buy, '100', '110', '20'],
    ['long, down', buy, '100', '95', '-10'],
    ['short, up', sellShort, '100', '110', '-20'],
    ['short, down', sellShort, '100', '95', '10'],
  ])('%s', (_, entry, from, to, profit) => {
    const portfolio = new Portfolio(DEPOSIT);
    const opened = portfolio.fill(entry, fillFor(entry, 1, '2', from, '0.2'))!;
    expect(format(unrealisedAt(opened, price(to)))).toBe(profit);
    expect(format(portfolio.valuation(() => price(to))!.equity)).toBe(
      format((DEPOSIT + money(profit) - money('0.2')) as Money),
    );
    const exit = exitOf(entry);
    const closed = portfolio.fill(exit, fillFor(exit, 2, '2', to, '0.3'))!;
    expect(closed).toMatchObject({ quantity: 0n, closedBy: 'stop_loss', closedAt: T0 + 2, cost: 0n });
    expect(format(closed.realised)).toBe(profit);
    expect(format(closed.fees)).toBe('0.5');
    expect(portfolio.cash).toBe(DEPOSIT + money(profit) - money('0.5'));
    expect(portfolio.open.size).toBe(0);
  });

  it('grows and shrinks by parts: average price, exact cost', () => {
    const portfolio = new Portfolio(DEPOSIT);
    portfolio.fill(buy, fillFor(buy, 1, '1', '100'));
    const grown = portfolio.fill(buy, fillFor(buy, 2, '1', '101'))!;
    expect([format(grown.entryPrice), format(grown.cost)]).toEqual(['100.5', '201']);
    const exit = exitOf(buy);
    const shrunk = portfolio.fill(exit, fillFor(exit, 1, '0.5', '110'))!;
    expect([format(shrunk.cost), format(shrunk.realised), shrunk.closedAt]).toEqual(['150.75', '4.75', null]);
  });

  it('has no equity without a price for every open position', () => {
    const portfolio = new Portfolio(DEPOSIT);
    portfolio.fill(buy, fillFor(buy, 1, '1'));
    expect(portfolio.valuation(() => undefined)).toBeUndefined();
  });

  it.each<[string, Order, Order]>([
    ['an exit without a position', exitOf(buy), buy],
    ['a second entry on a held symbol', orderOf({ id: 'ap-2' }), buy],
    ['an exit larger than the position', exitOf(buy), buy],
  ])('refuses %s, changing nothing', (name, order, held) => {
    const portfolio = new Portfolio(DEPOSIT);
    if (name !== 'an exit without a position') portfolio.fill(held, fillFor(held, 1, '1'));
    const cash = portfolio.cash;
    expect(() => portfolio.fill(order, fillFor(order, 1, '1.5'))).toThrow(ImpossibleFill);
    expect(portfolio.cash).toBe(cash);
  });
});

/** Positions opened and closed in parts, one after the other, on each of three symbols. */
const story = fc.array(
  fc.record({
    symbol: fc.constantFrom<Pair>('BTC/USDT', 'ETH/USDT', 'SOL/USDT'),
    side: fc.constantFrom('buy' as const, 'sell' as const),
    entries: fc.array(fc.tuple(fc.bigInt(1n, 10n ** 12n), fc.bigInt(1n, 10n ** 12n)), { minLength: 1, maxLength: 3 }),
    exits: fc.array(fc.tuple(fc.integer({ min: 1, max: 100 }), fc.bigInt(1n, 10n ** 12n)), { maxLength: 3 }),
    fee: fc.bigInt(0n, 10n ** 6n),
  }),
  { maxLength: 8 },
);

type Booked = { order: Order; fill: Fill };

function tell(chapters: Parameters<Parameters<typeof story.map>[0]>[0]): Booked[] {
  const booked: Booked[] = [];
  const held = new Set<Pair>();
  chapters.forEach(({ symbol, side, entries, exits, fee }, n) => {
    if (held.has(symbol)) return; // a symbol takes a new position only once the last one closed
    const entry = orderOf({ id: `ap-${n}`, symbol, side });
    let open = 0n;
    entries.forEach(([quantity, at], i) => {
      open += quantity;
      booked.push({
        order: entry,
        fill: { ...fillFor(entry, i + 1, '1'), quantity: quantity as Quantity, price: at as Price, fee: fee as Money },
      });
    });
    const exit = { ...exitOf(entry), symbol };
    exits.forEach(([percent, at], i) => {
      const quantity = i === exits.length - 1 ? open : (open * BigInt(percent)) / 100n;
      if (quantity === 0n) return;
      open -= quantity;
      booked.push({
        order: exit,
        fill: { ...fillFor(exit, i + 1, '1'), quantity: quantity as Quantity, price: at as Price, fee: fee as Money },
      });
    });
    if (open > 0n) held.add(symbol);
  });
  return booked;
}

describe('whatever the fills', () => {
  const mark = (symbol: Pair): Price => (BigInt(symbol.charCodeAt(0)) * 10n ** 8n) as Price;

  it('cash flows and the worth of what is open add up to equity, and so do profits and fees, to the last digit', () => {
    fc.assert(
      fc.property(story, (chapters) => {
        const booked = tell(chapters);
        const { portfolio, positions } = foldFills(DEPOSIT, booked);
        const { equity, cash, unrealised } = portfolio.valuation(mark)!;
        expect(cash).toBe(booked.reduce((sum, { fill }) => sum + cashFlow(fill), DEPOSIT as bigint));
        const earned = positions.reduce((sum, { realised, fees }) => sum + realised - fees, 0n);
        expect(equity).toBe(DEPOSIT + earned + unrealised);
      }),
    );
  });

  it('the same fills again add nothing', () => {
    fc.assert(
      fc.property(story, (chapters) => {
        const booked = tell(chapters);
        const { portfolio } = foldFills(DEPOSIT, booked);
        const before = portfolio.valuation(mark);
        for (const { order, fill } of booked) expect(portfolio.fill(order, fill)).toBeUndefined();
        expect(portfolio.valuation(mark)).toEqual(before);
      }),
    );
  });

  it('the order of distinct symbols does not matter', () => {
    fc.assert(
      fc.property(story, (chapters) => {
        const booked = tell(chapters);
        const sorted = booked.toSorted((a, b) => a.fill.symbol.localeCompare(b.fill.symbol));
        const [one, other] = [foldFills(DEPOSIT, booked), foldFills(DEPOSIT, sorted)];
        expect(other.portfolio.valuation(mark)).toEqual(one.portfolio.valuation(mark));
        expect(differing(one.positions, other.positions)).toEqual([]);
      }),
    );
  });
});

it('finds rows that differ from their fills', () => {
  const { positions } = foldFills(DEPOSIT, [{ order: buy, fill: fillFor(buy, 1, '1') }]);
  expect(differing(positions, positions)).toEqual([]);
  expect(differing(positions, [])).toEqual(positions);
  expect(differing(positions, [{ ...positions[0]!, cost: money('1') }])).toEqual(positions);
  expect(positions[0]!.symbol).toBe(BTC);
});

import { describe, expect, it } from 'vitest';
import {
  BTC,
  COSTS,
  ETH,
  fillFor,
  flatAt,
  instrumentOf,
  LIMITS,
  MINUTE,
  orderOf,
  signalAt,
  T0,
} from '../../test/builders/trading.js';
import { closeTime } from '../domain/candle.js';
import { format, money, ratio } from '../domain/money.js';
import type { Pair } from '../domain/pair.js';
import { Ledger } from './ledger.js';
import { Market } from './market.js';
import { entryId, exitId, positionIdOf } from './order-id.js';
import { Portfolio } from './portfolio.js';
import { MAX_ENTRY_WAIT_MS, staleEntries } from './stale.js';
import { match } from './venues/paper-book.js';

const NOW = T0 + MINUTE + 200;

function ledgerWith(symbols: readonly Pair[], limits = LIMITS): Ledger {
  const market = new Market();
  market.list(symbols.map((symbol) => instrumentOf(symbol)));
  for (const symbol of symbols) market.remember(symbol, 100, closeTime(flatAt(0, 100, symbol)));
  const ledger = new Ledger(new Portfolio(money('10000')), market, limits, COSTS);
  ledger.dayStart = { day: T0, equity: money('10000') };
  return ledger;
}

const symbols = Array.from({ length: 12 }, (_, i): Pair => `S${i}/USDT`);

describe('a plan', () => {
  it('is an intended order whose id, side and levels come from the signal', () => {
    const { orders, refused } = ledgerWith([BTC]).plan([signalAt(0, { direction: 'short' })], NOW);
    expect(refused).toEqual([]);
    const { order } = orders[0]!;
    expect(order).toMatchObject({
      id: entryId(signalAt(0).id),
      side: 'sell',
      purpose: 'entry',
      state: 'intended',
      createdAt: T0 + MINUTE,
    });
    expect([format(order.stopLoss!), format(order.takeProfit!)]).toEqual(['102', '96']);
  });

  it('binds for later signals what earlier ones took: symbol, count, cash', () => {
    const ledger = ledgerWith(symbols, { ...LIMITS, maxOpenPositions: 4 });
    const signals = symbols.slice(0, 6).map((symbol) => signalAt(0, { symbol }));
    const again = signalAt(-4, { symbol: symbols[0]!, timeframe: '5m' });
    const { orders, refused } = ledger.plan([signals[0]!, again, ...signals.slice(1)], NOW);
    expect(orders).toHaveLength(4);
    expect(refused.map(({ refusal }) => refusal.code)).toEqual([
      'POSITION_OPEN',
      'MAX_OPEN_POSITIONS',
      'MAX_OPEN_POSITIONS',
    ]);
  });

  it('never binds more than there is: five positions of a fifth each, then no cash', () => {
    const { orders, refused } = ledgerWith(symbols).plan(
      symbols.slice(0, 7).map((symbol) => signalAt(0, { symbol })),
      NOW,
    );
    const bound = orders.reduce((sum, { order }) => sum + Number(format(order.quantity)) * 100, 0);
    expect(bound).toBeLessThanOrEqual(10_000);
    expect(refused.length).toBeGreaterThan(0);
  });

  it.each(['long', 'short'] as const)('has the money for every entry of one call, costs included (%s)', (direction) => {
    const ledger = ledgerWith(symbols, { ...LIMITS, maxPositionShare: ratio('0.25') });
    const { orders } = ledger.plan(
      symbols.map((symbol) => signalAt(0, { symbol, direction })),
      NOW,
    );
    expect(orders.length).toBeGreaterThanOrEqual(4);
    for (const { order } of orders) {
      const resting = { orders: [{ ...order, state: 'accepted' as const }], position: undefined };
      const instrument = ledger.market.instrument(order.symbol)!;
      for (const { order: filled, fill } of match(resting, flatAt(1, 100, order.symbol), instrument, COSTS))
        ledger.portfolio.fill(filled, fill);
    }
    const { equity, exposure } = ledger.valuation()!;
    expect(equity - exposure).toBeGreaterThanOrEqual(0n);
  });

  it('passes over a signal whose order is working, and one whose position is open', () => {
    const ledger = ledgerWith([BTC]);
    const { order } = ledger.plan([signalAt(0)], NOW).orders[0]!;
    ledger.commit(ledger.moved({ ...order, state: 'accepted' }));
    expect(ledger.plan([signalAt(0)], NOW)).toEqual({ orders: [], refused: [] });
    ledger.commit({
      history: { order, fills: [] },
      order: { ...order, state: 'filled' },
      fills: [fillFor(order, 1, '1')],
    });
    expect(ledger.plan([signalAt(0)], NOW)).toEqual({ orders: [], refused: [] });
  });

  it('fills at no candle from before it was made: not of the decision, not of what was heard, not of the past', () => {
    const late = ledgerWith([BTC]);
    late.market.remember(BTC, 100, T0 + 3 * MINUTE);
    expect(late.plan([signalAt(0, { timeframe: '1m' })], NOW).orders[0]!.order.createdAt).toBe(T0 + 3 * MINUTE);
    const slow = ledgerWith([BTC]).plan([signalAt(-59, { timeframe: '1h' })], T0 + 5 * MINUTE + 1);
    expect(slow.orders[0]?.order.createdAt).toBe(T0 + 5 * MINUTE);
  });
});

describe('what concerns a symbol', () => {
  it('is an order at work or an open position; other symbols cost nothing', () => {
    const ledger = ledgerWith([BTC, ETH]);
    expect([ledger.concerns(BTC), ledger.since(BTC)]).toEqual([false, Infinity]);
    const order = orderOf();
    ledger.commit(ledger.moved(order));
    expect([ledger.concerns(BTC), ledger.concerns(ETH), ledger.since(BTC)]).toEqual([true, false, T0]);
  });

  it('a fill that is on record already settles to nothing', () => {
    const ledger = ledgerWith([BTC]);
    const order = orderOf();
    const fill = fillFor(order, 1, '1');
    ledger.commit(ledger.moved(order));
    const [change] = ledger.settle(BTC, [{ order, fill }]);
    ledger.commit(change!);
    expect(ledger.settle(BTC, [{ order, fill }])).toEqual([]);
  });
});

it('ids are computed, fit an exchange, and lead back to the position', () => {
  const id = entryId(signalAt(0).id);
  for (const purpose of ['stop_loss', 'take_profit', 'manual_close'] as const) {
    expect(exitId(id, purpose)).toMatch(/^[A-Za-z0-9_-]{1,36}$/);
    expect(positionIdOf({ id: exitId(id, purpose), purpose })).toBe(id);
  }
  expect(positionIdOf({ id, purpose: 'entry' })).toBe(id);
});

describe('an entry is stale', () => {
  const late = T0 + MAX_ENTRY_WAIT_MS + 1;
  it.each([
    ['accepted, too long', orderOf(), late, true, true],
    ['accepted, not long', orderOf(), late - 1, true, false],
    ['its candles are not caught up with yet', orderOf(), late, false, false],
    ['submitted: time proves nothing', orderOf({ state: 'submitted' }), late, true, false],
    ['a close waits for ever', orderOf({ purpose: 'manual_close' }), late, true, false],
  ])('%s', (_, order, now, heard, stale) =>
    expect(staleEntries([order], now, () => heard)).toHaveLength(stale ? 1 : 0),
  );
});

import { describe, expect, it } from 'vitest';
import { equityQuery, fillQuery, orderQuery, pageOf, positionQuery } from '../../src/trading/list-query.js';
import { entryId } from '../../src/trading/order-id.js';
import { TradingReadRepository } from '../../src/trading/trading-read.repository.js';
import {
  eachOnAFreshDatabase,
  fresh,
  open,
  orderRow,
  pass,
  rows,
  start,
  withPosition,
  type Trading,
} from '../builders/trading-process.js';
import { BTC, candleAt, columnsOf, ETH, flatAt, MINUTE, signalAt, T0 } from '../builders/trading.js';

eachOnAFreshDatabase();

describe('from signal to position', () => {
  it('an order is on record with its signal, fills at the next open, and makes a position', async () => {
    const trading = await start();
    await pass(trading, flatAt(0, 100));
    await trading.service.execute([signalAt(0)]);
    const found = await rows();
    expect(found['orders']).toMatchObject([
      { id: entryId(signalAt(0).id), state: 'accepted', quantity: '20.00000000' },
    ]);
    expect(found['signals']).toMatchObject([{ id: signalAt(0).id }]);
    await pass(trading, candleAt(1, [100.5, 101, 99, 100]));
    const after = await rows();
    expect(after['orders']).toMatchObject([{ state: 'filled', filled: '20.00000000' }]);
    expect(after['fills']).toMatchObject([{ price: '100.50000000', filled_at: new Date(T0 + MINUTE) }]);
    expect(after['positions']).toMatchObject([
      { symbol: BTC, direction: 'long', quantity: '20.00000000', cost: '2010.00000000' },
    ]);
    expect(trading.updates.map(({ order }) => order.state)).toEqual(['submitted', 'accepted', 'filled']);
    expect(trading.updates.at(-1)!.position).toMatchObject({ symbol: BTC, closedAt: null });
  });

  it('the stop closes it by an order of its own', async () => {
    const trading = await start();
    await withPosition(trading);
    await pass(trading, candleAt(2, [100, 105, 97, 104]));
    const found = await rows();
    expect(found['orders']).toHaveLength(2);
    expect(found['positions']).toMatchObject([
      { quantity: '0.00000000', realised: '-40.00000000', closed_by: 'stop_loss' },
    ]);
    expect(trading.service.status().valuation).toMatchObject({ cash: '9960', equity: '9960', exposure: '0' });
  });

  it('a short is sold to open and bought to close', async () => {
    const trading = await start();
    await withPosition(trading, signalAt(0, { direction: 'short' }));
    await pass(trading, candleAt(2, [100, 101, 96, 97]));
    const sides = (await rows())['fills'] as { side: string; price: string }[];
    expect(sides.map(({ side, price }) => [side, price])).toEqual([
      ['sell', '100.00000000'],
      ['buy', '96.00000000'],
    ]);
    expect(trading.service.status().valuation).toMatchObject({ equity: '10080' });
  });

  it('a refused signal leaves its code, and no order', async () => {
    const trading = await start();
    await withPosition(trading);
    await trading.service.execute([signalAt(1), signalAt(1, { symbol: ETH })]);
    const found = await rows();
    const refusals = found['signal_refusals'] as { signal_id: string; code: string }[];
    expect(new Map(refusals.map(({ signal_id, code }) => [signal_id, code]))).toEqual(
      new Map([
        [signalAt(1).id, 'POSITION_OPEN'],
        [signalAt(1, { symbol: ETH }).id, 'NO_PRICE'],
      ]),
    );
    expect(found['orders']).toHaveLength(1);
    expect(trading.service.status().refusals).toEqual({ POSITION_OPEN: 1, NO_PRICE: 1 });
  });

  it('two signals of one symbol in one call open one position', async () => {
    const trading = await start();
    await pass(trading, flatAt(0, 100));
    await trading.service.execute([signalAt(0), signalAt(-4, { timeframe: '5m' })]);
    expect((await rows())['orders']).toHaveLength(1);
  });

  it('a candle that comes while orders are being placed waits for them', async () => {
    const trading = await start();
    await pass(trading, flatAt(0, 100));
    await Promise.all([trading.service.execute([signalAt(0)]), trading.service.mark([flatAt(1, 100)])]);
    expect(await open()).toHaveLength(1);
  });
});

describe('replays', () => {
  it('the same signals and candles again add nothing, in this process or the next', async () => {
    const first = await start();
    const story = async (trading: Trading) => {
      await withPosition(trading);
      await trading.service.execute([signalAt(1)]);
      await pass(trading, candleAt(2, [100, 101, 97, 99]));
    };
    await story(first);
    // Refused signals are the strategy's to save: its table is not compared.
    const { signals: _, ...before } = await rows();
    first.clock.time = T0 + MINUTE;
    await story(first);
    expect(await rows()).toMatchObject(before);
    await first.service.stop();
    const second = await start();
    await story(second);
    expect(await rows()).toMatchObject(before);
  });

  it('history after a restart is caught up with once, to the same fills as live candles', async () => {
    const first = await start();
    await pass(first, flatAt(0, 100));
    await first.service.execute([signalAt(0)]);
    await first.service.stop();
    const missed = [flatAt(0, 100), candleAt(1, [100, 101, 99, 100]), candleAt(2, [100, 105, 99, 104]), flatAt(3, 104)];
    const second = await start();
    await second.service.catchUp(columnsOf(missed));
    await second.service.catchUp(columnsOf(missed));
    const fills = (await rows())['fills'] as { order_id: string; filled_at: Date }[];
    expect(fills.map(({ order_id, filled_at }) => [order_id.slice(27), filled_at.getTime() - T0])).toEqual([
      ['', MINUTE],
      ['-tp', 3 * MINUTE - 1],
    ]);
    expect(second.service.status().valuation).toMatchObject({ equity: '10080' });
  });
});

describe('halts', () => {
  it('a halt survives a restart; only resume lifts it; stops go on', async () => {
    const first = await start();
    await withPosition(first);
    await first.service.halt('news');
    const second = await start();
    expect(second.service.status().halt).toMatchObject({ code: 'PERSON', reason: 'news' });
    await pass(second, candleAt(2, [100, 101, 97, 100]));
    expect(await open()).toEqual([]);
    await second.service.execute([signalAt(2)]);
    expect((await rows())['signal_refusals']).toMatchObject([{ code: 'HALTED' }]);
    await second.service.resume();
    await pass(second, flatAt(3, 100));
    await second.service.execute([signalAt(3)]);
    await pass(second, flatAt(4, 100));
    expect(await open()).toHaveLength(1);
    expect((await start()).service.status().halt).toBeNull();
  });

  it('entries that still rest when it comes open nothing', async () => {
    const trading = await start();
    await pass(trading, flatAt(0, 100));
    await trading.service.execute([signalAt(0)]);
    await trading.service.halt('news');
    await pass(trading, flatAt(1, 100));
    expect(await orderRow(entryId(signalAt(0).id))).toEqual({ state: 'cancelled', reason: 'HALTED' });
    expect(await open()).toEqual([]);
  });

  it('the daily loss on equity halts, and stays a halt the day after', async () => {
    const trading = await start({ MAX_DAILY_LOSS: '0.005' });
    await withPosition(trading, signalAt(0, { stopLoss: 50 }));
    await pass(trading, candleAt(2, [100, 100, 60, 60]));
    expect(trading.service.status().halt).toMatchObject({ code: 'DAILY_LOSS' });
    await pass(trading, flatAt(1500, 60));
    await trading.service.execute([signalAt(1500, { symbol: BTC, entry: 60 })]);
    expect((await rows())['signal_refusals']).toMatchObject([{ code: 'HALTED' }]);
    expect((await start({ MAX_DAILY_LOSS: '0.005' })).service.status().halt).toMatchObject({ code: 'DAILY_LOSS' });
  });

  it('a profit of any size does not', async () => {
    const trading = await start({ MAX_DAILY_LOSS: '0.01' });
    await withPosition(trading, signalAt(0, { takeProfits: [500] }));
    await pass(trading, candleAt(2, [100, 300, 100, 300]));
    expect(trading.service.status().halt).toBeNull();
  });
});

describe('a person closes a position', () => {
  it('by an order that fills at the next open; asking twice is asking once', async () => {
    const trading = await start();
    await withPosition(trading);
    const [one, two] = [await trading.service.closePosition(BTC), await trading.service.closePosition(BTC)];
    expect(one).toMatchObject({ purpose: 'manual_close', side: 'sell', state: 'accepted' });
    expect(two).toEqual(one);
    await pass(trading, candleAt(2, [101, 102, 100, 101]));
    expect((await rows())['positions']).toMatchObject([{ closed_by: 'manual_close', realised: '20.00000000' }]);
    expect(await trading.service.closePosition(BTC)).toBeUndefined();
  });

  it('and the stop that overtakes it leaves the close cancelled', async () => {
    const trading = await start();
    await withPosition(trading);
    trading.clock.time += 30_000;
    const close = await trading.service.closePosition(BTC);
    await pass(trading, candleAt(2, [100, 101, 97, 100]));
    expect(await orderRow(close!.id)).toEqual({ state: 'cancelled', reason: 'POSITION_CLOSED' });
  });
});

describe('the trading loop', () => {
  it('draws the equity curve, with its peak and drawdown', async () => {
    const trading = await start();
    await withPosition(trading);
    await trading.service.tick();
    await pass(trading, candleAt(2, [100, 100, 99, 99]));
    await trading.service.tick();
    await trading.service.tick();
    const points = await new TradingReadRepository(fresh.database).equity(equityQuery.parse({}));
    expect(points.map(({ equity, peak, drawdown }) => [equity, peak, drawdown])).toEqual([
      ['9980.00000000', '10000.00000000', '0.00200000'],
      ['10000.00000000', '10000.00000000', '0.00000000'],
    ]);
  });

  it('does nothing before the market was heard', async () => {
    const trading = await start();
    await trading.service.tick();
    expect(await new TradingReadRepository(fresh.database).equity(equityQuery.parse({}))).toEqual([]);
  });

  it('cancels an entry that found no candle for a quarter of an hour', async () => {
    const trading = await start();
    await pass(trading, flatAt(0, 100));
    await trading.service.execute([signalAt(0)]);
    trading.clock.time += 16 * MINUTE;
    await trading.service.tick();
    expect(await orderRow(entryId(signalAt(0).id))).toEqual({ state: 'cancelled', reason: 'STALE_ORDER' });
  });

  it('keeps the deposit of the first start, whatever the configuration says later', async () => {
    await start();
    const later = await start({ PAPER_BALANCE: '99' });
    expect(later.service.status()).toMatchObject({ deposits: '10000', configuredBalance: '99' });
    expect(later.service.status().balanceNote).not.toBeNull();
  });
});

describe('keys', () => {
  it('make a second open position, a second entry of a signal and a second fill impossible', async () => {
    const trading = await start();
    await withPosition(trading);
    const again = (sql: string) => fresh.database.query(sql);
    await expect(
      again(`insert into fills (id, order_id, symbol, side, price, quantity, fee, filled_at)
      select id, order_id, symbol, side, price, quantity, fee, filled_at from fills`),
    ).rejects.toThrow(/duplicate key/);
    const copy = (
      id: string,
    ) => `insert into orders (id, signal_id, symbol, side, purpose, position_id, quantity, state, filled, created_at)
      select '${id}', signal_id, symbol, side, purpose, '${id}', quantity, state, filled, created_at from orders`;
    await expect(again(copy('x'))).rejects.toThrow(/orders_entry_of_signal/);
    await expect(again('update orders set filled = filled * 2')).rejects.toThrow(/check constraint/);
  });
});

it('pages through everything, newest first, without a gap or a repetition', async () => {
  const trading = await start();
  for (let i = 0; i < 5; i += 1) {
    await pass(trading, flatAt(3 * i, 100));
    await trading.service.execute([signalAt(3 * i)]);
    await pass(trading, flatAt(3 * i + 1, 100), candleAt(3 * i + 2, [100, 101, 97, 100]));
  }
  const reads = new TradingReadRepository(fresh.database);
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const query = orderQuery.parse({ limit: '3', symbol: 'btc-usdt', ...(cursor ? { cursor } : {}) });
    const page = pageOf(
      await reads.orders(query),
      3,
      ({ created_at, id }) => ({ at: created_at.getTime(), id }),
      ({ id }) => id,
    );
    ids.push(...page.data);
    cursor = page.next;
  } while (cursor);
  expect(ids).toHaveLength(10);
  expect(new Set(ids).size).toBe(10);
  expect(await reads.orders(orderQuery.parse({ purpose: 'stop_loss', state: 'filled' }))).toHaveLength(5);
  expect(await reads.fills(fillQuery.parse({ from: new Date(T0 + 12 * MINUTE).toISOString() }))).toHaveLength(2);
  expect(await reads.positions(positionQuery.parse({}))).toEqual([]);
  expect(await reads.positions(positionQuery.parse({ state: 'closed' }))).toHaveLength(5);
});

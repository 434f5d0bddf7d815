import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Database, Queryable } from '../../src/platform/database/database.service.js';
import { format } from '../../src/domain/money.js';
import { LedgerRepository } from '../../src/trading/ledger.repository.js';
import { entryId } from '../../src/trading/order-id.js';
import { differing, foldFills } from '../../src/trading/recovery.js';
import {
  eachOnAFreshDatabase,
  fresh,
  open,
  orderRow,
  pass,
  rows,
  start,
  withPosition,
} from '../builders/trading-process.js';
import { BTC, candleAt, columnsOf, ETH, flatAt, MINUTE, signalAt, T0 } from '../builders/trading.js';

eachOnAFreshDatabase();

describe('a crash', () => {
  const id = entryId(signalAt(0).id);
  const stateThen = (state: string) => fresh.database.query(`update orders set state = $1 where id = $2`, [state, id]);

  it('between intent and request: the entry never left, and is cancelled', async () => {
    const before = await start();
    await pass(before, flatAt(0, 100));
    await before.service.execute([signalAt(0)]);
    await stateThen('intended');
    const after = await start();
    expect(await orderRow(id)).toEqual({ state: 'cancelled', reason: 'NEVER_SENT' });
    await pass(after, flatAt(0, 100));
    await after.service.execute([signalAt(0)]);
    await pass(after, flatAt(1, 100));
    expect(await open()).toEqual([]);
  });

  it('between request and answer: the venue is asked, and the order goes on', async () => {
    const before = await start();
    await pass(before, flatAt(0, 100));
    await before.service.execute([signalAt(0)]);
    await stateThen('submitted');
    const after = await start();
    expect(await orderRow(id)).toEqual({ state: 'accepted', reason: null });
    await pass(after, flatAt(1, 100));
    expect(await open()).toHaveLength(1);
  });

  it('between the intent of a close and its request: a person asked for it, so it is sent', async () => {
    const before = await start();
    await withPosition(before);
    const close = await before.service.closePosition(BTC);
    await fresh.database.query(`update orders set state = 'intended' where id = $1`, [close!.id]);
    const after = await start();
    expect(await orderRow(close!.id)).toMatchObject({ state: 'accepted' });
    await pass(after, flatAt(2, 100));
    await pass(after, flatAt(3, 100));
    expect(await open()).toEqual([]);
  });

  it('a position row that was lost or wrong is written again from its fills', async () => {
    const before = await start();
    await withPosition(before);
    const positions = (await rows())['positions'];
    await fresh.database.query('update positions set cost = 1, realised = 5');
    await start();
    expect((await rows())['positions']).toEqual(positions);
    await fresh.database.query('delete from positions');
    await start();
    expect((await rows())['positions']).toEqual(positions);
  });
});

describe('the database fails', () => {
  it.each(['before', 'after'])('%s a commit: nothing is lost and nothing is done twice', async (when) => {
    let failing = false;
    const real = fresh.database;
    const flaky = {
      query: (sql: string, parameters?: readonly unknown[]) => real.query(sql, parameters),
      transaction: async <T>(work: (transaction: Queryable) => Promise<T>): Promise<T> => {
        if (failing && when === 'before') throw new Error('connection lost');
        const result = await real.transaction(work);
        if (failing) throw new Error('connection lost');
        return result;
      },
    } as unknown as Database;
    const trading = await start({}, flaky);
    await pass(trading, flatAt(0, 100));
    await trading.service.execute([signalAt(0)]);
    failing = true;
    await expect(pass(trading, candleAt(1, [100, 101, 99, 100]))).rejects.toThrow('connection lost');
    failing = false;
    await pass(trading, candleAt(2, [100, 101, 97, 99]));
    const found = await rows();
    expect(found['fills']).toHaveLength(2);
    expect(found['positions']).toMatchObject([{ opened_at: new Date(T0 + MINUTE), closed_by: 'stop_loss' }]);
    expect(trading.service.status().unmatchedCandles).toBe(0);
  });
});

describe('a symbol whose candle can never be matched', () => {
  /** Both have an entry that the next candle fills; the database refuses every fill of BTC. */
  async function poisoned() {
    await fresh.database.query(`alter table fills add constraint poison check (symbol <> 'BTC/USDT')`);
    const trading = await start();
    await pass(trading, flatAt(0, 100), flatAt(0, 100, ETH));
    await trading.service.execute([signalAt(0), signalAt(0, { symbol: ETH })]);
    return trading;
  }

  it('is parked after three tries, and says so; the others trade on', async () => {
    const trading = await poisoned();
    await pass(trading, flatAt(1, 100), flatAt(1, 100, ETH));
    expect(await open()).toEqual([{ symbol: ETH }]);
    const { parked, unmatchedCandles, valuation } = trading.service.status();
    expect(parked).toEqual([{ symbol: BTC, reason: expect.stringContaining('poison') as string }]);
    expect([unmatchedCandles, valuation?.cash]).toEqual([0, '8000']);

    await pass(trading, flatAt(2, 100), candleAt(2, [100, 101, 97, 99], ETH));
    expect(await open()).toEqual([]);
    expect([...trading.service.openSince().keys()]).toEqual([BTC]);
  });

  it('is not parked any more when nothing of it is open', async () => {
    const trading = await poisoned();
    await pass(trading, flatAt(1, 100));
    await trading.service.halt('the entry that rests is cancelled');
    await pass(trading, flatAt(2, 100), flatAt(2, 100, ETH));
    expect(trading.service.status().parked).toEqual([]);
    await fresh.database.query('alter table fills drop constraint poison');
    await trading.service.resume();
    await trading.service.execute([signalAt(2)]);
    await pass(trading, flatAt(3, 100));
    expect(await open()).toEqual(expect.arrayContaining([{ symbol: BTC }]));
  });

  it('is tried again by the next process', async () => {
    const before = await poisoned();
    await pass(before, flatAt(1, 100));
    await before.service.stop();
    await fresh.database.query('alter table fills drop constraint poison');
    const after = await start();
    expect([...after.service.openSince().keys()]).toEqual(expect.arrayContaining([BTC, ETH]));
    await after.service.catchUp(columnsOf([flatAt(0, 100), flatAt(1, 100)]));
    expect(await open()).toEqual([{ symbol: BTC }]);
  });
});

it('whatever the market and the restarts, positions are the fold of the fills, and equity adds up', async () => {
  const step = fc.record({
    symbol: fc.constantFrom(BTC, ETH),
    move: fc.integer({ min: -300, max: 300 }),
    direction: fc.constantFrom('long' as const, 'short' as const, undefined),
    event: fc.constantFrom('restart', 'close', 'nothing', 'nothing', 'nothing'),
  });
  let base = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      let trading = await start({ FEE_RATE: '0.001', SLIPPAGE_BPS: '3' });
      base += 100; // one database, one market that goes on
      for (const [i, { symbol, move, direction, event }] of steps.entries()) {
        const close = 100 + move / 100;
        const ohlc = [100, Math.max(100, close), Math.min(100, close), close];
        await pass(trading, candleAt(base + i, ohlc, BTC), candleAt(base + i, ohlc, ETH));
        if (direction) await trading.service.execute([signalAt(base + i, { symbol, direction, entry: close })]);
        if (event === 'close') await trading.service.closePosition(symbol);
        if (event === 'restart') trading = await start({ FEE_RATE: '0.001', SLIPPAGE_BPS: '3' });
      }
      const records = new LedgerRepository(fresh.database);
      const folded = foldFills(0n as never, await records.fills());
      const positions = await records.positions();
      expect(differing(folded.positions, positions)).toEqual([]);
      expect(positions).toHaveLength(folded.positions.length);
      await pass(trading, flatAt(base + 50, 100, BTC), flatAt(base + 50, 100, ETH));
      const { deposits, valuation } = trading.service.status();
      const now = await records.positions();
      const earned = now.reduce((sum, { realised, fees }) => sum + realised - fees, 0n);
      const unrealised = BigInt(Math.round(Number(valuation!.unrealised) * 1e8));
      expect(valuation!.equity).toBe(format(BigInt(Number(deposits)) * 10n ** 8n + earned + unrealised));
    }),
    { numRuns: 15 },
  );
});

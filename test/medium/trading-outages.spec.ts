import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candle } from '../../src/domain/candle.js';
import type { Database } from '../../src/platform/database/database.service.js';
import { entryId } from '../../src/trading/order-id.js';
import { freshDatabase } from '../builders/postgres.js';
import {
  eachOnAFreshDatabase,
  fresh,
  losable,
  open,
  orderRow,
  pass,
  rows,
  start,
  withPosition,
} from '../builders/trading-process.js';
import { BTC, candleAt, columnsOf, flatAt, MINUTE, signalAt, T0 } from '../builders/trading.js';

eachOnAFreshDatabase();

const entry = entryId(signalAt(0).id);

describe('an entry that rested when the process ended', () => {
  it('opens nothing in the market of ten hours later', async () => {
    const before = await start();
    await pass(before, flatAt(0, 100));
    await before.service.execute([signalAt(0)]);
    await before.service.stop();
    const after = await start();
    after.clock.time = T0 + 602 * MINUTE;
    await after.service.catchUp(columnsOf([flatAt(600, 130), flatAt(601, 130)])); // the hours between are missing
    await after.service.tick();
    expect(await open()).toEqual([]);
    expect(await orderRow(entry)).toEqual({ state: 'cancelled', reason: 'STALE_ORDER' });
  });
});

describe('a halt', () => {
  it('holds for entries that rested when the process died between the halt and their cancellation', async () => {
    const before = await start();
    await pass(before, flatAt(0, 100));
    await before.service.execute([signalAt(0)]);
    await fresh.database.query(
      `update trading_state set halt_code = 'PERSON', halt_reason = 'news', halted_at = now()`,
    );
    const after = await start();
    await after.service.catchUp(columnsOf([flatAt(0, 100), flatAt(1, 100)]));
    expect(await open()).toEqual([]);
    expect(await orderRow(entry)).toEqual({ state: 'cancelled', reason: 'HALTED' });
  });

  it('asked for while the database is gone holds at once, and is on record as soon as it is back', async () => {
    const connection = losable();
    const trading = await start({}, connection.database);
    await pass(trading, flatAt(0, 100));
    await trading.service.execute([signalAt(0)]);
    connection.state = 'down';
    await expect(trading.service.tick()).rejects.toThrow('connection lost');
    await expect(trading.service.halt('news')).rejects.toThrow('connection lost');
    expect(trading.service.status().halt).toMatchObject({ code: 'PERSON', reason: 'news' });
    connection.state = 'up';
    await pass(trading, flatAt(1, 100));
    expect(await open()).toEqual([]);
    expect((await start()).service.status().halt).toMatchObject({ code: 'PERSON', reason: 'news' });
  });

  it('of the daily loss, reached while the database is gone, stays when the price comes back', async () => {
    const connection = losable();
    const trading = await start({ MAX_DAILY_LOSS: '0.005' }, connection.database);
    await withPosition(trading, signalAt(0, { stopLoss: 50 }));
    await fresh.database.query('alter table trading_state add constraint full_disk check (halt_code is null)');
    await expect(pass(trading, candleAt(2, [100, 100, 60, 60]))).rejects.toThrow('full_disk');
    expect(trading.service.status().halt).toMatchObject({ code: 'DAILY_LOSS' });
    await fresh.database.query('alter table trading_state drop constraint full_disk');
    await pass(trading, flatAt(3, 100));
    expect((await start()).service.status().halt).toMatchObject({ code: 'DAILY_LOSS' });
  });

  it('lifted by a person is lifted, whatever failed before', async () => {
    const connection = losable();
    const trading = await start({}, connection.database);
    await pass(trading, flatAt(0, 100));
    connection.state = 'down';
    await expect(trading.service.halt('news')).rejects.toThrow('connection lost');
    connection.state = 'up';
    await trading.service.resume();
    expect(trading.service.status().halt).toBeNull();
    await trading.service.execute([signalAt(0)]);
    expect(await orderRow(entry)).toMatchObject({ state: 'accepted' });
    expect((await start()).service.status().halt).toBeNull();
  });
});

describe('the database is lost in the middle of execute', () => {
  const statements = [1, 2, 3]; // the intent, the request, its answer
  it.each(statements.flatMap((n) => [[n, 'down'] as const, [n, 'deaf'] as const]))(
    'at statement %i, %s: the order is filled once, or never left and says so',
    async (n, how) => {
      const connection = losable();
      const trading = await start({}, connection.database);
      await pass(trading, flatAt(0, 100));
      connection.loseAt(n, how);
      await trading.service.execute([signalAt(0)]).catch(() => undefined);
      connection.state = 'up';
      await pass(trading, flatAt(1, 100));
      await trading.service.execute([signalAt(0)]); // told again
      await pass(trading, flatAt(2, 100));
      const { orders, fills, positions } = await rows();
      const [order] = orders as { state: string; reason: string | null }[];
      const left = order?.state === 'filled';
      if (!left) expect([undefined, 'NEVER_SENT']).toContain(order?.reason);
      expect([orders!.length, fills!.length, positions!.length]).toEqual([order ? 1 : 0, left ? 1 : 0, left ? 1 : 0]);
      expect(trading.service.status()).toMatchObject({ openPositions: left ? 1 : 0, workingOrders: 0 });
    },
  );
});

describe('the database is gone for twenty minutes', () => {
  it('an entry whose candle came meanwhile is filled by it, not given up as stale', async () => {
    const connection = losable();
    const trading = await start({}, connection.database);
    await pass(trading, flatAt(0, 100));
    await trading.service.execute([signalAt(0)]);
    connection.state = 'down';
    await expect(pass(trading, flatAt(1, 100))).rejects.toThrow('connection lost');
    trading.clock.time = T0 + 20 * MINUTE;
    connection.state = 'up';
    await trading.service.tick();
    expect(await open()).toEqual([{ symbol: BTC }]);
    expect(trading.service.status().unmatchedCandles).toBe(0);
  });

  it('a stop that was hit meanwhile closes its position in the next turn of the loop', async () => {
    const connection = losable();
    const trading = await start({}, connection.database);
    await withPosition(trading);
    connection.state = 'down';
    await expect(pass(trading, candleAt(2, [100, 100, 97, 99]))).rejects.toThrow('connection lost');
    connection.state = 'up';
    await trading.service.tick();
    expect((await rows())['positions']).toMatchObject([{ closed_by: 'stop_loss' }]);
  });
});

describe('a clock that jumps', () => {
  it("begins no day that the market has not reached: the day's loss is measured from its own start", async () => {
    const trading = await start();
    await withPosition(trading);
    trading.clock.time = Date.UTC(2100, 0, 1);
    await trading.service.tick();
    trading.clock.time = T0 + 2 * MINUTE;
    expect(trading.service.status().dayStart).toMatchObject({ day: T0 });
    expect((await start()).service.status().dayStart).toMatchObject({ day: T0 });
  });
});

describe('two processes trade on one database', () => {
  it('an order that one has filled is never taken back by the other: it fails, looks again, and agrees', async () => {
    const one = await start();
    await pass(one, flatAt(0, 100));
    await one.service.execute([signalAt(0)]);
    const other = await start();
    await pass(one, flatAt(1, 100));
    await expect(other.service.halt('news')).rejects.toThrow(entry);
    expect(await orderRow(entry)).toEqual({ state: 'filled', reason: null });
    await pass(other, candleAt(2, [100, 101, 97, 100]));
    await expect(pass(one, candleAt(2, [100, 101, 97, 100]))).rejects.toThrow('has ended on record');
    expect((await rows())['fills']).toHaveLength(2);
    expect(await open()).toEqual([]);
  });
});

it('fills depend on candles alone: a process that dies, sleeps and loses its database makes those of one that never did', async () => {
  const minute = fc.record({
    close: fc.integer({ min: -250, max: 250 }).map((move) => 100 + move / 100),
    signal: fc.constantFrom('long' as const, 'short' as const, undefined, undefined),
    event: fc.constantFrom('restart', 'sleep', 'down', 'deaf', 'recover', 'recover', 'recover', 'nothing'),
  });
  const env = { FEE_RATE: '0.001', SLIPPAGE_BPS: '3', MAX_DAILY_LOSS: '1' };
  let base = 0; // one market that goes on, so that two databases do for all runs
  const elsewhere = await freshDatabase();
  await fc.assert(
    fc.asyncProperty(fc.array(minute, { minLength: 10, maxLength: 40 }), async (minutes) => {
      base += 100;
      const connection = losable();
      const steady = await start(env, elsewhere.database);
      let shaken = await start(env, connection.database);
      const past: Candle[] = [];
      let asleep = false;
      for (const [i, { close, signal, event }] of [...minutes, ...QUIET_END].entries()) {
        const candle = candleAt(base + i, [100, Math.max(100, close), Math.min(100, close), close]);
        past.push(candle);
        if (event === 'down' || event === 'deaf') connection.state = event;
        if (event === 'sleep') asleep = true;
        if (event === 'recover' || event === 'restart') {
          connection.state = 'up';
          if (event === 'restart' || asleep) {
            shaken = await start(env, connection.database);
            shaken.clock.time = candle.openTime + MINUTE;
            await shaken.service.catchUp(columnsOf(past));
          }
          asleep = false;
        }
        await pass(steady, candle);
        if (!asleep) await pass(shaken, candle).catch(() => expect(connection.state).not.toBe('up'));
        if (signal === undefined || asleep || connection.state !== 'up') continue;
        for (const { service } of [steady, shaken])
          await service.execute([signalAt(base + i, { direction: signal, entry: close })]);
      }
      const fillsOf = (database: Database) =>
        database.query('select id, side, price, quantity, fee, filled_at from fills order by filled_at, id');
      expect(await fillsOf(fresh.database)).toEqual(await fillsOf(elsewhere.database));
    }),
    { numRuns: 20 },
  );
  await elsewhere.close();
});

/** Minutes in which everything comes back and every position meets its stop. */
const QUIET_END = [100, 90, 110].map((close) => ({ close, signal: undefined, event: 'recover' }) as const);

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SignalJson } from '../../src/domain/signal-json.js';
import { INSERT_SIGNALS, signalParameters } from '../../src/domain/signal-row.js';
import type { Signal } from '../../src/domain/signal.js';
import { SignalRepository } from '../../src/strategy/signal.repository.js';
import { StrategyModule } from '../../src/strategy/strategy.module.js';
import { StrategyService, type Decision } from '../../src/strategy/strategy.service.js';
import { ExchangeClock } from '../../src/platform/exchange.clock.js';
import { nestApp, settingsOf, type NestApp } from '../builders/nest-app.js';
import { freshDatabase } from '../builders/postgres.js';
import { batchOf, FLAT, LONG, MIDNIGHT, SHORT } from '../builders/prediction-batch.js';

const MINUTE = 60_000;

let fresh: Awaited<ReturnType<typeof freshDatabase>>;
beforeAll(async () => {
  fresh = await freshDatabase();
});
afterAll(() => fresh.close());

/** A strategy as after a start: it remembers nothing but the database. */
function started(): { strategy: StrategyService; decisions: Decision[] } {
  const strategy = new StrategyService(settingsOf(), new SignalRepository(fresh.database), new ExchangeClock(1));
  const decisions: Decision[] = [];
  strategy.decisions.to((decision) => void decisions.push(decision));
  return { strategy, decisions };
}
const batchAt = (minute: number, openRows = [LONG, SHORT, FLAT]) =>
  batchOf(
    [
      { model: 'trees', rows: openRows },
      { model: 'net', rows: openRows },
    ],
    { openTime: MIDNIGHT + minute * MINUTE },
  );
const rows = () => fresh.database.query<{ id: string }>('select * from signals order by id');

describe('the strategy on Postgres', () => {
  it('decides, stamps the moment on every run, and emits a decision also without signals', async () => {
    const { strategy, decisions } = started();
    const batch = batchAt(0);
    await strategy.decide(batch);
    await strategy.decide(batchAt(1, [FLAT, FLAT, FLAT]));
    expect(decisions.map(({ signals }) => signals.map(({ direction }) => direction))).toEqual([['long', 'short'], []]);
    for (const run of batch.runs) expect(run.moments.decided).toBeTypeOf('number');
    expect(strategy.status()).toMatchObject({ strategy: 'ensemble-v1', signals: 2, rejections: { LOW_CONFIDENCE: 4 } });
  });

  it('saves every signal once, however often it is told, and reads it back to the bit', async () => {
    const { strategy, decisions } = started();
    await strategy.decide(batchAt(0));
    const { signals } = decisions[0]!;
    await strategy.record(signals);
    const first = await rows();
    await strategy.record(signals);
    await Promise.all([strategy.record(signals), strategy.record([...signals].reverse())]);
    expect(await rows()).toEqual(first);
    expect(first).toHaveLength(2);
    const repository = new SignalRepository(fresh.database);
    for (const signal of signals) expect(await repository.find(signal.id)).toEqual(signal);
    expect(await repository.find('none')).toBeUndefined();
  });

  it('after a restart, the candle on record is decided as before, and the next ones cool', async () => {
    const before = await rows();
    const { strategy, decisions } = started();
    for (const minute of [0, 1, 2, 3]) await strategy.decide(batchAt(minute));
    for (const { signals } of decisions) await strategy.record(signals);
    expect(decisions.map(({ signals }) => signals.length)).toEqual([2, 0, 0, 0]);
    expect(await rows()).toEqual(before);

    const later = started();
    for (const minute of [1, 2, 3, 4]) await later.strategy.decide(batchAt(minute));
    expect(later.decisions.map(({ signals }) => signals.length)).toEqual([0, 0, 0, 2]);
  });

  it('a replay of an earlier day is not silenced by what came after it', async () => {
    const { strategy, decisions } = started();
    await strategy.decide(batchAt(-1440));
    expect(decisions[0]!.signals).toHaveLength(2);
  });

  it('text that looks like SQL or an array literal is saved as it is', async () => {
    const [signal] = (await decided(9000)) as [Signal];
    const odd: Signal = { ...signal, strategy: `o'dd "{\\,}" $1`, id: 'f'.repeat(32) };
    await fresh.database.query(INSERT_SIGNALS, signalParameters([odd]));
    expect(await new SignalRepository(fresh.database).find(odd.id)).toEqual(odd);
    await fresh.database.query('delete from signals where id = $1', [odd.id]);
  });

  it('the table refuses an impossible signal', async () => {
    const [signal] = (await decided(9001)) as [Signal];
    const insert = (wrong: Partial<Signal>) =>
      fresh.database.query(INSERT_SIGNALS, signalParameters([{ ...signal, ...wrong }]));
    await expect(insert({ direction: 'buy' as 'long' })).rejects.toThrow(/check/);
    await expect(insert({ confidence: 1.5 })).rejects.toThrow(/check/);
    await expect(insert({ stopLoss: signal.entry * 2 })).rejects.toThrow(/check/);
  });
});

async function decided(minute: number): Promise<readonly Signal[]> {
  const { strategy, decisions } = started();
  await strategy.decide(batchAt(minute));
  return decisions[0]!.signals;
}

describe('GET /api/v1/signals', () => {
  interface Page {
    data: SignalJson[];
    next: string | null;
  }
  let own: Awaited<ReturnType<typeof freshDatabase>>;
  let server: NestApp;
  const saved: Signal[] = [];
  beforeAll(async () => {
    own = await freshDatabase();
    server = await nestApp([StrategyModule], own.dataSource, { COOLDOWN_CANDLES: '0' });
    const strategy = server.app.get(StrategyService);
    strategy.decisions.to(async ({ signals }) => {
      saved.push(...signals);
      await strategy.record(signals);
    });
    for (const minute of [0, 1, 2, 3, 4]) await strategy.decide(batchAt(minute));
    const five = batchOf([{ model: 'trees', rows: [[0, 0.05, 0.95]] }], { timeframe: '5m' });
    await strategy.decide(five); // closes with the last minute: a tie on decided_at
  });
  afterAll(async () => {
    await server.close();
    await own.close();
  });
  const list = (query: string) => server.json<Page>(`/api/v1/signals${query}`);

  it('lists newest first, in the field names that the web client reads', async () => {
    const { data, next } = await list('');
    expect(data).toHaveLength(11);
    expect(next).toBeNull();
    const times = data.map(({ timestamp }) => timestamp);
    expect(times).toEqual([...times].sort().reverse());
    const signal = saved[0]!;
    expect(data.find(({ id }) => id === signal.id)).toMatchObject({
      symbol: 'S0/USDT',
      timeframe: '1m',
      direction: 'long',
      timestamp: '2026-01-05T00:01:00.000Z',
      open_time: '2026-01-05T00:00:00.000Z',
      entry_price: 100,
      stop_loss: 97,
      take_profit: 104,
      tp1: 104,
      tp2: 106,
      tp3: 108,
      risk_reward_ratio: 4 / 3,
      strategy: 'ensemble-v1',
      metadata: {
        because: { agreeing_timeframes: ['1m'], models: [{ model: 'net@1.0.0' }, { model: 'trees@1.0.0' }] },
      },
    });
  });

  it.each([1, 2, 3, 10, 11])('pages of %i hold every signal once, in order, ties included', async (limit) => {
    const seen: string[] = [];
    for (let query = `?limit=${limit}`, turns = 0; turns < 20; turns++) {
      const { data, next } = await list(query);
      seen.push(...data.map(({ id }) => id));
      if (next === null) break;
      query = `?limit=${limit}&cursor=${next}`;
    }
    expect(seen).toEqual((await list('')).data.map(({ id }) => id));
  });

  it.each([
    ['?symbol=S0/USDT', 6],
    ['?symbol=s0-usdt&timeframe=1m', 5],
    ['?timeframe=5m', 1],
    ['?direction=short', 5],
    ['?min_confidence=0.9', 1],
    ['?from=2026-01-05T00:03:00Z', 7],
    ['?to=2026-01-05T00:03:00Z', 4],
    ['?from=2026-01-05T00:02:00Z&to=2026-01-05T00:03:00Z&direction=long', 1],
    ['?symbol=NONE/USDT', 0],
  ])('%s gives %i', async (query, count) => {
    expect((await list(query)).data).toHaveLength(count);
  });

  it.each([
    '?colour=red',
    '?direction=buy',
    '?limit=0',
    '?limit=1e2',
    '?from=yesterday',
    '?cursor=x',
    '?symbol=a&symbol=b',
    '?min_confidence=2',
  ])('%s is refused by name', async (query) => {
    const response = await server.request(`/api/v1/signals${query}`);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await response.text()).toContain(query.slice(1).split('=')[0]);
  });

  it('asks for the key', async () => {
    expect((await fetch(`${server.url}/api/v1/signals`)).status).toBe(401);
  });
});

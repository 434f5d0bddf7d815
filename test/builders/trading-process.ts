import { afterEach, beforeEach } from 'vitest';
import type { Candle } from '../../src/domain/candle.js';
import type { Pair } from '../../src/domain/pair.js';
import type { Signal } from '../../src/domain/signal.js';
import { Clock } from '../../src/platform/clock.js';
import { schema } from '../../src/platform/config/schema.js';
import { Settings } from '../../src/platform/config/settings.js';
import type { Database, Queryable } from '../../src/platform/database/database.service.js';
import { IntentRepository } from '../../src/trading/intent.repository.js';
import { LedgerRepository } from '../../src/trading/ledger.repository.js';
import { OrderDesk } from '../../src/trading/order-desk.service.js';
import type { OrderUpdate } from '../../src/trading/order-update.js';
import { TradingStateRepository } from '../../src/trading/trading-state.repository.js';
import { TradingService } from '../../src/trading/trading.service.js';
import { PaperVenue } from '../../src/trading/venues/paper.venue.js';
import { freshDatabase } from './postgres.js';
import { BTC, candleAt, ETH, flatAt, instrumentOf, MINUTE, signalAt, T0 } from './trading.js';

/** Shows the exchange time it is told. */
export class SetClock extends Clock {
  time = T0 + MINUTE;
  override now = () => this.time;
  override wallTimeOf = (exchangeTime: number) => exchangeTime;
  override wallNow = () => this.time;
}

export interface Trading {
  readonly service: TradingService;
  readonly clock: SetClock;
  readonly updates: OrderUpdate[];
}

export let fresh: Awaited<ReturnType<typeof freshDatabase>>;
/** Registers, for the spec file that calls it, a database of its own for each test. */
export function eachOnAFreshDatabase(): void {
  beforeEach(async () => {
    fresh = await freshDatabase();
  });
  afterEach(() => fresh.close());
}

interface Losable {
  /** down: nothing reaches it. deaf: what reaches it is done, and its answer is lost. */
  state: 'up' | 'down' | 'deaf';
  /** From the nth question on, counted from 1; a transaction is one question. */
  loseAt(n: number, state: 'down' | 'deaf'): void;
  readonly database: Database;
}

/** The test's database behind a connection that can be lost. */
export function losable(): Losable {
  let [left, next] = [Infinity, 'up' as Losable['state']];
  const lost = () => Promise.reject(new Error('connection lost'));
  const reached = async <T>(ask: () => Promise<T>): Promise<T> => {
    if ((left -= 1) === 0) connection.state = next;
    if (connection.state === 'down') return lost();
    const answer = await ask();
    return connection.state === 'deaf' ? lost() : answer;
  };
  const query: Queryable['query'] = (sql, parameters) => reached(() => fresh.database.query(sql, parameters));
  const transaction: Database['transaction'] = (work) => reached(() => fresh.database.transaction(work));
  const connection: Losable = {
    state: 'up',
    loseAt: (n, state) => ([left, next] = [n, state]),
    database: { query, transaction } as unknown as Database,
  };
  return connection;
}

/** A process's trading, as far as `recover`. */
export async function start(
  environment: Record<string, string> = {},
  database: Database = fresh.database,
): Promise<Trading> {
  const config = schema.parse({ SLIPPAGE_BPS: '0', FEE_RATE: '0', PAPER_BALANCE: '10000', ...environment });
  const exchange = { restUrl: '', wsUrl: '', speed: 60 };
  const settings = new Settings(config, {
    databaseUrl: '',
    exchange,
    home: '',
    modelsDir: '',
    version: '0',
    startedAt: 0,
  });
  const clock = new SetClock();
  const intents = new IntentRepository(database);
  const records = new LedgerRepository(database);
  const desk = new OrderDesk(new PaperVenue(settings), intents, records);
  const service = new TradingService(settings, clock, desk, intents, records, new TradingStateRepository(database));
  const updates: OrderUpdate[] = [];
  service.updates.tap(
    (update) => void updates.push(update),
    (error) => {
      throw error;
    },
  );
  service.list([instrumentOf(BTC), instrumentOf(ETH)]);
  await service.recover();
  return { service, clock, updates };
}

/** A candle closes: the clock shows its close, trading takes it. */
export async function pass({ service, clock }: Trading, ...candles: readonly Candle[]): Promise<void> {
  for (const candle of candles) {
    clock.time = candle.openTime + MINUTE;
    await service.mark([candle]);
  }
}

export async function rows(): Promise<Record<string, readonly unknown[]>> {
  const tables = {
    orders: 'id',
    fills: 'seq',
    positions: 'id',
    signals: 'id',
    signal_refusals: 'signal_id',
    deposits: 'id',
  };
  const found: Record<string, readonly unknown[]> = {};
  for (const [table, key] of Object.entries(tables)) {
    const answer = await fresh.database.query<Record<string, unknown>>(`select * from ${table} order by ${key}`);
    found[table] = answer.map(({ saved_at: _, recorded_at: __, ...row }) => row);
  }
  return found;
}

export const orderRow = async (id: string) =>
  (
    await fresh.database.query<{ state: string; reason: string | null }>(
      'select state, reason from orders where id = $1',
      [id],
    )
  )[0];
export const open = async () =>
  fresh.database.query<{ symbol: Pair }>('select symbol from positions where closed_at is null');

/** Of 10,000: 1 % at risk over 2 is 50 BTC, a fifth of it at 100 is 20 BTC; so 20, bought at 100. */
export async function withPosition(trading: Trading, signal: Signal = signalAt(0)): Promise<void> {
  await pass(trading, flatAt(0, 100));
  await trading.service.execute([signal]);
  await pass(trading, candleAt(1, [100, 101, 99, 100]));
}

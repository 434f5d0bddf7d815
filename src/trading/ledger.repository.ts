import { Injectable } from '@nestjs/common';
import type { Fill } from '../domain/fill.js';
import type { Order, Purpose } from '../domain/order.js';
import { parseExact, type Price } from '../domain/money.js';
import type { Position } from '../domain/position.js';
import { Database, type Queryable } from '../platform/database/database.service.js';
import type { Change } from './ledger.js';
import {
  INSERT_ORDER_ROWS,
  FILL_COLUMNS,
  fillArrays,
  fillOf,
  ORDER_COLUMNS,
  orderArrays,
  orderOf,
  POSITION_COLUMNS,
  positionArrays,
  positionOf,
  type FillRow,
  type OrderRow,
  type PositionRow,
} from './order.row.js';
import type { FillOrder } from './portfolio.js';

/** Orders, fills and positions move together, or not at all. */
@Injectable()
export class LedgerRepository {
  constructor(private readonly database: Database) {}

  /**
   * Saves what happened in one transaction: orders as they stand now, their new fills, the positions they made.
   * @throws when a fill is on record already, or an order has come to its end: another process trades on this database, and
   *   nothing is saved
   */
  async save(changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return;
    const orders = newest(changes.map(({ order }) => order));
    const fills = changes.flatMap((change) => change.fills);
    const positions = newest(changes.flatMap(({ position }) => position ?? []));
    await this.database.transaction(async (transaction) => {
      const moved = await transaction.query<{ id: string }>(UPSERT_ORDERS, orderArrays(orders));
      if (moved.length !== orders.length)
        throw new Error(`one of these orders has ended on record: ${orders.map(({ id }) => id).join(' ')}`);
      if (fills.length === 0) return;
      const added = await transaction.query<{ id: string }>(INSERT_FILLS, fillArrays(fills));
      if (added.length !== fills.length)
        throw new Error(`fills on record already: ${fills.map(({ id }) => id).join(' ')}`);
      await savePositions(transaction, positions);
    });
  }

  /** Writes positions as they are given: what start does with the fold of fills where the rows disagree. */
  async savePositions(positions: readonly Position[]): Promise<void> {
    if (positions.length > 0) await this.database.transaction((transaction) => savePositions(transaction, positions));
  }

  /** Every fill, in the order they were booked, each with what of its order it depends on. */
  async fills(): Promise<{ readonly order: FillOrder; readonly fill: Fill }[]> {
    const rows = await this.database.query<FillRow & FillOrderRow>(`
      select f.id, f.order_id, f.symbol, f.side, f.price, f.quantity, f.fee, f.filled_at,
             o.purpose, o.stop_loss, o.take_profit
        from fills f join orders o on o.id = f.order_id
       order by f.seq`);
    return rows.map((row) => ({
      fill: fillOf(row),
      order: {
        id: row.order_id,
        purpose: row.purpose,
        stopLoss: row.stop_loss === null ? null : parseExact<Price>(row.stop_loss),
        takeProfit: row.take_profit === null ? null : parseExact<Price>(row.take_profit),
      },
    }));
  }

  /** Every order that can still be filled or must be resolved, oldest first, with its fills. */
  async working(): Promise<{ readonly order: Order; readonly fills: readonly Fill[] }[]> {
    const orders = await this.database.query<OrderRow>(`
      select ${ORDER_COLUMNS} from orders
       where state in ('intended', 'submitted', 'accepted', 'partially_filled')
       order by created_at, id`);
    const ids = orders.map(({ id }) => id);
    const rows = await this.database.query<FillRow>(
      `select ${FILL_COLUMNS} from fills where order_id = any($1::text[]) order by seq`,
      [ids],
    );
    return orders.map((row) => ({
      order: orderOf(row),
      fills: rows.filter(({ order_id }) => order_id === row.id).map(fillOf),
    }));
  }

  /** Every position row, oldest first. */
  async positions(): Promise<Position[]> {
    const rows = await this.database.query<PositionRow>(
      `select ${POSITION_COLUMNS} from positions order by opened_at, id`,
    );
    return rows.map(positionOf);
  }
}

interface FillOrderRow {
  readonly purpose: Purpose;
  readonly stop_loss: string | null;
  readonly take_profit: string | null;
}

/** One statement may touch a row once: the last state of each id wins. */
function newest<T extends { readonly id: string }>(values: readonly T[]): T[] {
  return [...new Map(values.map((value) => [value.id, value])).values()];
}

async function savePositions(transaction: Queryable, positions: readonly Position[]): Promise<void> {
  if (positions.length > 0) await transaction.query(UPSERT_POSITIONS, positionArrays(positions));
}

const UPSERT_ORDERS = `
${INSERT_ORDER_ROWS}
on conflict (id) do update
   set state = excluded.state, filled = excluded.filled, reason = excluded.reason, saved_at = clock_timestamp()
 where orders.state in ('intended', 'submitted', 'accepted', 'partially_filled')
returning id`;

const INSERT_FILLS = `
insert into fills (id, order_id, symbol, side, price, quantity, fee, filled_at)
select id, order_id, symbol, side, price, quantity, fee, to_timestamp(filled_s)
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::numeric[], $6::numeric[], $7::numeric[], $8::float8[])
    as t (id, order_id, symbol, side, price, quantity, fee, filled_s)
on conflict do nothing
returning id`;

const UPSERT_POSITIONS = `
insert into positions (id, symbol, direction, quantity, entry_price, cost, stop_loss, take_profit, realised, fees,
                       opened_at, closed_at, closed_by)
select id, symbol, direction, quantity, entry_price, cost, stop_loss, take_profit, realised, fees,
       to_timestamp(opened_s), to_timestamp(closed_s), closed_by
  from unnest($1::text[], $2::text[], $3::text[], $4::numeric[], $5::numeric[], $6::numeric[], $7::numeric[],
              $8::numeric[], $9::numeric[], $10::numeric[], $11::float8[], $12::float8[], $13::text[])
    as t (id, symbol, direction, quantity, entry_price, cost, stop_loss, take_profit, realised, fees,
          opened_s, closed_s, closed_by)
on conflict (id) do update
   set quantity = excluded.quantity, entry_price = excluded.entry_price, cost = excluded.cost,
       realised = excluded.realised, fees = excluded.fees, closed_at = excluded.closed_at, closed_by = excluded.closed_by`;

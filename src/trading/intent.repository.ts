import { Injectable } from '@nestjs/common';
import type { Order } from '../domain/order.js';
import type { Signal } from '../domain/signal.js';
import { INSERT_SIGNALS, signalParameters } from '../domain/signal-row.js';
import { Database } from '../platform/database/database.service.js';
import type { Refused } from './ledger.js';
import { INSERT_ORDER_ROWS, orderArrays } from './order.row.js';

/** What is committed before anything leaves: orders, with the signals they come from. And why others came to nothing. */
@Injectable()
export class IntentRepository {
  constructor(private readonly database: Database) {}

  /**
   * Commits the orders and their signals in one transaction, one statement each.
   * @param intents state `intended`, any number
   * @returns ids of the orders that are new; an order on record, or of a signal refused before, adds nothing
   */
  async intend(
    intents: readonly { readonly order: Order; readonly signal: Signal | null }[],
  ): Promise<ReadonlySet<string>> {
    if (intents.length === 0) return new Set();
    const signals = intents.flatMap(({ signal }) => signal ?? []);
    const rows = await this.database.transaction(async (transaction) => {
      // In the order of the batch, as the strategy saves them: two writers of the same rows wait, and never for each other.
      if (signals.length > 0) await transaction.query(INSERT_SIGNALS, signalParameters(signals));
      return transaction.query<{ id: string }>(INSERT_ORDERS, orderArrays(intents.map(({ order }) => order)));
    });
    return new Set(rows.map(({ id }) => id));
  }

  /** Records why signals became no order, once each; one that has an order (a replay) is left alone. */
  async refuse(refused: readonly Refused[], refusedAt: number): Promise<void> {
    if (refused.length === 0) return;
    await this.database.query(INSERT_REFUSALS, [
      refused.map(({ signal }) => signal.id),
      refused.map(({ signal }) => signal.symbol),
      refused.map(({ refusal }) => refusal.code),
      refused.map(({ refusal }) => JSON.stringify(refusal.detail)),
      refusedAt / 1000,
    ]);
  }
}

const INSERT_ORDERS = `
${INSERT_ORDER_ROWS}
 where not exists (select from signal_refusals where signal_refusals.signal_id = t.signal_id)
on conflict do nothing
returning id`;

const INSERT_REFUSALS = `
insert into signal_refusals (signal_id, symbol, code, detail, refused_at)
select signal_id, symbol, code, detail::jsonb, to_timestamp($5::float8)
  from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as t (signal_id, symbol, code, detail)
 where not exists (select from orders where orders.signal_id = t.signal_id)
on conflict do nothing`;

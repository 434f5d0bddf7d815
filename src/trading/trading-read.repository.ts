import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database/database.service.js';
import type { Cursor, EquityQuery, FillQuery, OrderQuery, PositionQuery } from './list-query.js';
import {
  FILL_COLUMNS,
  ORDER_COLUMNS,
  POSITION_COLUMNS,
  type EquityRow,
  type FillRow,
  type OrderRow,
  type PositionRow,
} from './order.row.js';

interface Span {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly limit: number;
  readonly cursor?: Cursor | undefined;
}

/** Pages for readers, newest first. Each answers up to limit + 1 rows: the last one tells that there are more. */
@Injectable()
export class TradingReadRepository {
  constructor(private readonly database: Database) {}

  orders(query: OrderQuery): Promise<OrderRow[]> {
    return this.database.query<OrderRow>(
      `select ${ORDER_COLUMNS} from orders
        where ($6::text is null or symbol = $6) and ($7::text is null or state = $7) and ($8::text is null or purpose = $8)
          and ${newestFirst('created_at', 'id')}`,
      [...spanOf(query), query.symbol ?? null, query.state ?? null, query.purpose ?? null],
    );
  }

  fills(query: FillQuery): Promise<FillRow[]> {
    return this.database.query<FillRow>(
      `select ${FILL_COLUMNS} from fills
        where ($6::text is null or symbol = $6) and ($7::text is null or order_id = $7)
          and ${newestFirst('filled_at', 'id')}`,
      [...spanOf(query), query.symbol ?? null, query.order_id ?? null],
    );
  }

  positions(query: PositionQuery): Promise<PositionRow[]> {
    return this.database.query<PositionRow>(
      `select ${POSITION_COLUMNS} from positions
        where ($6::text is null or symbol = $6) and ($7::text = 'all' or ($7 = 'open') = (closed_at is null))
          and ${newestFirst('opened_at', 'id')}`,
      [...spanOf(query), query.symbol ?? null, query.state],
    );
  }

  equity(query: EquityQuery): Promise<EquityRow[]> {
    return this.database.query<EquityRow>(
      `select at, equity, cash, unrealised, peak, drawdown from equity where ${newestFirst('at', `''`)}`,
      spanOf(query),
    );
  }
}

/** Parameters $1 to $5 of `newestFirst`. */
function spanOf({ from, to, limit, cursor }: Span): unknown[] {
  return [seconds(from), seconds(to), seconds(cursor?.at), cursor?.id ?? null, limit + 1];
}

function seconds(time: number | undefined): number | null {
  return time === undefined ? null : time / 1000;
}

function newestFirst(time: string, id: string): string {
  return `($1::float8 is null or ${time} >= to_timestamp($1))
          and ($2::float8 is null or ${time} < to_timestamp($2))
          and ($3::float8 is null or (${time}, ${id}) < (to_timestamp($3), $4::text))
        order by ${time} desc, ${id === `''` ? time : id} desc
        limit $5::int`;
}

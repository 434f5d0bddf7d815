import { Injectable } from '@nestjs/common';
import type { RunRow } from '../batch-inference/runs/run.row.js';
import type { CandleSource } from '../domain/candle.js';
import type { Signal } from '../domain/signal.js';
import { Settings } from '../platform/config/settings.js';
import { Database } from '../platform/database/database.service.js';
import {
  FILL_COLUMNS,
  ORDER_COLUMNS,
  POSITION_COLUMNS,
  type FillRow,
  type OrderRow,
  type PositionRow,
} from '../trading/order.row.js';

export interface CandleOnRecord {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly source: CandleSource;
  /** How often the exchange told it again with other numbers. */
  readonly revision: number;
}

/** A run, and its answer for one symbol. */
export type RunWithAnswer = RunRow & {
  readonly classes: readonly string[] | null;
  /** A number a column; null where it abstained or is not on record. */
  readonly probabilities: readonly number[] | null;
  readonly abstained: string | null;
};

export interface RefusalOnRecord {
  readonly code: string;
  readonly detail: Readonly<Record<string, string | number>>;
  readonly refused_at: Date;
}

/** What came before a signal and what came of it, as far as it is on record. */
export interface Lineage {
  readonly candle: CandleOnRecord | undefined;
  /** Those that voted for it. */
  readonly runs: readonly RunWithAnswer[];
  /** Those that the answers of an ensemble among them were made of. */
  readonly memberRuns: readonly RunWithAnswer[];
  readonly refusal: RefusalOnRecord | undefined;
  /** The entry and everything that closes its position, oldest first. */
  readonly orders: readonly OrderRow[];
  readonly fills: readonly FillRow[];
  readonly position: PositionRow | undefined;
}

const OF_SIGNAL = `select id from orders where signal_id = $1`;
const ORDERS_OF_SIGNAL = `select id from orders where position_id in (${OF_SIGNAL})`;

/** Reads across the tables of every module; writes nothing. */
@Injectable()
export class LineageRepository {
  readonly #exchange: string;

  constructor(
    private readonly database: Database,
    settings: Settings,
  ) {
    this.#exchange = settings.config.EXCHANGE;
  }

  /** @returns what is on record of the signal; seven small queries by key */
  async of(signal: Signal): Promise<Lineage> {
    const [candle, runs, refusal, orders, fills, position] = await Promise.all([
      this.#candle(signal),
      this.#runs(
        signal,
        signal.because.models.map(({ runId }) => runId),
      ),
      this.#refusal(signal),
      this.#orders(signal),
      this.#fills(signal),
      this.#position(signal),
    ]);
    const members = runs.flatMap(({ made_of }) => made_of?.members.map(({ run_id }) => run_id) ?? []);
    const memberRuns = members.length > 0 ? await this.#runs(signal, members) : [];
    return { candle, runs, memberRuns, refusal, orders, fills, position };
  }

  async #candle({ symbol, timeframe, openTime }: Signal): Promise<CandleOnRecord | undefined> {
    const rows = await this.database.query<CandleOnRecord>(
      `select open, high, low, close, volume, source, revision
         from candles
        where exchange = $1 and symbol = $2 and timeframe = $3 and open_time = to_timestamp($4::float8 / 1000)`,
      [this.#exchange, symbol, timeframe, openTime],
    );
    return rows[0];
  }

  #runs({ symbol }: Signal, ids: readonly string[]): Promise<RunWithAnswer[]> {
    return this.database.query<RunWithAnswer>(
      `select runs.*, p.classes,
              case when abstentions_of.it is null
                then (p.probabilities)[p.columns * (place.i - 1) + 1 : p.columns * place.i] end as probabilities,
              abstentions_of.it as abstained
         from runs
         left join predictions p on p.run_id = runs.id
         cross join lateral (select array_position(p.symbols, $2) as i) as place
         cross join lateral (select p.abstentions[place.i] as it) as abstentions_of
        where runs.id = any($1)
        order by runs.id`,
      [ids, symbol],
    );
  }

  async #refusal({ id }: Signal): Promise<RefusalOnRecord | undefined> {
    const rows = await this.database.query<RefusalOnRecord>(
      'select code, detail, refused_at from signal_refusals where signal_id = $1',
      [id],
    );
    return rows[0];
  }

  #orders({ id }: Signal): Promise<OrderRow[]> {
    return this.database.query<OrderRow>(
      `select ${ORDER_COLUMNS} from orders where position_id in (${OF_SIGNAL}) order by created_at, id`,
      [id],
    );
  }

  #fills({ id }: Signal): Promise<FillRow[]> {
    return this.database.query<FillRow>(
      `select ${FILL_COLUMNS} from fills where order_id in (${ORDERS_OF_SIGNAL}) order by seq`,
      [id],
    );
  }

  async #position({ id }: Signal): Promise<PositionRow | undefined> {
    const rows = await this.database.query<PositionRow>(
      `select ${POSITION_COLUMNS} from positions where id in (${OF_SIGNAL})`,
      [id],
    );
    return rows[0];
  }
}

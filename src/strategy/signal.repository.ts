import { Injectable } from '@nestjs/common';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  becauseArray,
  INSERT_SIGNALS,
  SIGNAL_COLUMNS,
  signalOf,
  signalParameters,
  type SignalRow,
} from '../domain/signal-row.js';
import type { Signal } from '../domain/signal.js';
import type { Timeframe } from '../domain/timeframe.js';
import { Database } from '../platform/database/database.service.js';
import type { PastSignal } from './cooldown.js';
import type { SignalQuery } from './signal-query.js';

/** Signals made into text before the main loop gets its turn: about a millisecond. */
const SIGNALS_A_SLICE = 200;

/** The table `signals`. */
@Injectable()
export class SignalRepository {
  constructor(private readonly database: Database) {}

  /** Saves those not on record yet, in one statement. @returns the ids that are new */
  async insertAll(signals: readonly Signal[]): Promise<ReadonlySet<string>> {
    if (signals.length === 0) return new Set();
    const because: string[] = [];
    for (let at = 0; at < signals.length; at += SIGNALS_A_SLICE) {
      if (at > 0) await nextTurn();
      because.push(becauseArray(signals.slice(at, at + SIGNALS_A_SLICE)));
    }
    const parameters = signalParameters(signals, `[${because.join(',')}]`);
    const rows = await this.database.query<{ id: string }>(INSERT_SIGNALS, parameters);
    return new Set(rows.map(({ id }) => id));
  }

  /** @returns at most `query.limit + 1` signals, newest first; the one too many says that there is a next page */
  async page({
    symbol,
    timeframe,
    direction,
    min_confidence,
    from,
    to,
    limit,
    cursor,
  }: SignalQuery): Promise<Signal[]> {
    const rows = await this.database.query<SignalRow>(
      `select ${SIGNAL_COLUMNS}
         from signals
        where ($1::text is null or symbol = $1)
          and ($2::text is null or timeframe = $2)
          and ($3::text is null or direction = $3)
          and ($4::float8 is null or confidence >= $4)
          and ($5::float8 is null or decided_at >= to_timestamp($5 / 1000))
          and ($6::float8 is null or decided_at < to_timestamp($6 / 1000))
          and ($7::float8 is null or (decided_at, id) < (to_timestamp($7 / 1000), $8))
        order by decided_at desc, id desc
        limit $9`,
      [symbol, timeframe, direction, min_confidence, from, to, cursor?.decidedAt, cursor?.id, limit + 1].map(
        (value) => value ?? null,
      ),
    );
    return rows.map(signalOf);
  }

  /** @returns the newest `count` signals, newest first */
  newest(count: number): Promise<Signal[]> {
    return this.page({ limit: count - 1 });
  }

  /** @returns zero or one signal; none for text that is no signal's id */
  async find(id: string): Promise<Signal | undefined> {
    if (!/^[0-9a-f]{32}$/.test(id)) return undefined;
    const rows = await this.database.query<SignalRow>(`select ${SIGNAL_COLUMNS} from signals where id = $1`, [id]);
    return rows[0] && signalOf(rows[0]);
  }

  /** @returns the newest signal of each symbol and direction whose candle opened in [from, to], UTC ms */
  async lastOfEach(timeframe: Timeframe, strategy: string, from: number, to: number): Promise<PastSignal[]> {
    const rows = await this.database.query<Pick<SignalRow, 'symbol' | 'direction' | 'open_time'>>(
      `select symbol, direction, max(open_time) as open_time
         from signals
        where timeframe = $1 and strategy = $2
          and open_time between to_timestamp($3::float8 / 1000) and to_timestamp($4::float8 / 1000)
        group by symbol, direction`,
      [timeframe, strategy, from, to],
    );
    return rows.map(({ symbol, direction, open_time }) => ({ symbol, direction, openTime: open_time.getTime() }));
  }
}

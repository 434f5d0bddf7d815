import type { Database } from '../../platform/database/database.service.js';
import { StartError } from '../../platform/start-error.js';

/** Which market the database is of, asked before the application is built on it. */
export class StoredMarketRepository {
  constructor(private readonly database: Database) {}

  /**
   * A database holds one market: simulated and real candles, signals and positions never mix.
   * @param asked EXCHANGE
   * @param where the data lie, and how to have others, as the message says it
   * @throws StartError where it holds candles of another exchange
   */
  async requireOnly(asked: string, { where, instead }: { where: string; instead: string }): Promise<void> {
    const sql = 'select min(exchange) as first, max(exchange) as last from candles';
    const [row] = await this.database.query<{ first: string | null; last: string | null }>(sql);
    const stored = [...new Set([row?.first, row?.last])].filter((exchange) => typeof exchange === 'string');
    if (stored.every((exchange) => exchange === asked)) return;
    throw new StartError(
      `The data in ${where} are of EXCHANGE=${stored.join(' and ')}, and EXCHANGE=${asked} is asked for. ` +
        `Two markets do not mix: set EXCHANGE back, or set ${instead} to another one for this market.`,
    );
  }

  /** @returns close time (UTC ms) of the newest stored 1m candle, undefined where none is */
  async newestClose(): Promise<number | undefined> {
    const [newest] = await this.database.query<{ close: number | null }>(
      `select extract(epoch from max(open_time) + interval '1 minute')::float8 * 1000 as close
         from candles where timeframe = '1m'`,
    );
    return newest?.close ?? undefined;
  }
}

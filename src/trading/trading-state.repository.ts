import { Injectable } from '@nestjs/common';
import { format, parseExact, type Money } from '../domain/money.js';
import { Database } from '../platform/database/database.service.js';
import type { EquityPoint } from './equity-point.js';
import type { Halt } from './halt.js';
import type { DayStart } from './ledger.js';

/** What a restart must not forget besides orders: money put in, the halt, the day's start, the equity curve. */
@Injectable()
export class TradingStateRepository {
  constructor(private readonly database: Database) {}

  /** Records the first deposit, unless one is on record. @returns the sum of all deposits */
  async depositOnce(amount: Money): Promise<Money> {
    await this.database.query(`insert into deposits (id, amount) values ('initial', $1) on conflict do nothing`, [
      format(amount),
    ]);
    const rows = await this.database.query<{ sum: string }>(`select sum(amount) as sum from deposits`);
    return parseExact<Money>(rows[0]!.sum);
  }

  async load(): Promise<{
    readonly halt: Halt | undefined;
    readonly dayStart: DayStart | undefined;
    readonly peak: Money | undefined;
  }> {
    const [state] = await this.database.query<StateRow>(`
      select halt_code, halt_reason, halted_at, day, day_equity, (select max(peak) from equity) as peak from trading_state`);
    if (!state) throw new Error('table trading_state has lost its row');
    const { halt_code: code, halt_reason: reason, halted_at: at, day, day_equity: equity, peak } = state;
    return {
      halt: code && at ? { code, reason, at: at.getTime() } : undefined,
      dayStart: day && equity !== null ? { day: day.getTime(), equity: parseExact<Money>(equity) } : undefined,
      peak: peak === null ? undefined : parseExact<Money>(peak),
    };
  }

  /** @returns false, changing nothing, when a halt is on record: the first reason stays */
  async haltOnce({ code, reason, at }: Halt): Promise<boolean> {
    const rows = await this.database.query(
      `with halted as (
         update trading_state set halt_code = $1, halt_reason = $2, halted_at = to_timestamp($3::float8)
          where halt_code is null returning singleton)
       select singleton from halted`,
      [code, reason, at / 1000],
    );
    return rows.length > 0;
  }

  async resume(): Promise<void> {
    await this.database.query(`update trading_state set halt_code = null, halt_reason = null, halted_at = null`);
  }

  async startDay({ day, equity }: DayStart): Promise<void> {
    await this.database.query(`update trading_state set day = to_timestamp($1::float8), day_equity = $2`, [
      day / 1000,
      format(equity),
    ]);
  }

  /** @returns false, changing nothing, when that instant has its point */
  async snapshotOnce({ at, equity, cash, unrealised, peak, drawdown }: EquityPoint): Promise<boolean> {
    const rows = await this.database.query(
      `insert into equity (at, equity, cash, unrealised, peak, drawdown)
       values (to_timestamp($1::float8), $2, $3, $4, $5, $6) on conflict do nothing returning at`,
      [at / 1000, format(equity), format(cash), format(unrealised), format(peak), format(drawdown)],
    );
    return rows.length > 0;
  }

  /**
   * Deletes the oldest points of the equity curve. The newest one stays whatever its age: it holds the peak.
   * @param at exchange time, UTC ms: points of it and later ones stay @param limit points at most
   * @returns points deleted
   */
  async deleteSnapshotsBefore(at: number, limit: number): Promise<number> {
    const [{ deleted } = { deleted: 0 }] = await this.database.query<{ deleted: number }>(
      `with gone as (
         delete from equity where at = any(array(
           select at from equity
            where at < to_timestamp($1::float8) and at < (select max(at) from equity)
            order by at limit $2))
         returning 1)
       select count(*)::int as deleted from gone`,
      [at / 1000, limit],
    );
    return deleted;
  }
}

interface StateRow {
  readonly halt_code: Halt['code'] | null;
  readonly halt_reason: string | null;
  readonly halted_at: Date | null;
  readonly day: Date | null;
  readonly day_equity: string | null;
  readonly peak: string | null;
}

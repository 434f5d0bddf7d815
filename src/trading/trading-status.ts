import { format, type Money } from '../domain/money.js';
import type { EquityPoint } from './equity-point.js';
import type { Halt } from './halt.js';
import type { Ledger, StalePrice } from './ledger.js';
import type { Valuation } from './portfolio.js';
import type { Parked, Unmatched } from './unmatched.js';

/** Where trading stands. Exact money as decimal text, times in UTC ms of exchange time. */
export interface TradingStatus {
  readonly venue: string;
  readonly ready: boolean;
  readonly halt: Halt | null;
  /** Money put in, as recorded. */
  readonly deposits: string;
  /** PAPER_BALANCE as configured now; where it differs, a note says that it changes nothing. */
  readonly configuredBalance: string;
  readonly balanceNote: string | null;
  /** Null while an open position has no price. */
  readonly valuation: Readonly<Record<keyof Valuation, string>> | null;
  /** Share below the peak at the last snapshot. */
  readonly drawdown: string | null;
  readonly dayStart: { readonly day: number; readonly equity: string } | null;
  readonly openPositions: number;
  /** Open positions that get no candles: valued at their last price, and no stop or target of theirs can be reached. */
  readonly stalePrices: readonly StalePrice[];
  readonly workingOrders: number;
  readonly instruments: number;
  readonly unmatchedCandles: number;
  /** Symbols whose candles could not be matched and are passed over, each with the reason. */
  readonly parked: readonly Parked[];
  /** Signals refused since the start, by code. */
  readonly refusals: Readonly<Record<string, number>>;
}

export function statusOf(known: {
  readonly venue: string;
  readonly ready: boolean;
  readonly ledger: Ledger | undefined;
  readonly halt: Halt | undefined;
  readonly deposits: Money;
  readonly configured: Money;
  readonly point: EquityPoint | undefined;
  readonly instruments: number;
  /** FEED_STALE_MS. */
  readonly staleMs: number;
  readonly unmatched: Pick<Unmatched, 'count' | 'parked'>;
  readonly refusals: ReadonlyMap<string, number>;
}): TradingStatus {
  const { ledger, deposits, configured, point, ready } = known;
  const kept = !ready || deposits === configured;
  const valuation = ledger?.valuation();
  const dayStart = ledger?.dayStart;
  return {
    venue: known.venue,
    ready,
    halt: known.halt ?? null,
    deposits: format(deposits),
    configuredBalance: format(configured),
    balanceNote: kept ? null : 'PAPER_BALANCE was recorded at the first start; a later value changes nothing',
    valuation: valuation ? texts(valuation) : null,
    drawdown: point ? format(point.drawdown) : null,
    dayStart: dayStart ? { day: dayStart.day, equity: format(dayStart.equity) } : null,
    openPositions: ledger?.portfolio.open.size ?? 0,
    stalePrices: ledger?.stalePrices(known.staleMs) ?? [],
    workingOrders: ledger?.working().length ?? 0,
    instruments: known.instruments,
    unmatchedCandles: known.unmatched.count,
    parked: known.unmatched.parked,
    refusals: Object.fromEntries(known.refusals),
  };
}

function texts({ cash, unrealised, equity, exposure }: Valuation): Record<keyof Valuation, string> {
  return { cash: format(cash), unrealised: format(unrealised), equity: format(equity), exposure: format(exposure) };
}

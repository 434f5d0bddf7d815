/**
 * Why a signal became no order. Codes are stable: users alert on them. The detail says by how much, as text: exact
 * numbers as decimals, times in ms.
 */
export const REFUSALS = [
  'HALTED', // trading is halted until a person resumes it
  'STALE_SIGNAL', // older than one candle of its timeframe, in exchange time
  'NO_INSTRUMENT', // the exchange lists no rules for the symbol
  'NO_PRICE', // no recent 1m close of the symbol
  'NO_EQUITY', // an open position has no price: what risk is a share of is not known
  'SHORT_NOT_ALLOWED', // ALLOW_SHORT=false
  'POSITION_OPEN', // one a symbol, an entry on its way included
  'MAX_OPEN_POSITIONS',
  'DAILY_LOSS', // the day's loss on equity reached MAX_DAILY_LOSS; also halts
  'LEVEL_NOT_POSITIVE', // a stop or a target at or below 0
  'STOP_WRONG_SIDE', // the stop would close the position at once
  'TAKE_PROFIT_WRONG_SIDE',
  'REWARD_BELOW_COST', // the way to the target pays for less than the fees and the slippage of both ways
  'NO_FREE_CASH',
  'QUANTITY_BELOW_MIN', // after rounding down to the step
  'NOTIONAL_BELOW_MIN',
] as const;
export type RefusalCode = (typeof REFUSALS)[number];

export interface Refusal {
  readonly code: RefusalCode;
  readonly detail: Readonly<Record<string, string | number>>;
}

export function refusal(code: RefusalCode, detail: Refusal['detail'] = {}): Refusal {
  return { code, detail };
}

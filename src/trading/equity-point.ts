import { divide, ONE, type Money, type Ratio } from '../domain/money.js';
import type { Valuation } from './portfolio.js';

/** One point of the equity curve. */
export interface EquityPoint {
  /** Exchange time, UTC ms. */
  readonly at: number;
  readonly equity: Money;
  readonly cash: Money;
  readonly unrealised: Money;
  /** Highest equity so far, this point included. */
  readonly peak: Money;
  /** (peak − equity) / peak. */
  readonly drawdown: Ratio;
}

/** @param peak highest equity of the points before, if any */
export function equityPoint({ equity, cash, unrealised }: Valuation, peak: Money | undefined, at: number): EquityPoint {
  const highest = peak === undefined || equity > peak ? equity : peak;
  const drawdown = highest > 0n ? divide((highest - equity) * ONE, highest, 'nearest') : 0n;
  return { at, equity, cash, unrealised, peak: highest, drawdown: drawdown as Ratio };
}

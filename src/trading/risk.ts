import type { Instrument } from '../domain/instrument.js';
import { format, scale, type Money, type Price, type Ratio } from '../domain/money.js';
import type { Signal } from '../domain/signal.js';
import { durationOf } from '../domain/timeframe.js';
import type { Limits } from './limits.js';
import { refusal, type Refusal } from './refusals.js';

/** A symbol's newest known 1m close. */
export interface Mark {
  readonly price: Price;
  /** The instant it was the price: close of its candle, exchange time, UTC ms. */
  readonly at: number;
}

/** All that risk looks at. What is not known is undefined, and refuses. */
export interface RiskView {
  /** Exchange time, UTC ms. */
  readonly now: number;
  readonly halted: boolean;
  readonly instrument: Instrument | undefined;
  readonly mark: Mark | undefined;
  /** A position of the symbol is open, or an entry is on its way. */
  readonly busy: boolean;
  /** Open positions and entries on their way, all symbols. */
  readonly open: number;
  readonly equity: Money | undefined;
  /** Equity at the start of the UTC day. */
  readonly dayStart: Money | undefined;
  readonly limits: Limits;
}

/** @returns why the signal may not be acted on, or undefined. Fails closed. */
export function assess(signal: Signal, view: RiskView): Refusal | undefined {
  const maxAge = durationOf(signal.timeframe);
  const age = view.now - signal.decidedAt;
  if (view.halted) return refusal('HALTED');
  if (!(age <= maxAge)) return refusal('STALE_SIGNAL', { age_ms: age, max_age_ms: maxAge });
  if (!view.instrument) return refusal('NO_INSTRUMENT');
  if (!view.mark) return refusal('NO_PRICE');
  const priceAge = signal.decidedAt - view.mark.at;
  if (!(priceAge <= maxAge)) return refusal('NO_PRICE', { price_age_ms: priceAge, max_age_ms: maxAge });
  if (signal.direction === 'short' && !view.limits.allowShort) return refusal('SHORT_NOT_ALLOWED');
  if (view.equity === undefined || view.dayStart === undefined) return refusal('NO_EQUITY');
  if (breachesDailyLoss(view.equity, view.dayStart, view.limits.maxDailyLoss)) {
    return refusal('DAILY_LOSS', { equity: format(view.equity), day_start: format(view.dayStart) });
  }
  if (view.busy) return refusal('POSITION_OPEN');
  if (view.open >= view.limits.maxOpenPositions) {
    return refusal('MAX_OPEN_POSITIONS', { open: view.open, max: view.limits.maxOpenPositions });
  }
  return undefined;
}

/**
 * A loss, not a distance: a day's profit of any size is no breach.
 * @param equity now, unrealised profit and loss included
 * @param dayStart the same at the start of the UTC day (exchange time)
 */
export function breachesDailyLoss(equity: Money, dayStart: Money, maxDailyLoss: Ratio): boolean {
  return equity <= 0n || dayStart - equity >= scale(dayStart, maxDailyLoss, 'floor');
}

import { describe, expect, it } from 'vitest';
import { instrumentOf, LIMITS, MINUTE, signalAt, T0 } from '../../test/builders/trading.js';
import { money, price, ratio } from '../domain/money.js';
import { assess, breachesDailyLoss, type RiskView } from './risk.js';

/** Decided at T0 + 1 min. */
const LONG = signalAt(0);
const SHORT = signalAt(0, { direction: 'short' });
const QUIET: RiskView = {
  now: T0 + MINUTE + 500,
  halted: false,
  instrument: instrumentOf(),
  mark: { price: price('100'), at: T0 + MINUTE },
  busy: false,
  open: 0,
  equity: money('100000'),
  dayStart: money('100000'),
  limits: LIMITS,
};

it('lets a signal pass when nothing speaks against it', () => {
  expect(assess(LONG, QUIET)).toBeUndefined();
  expect(assess(SHORT, QUIET)).toBeUndefined();
});

describe('refuses', () => {
  it.each<[string, string, Partial<RiskView>]>([
    ['HALTED', 'trading is halted', { halted: true }],
    ['STALE_SIGNAL', 'older than one candle', { now: T0 + 2 * MINUTE + 1 }],
    ['STALE_SIGNAL', 'the clock is no number', { now: NaN }],
    ['NO_INSTRUMENT', 'no rules for the symbol', { instrument: undefined }],
    ['NO_PRICE', 'never a price', { mark: undefined }],
    ['NO_PRICE', 'a price from a candle before the last', { mark: { price: price('100'), at: T0 - 1 } }],
    ['NO_EQUITY', 'an open position has no price', { equity: undefined }],
    ['NO_EQUITY', 'the day has no start yet', { dayStart: undefined }],
    ['POSITION_OPEN', 'one a symbol', { busy: true }],
    ['MAX_OPEN_POSITIONS', 'ten are open', { open: 10 }],
    ['DAILY_LOSS', '5 % below the start of the day', { equity: money('95000') }],
    ['DAILY_LOSS', 'nothing left', { equity: money('0'), dayStart: money('0') }],
  ])('%s: %s', (code, _, changes) => {
    expect(assess(LONG, { ...QUIET, ...changes })?.code).toBe(code);
  });

  it('SHORT_NOT_ALLOWED: shorts alone', () => {
    const view = { ...QUIET, limits: { ...LIMITS, allowShort: false } };
    expect(assess(SHORT, view)?.code).toBe('SHORT_NOT_ALLOWED');
    expect(assess(LONG, view)).toBeUndefined();
  });

  it('says by how much', () => {
    expect(assess(LONG, { ...QUIET, now: T0 + 3 * MINUTE })).toEqual({
      code: 'STALE_SIGNAL',
      detail: { age_ms: 2 * MINUTE, max_age_ms: MINUTE },
    });
  });
});

it('passes what lies just inside a limit', () => {
  expect(assess(LONG, { ...QUIET, now: T0 + 2 * MINUTE })).toBeUndefined();
  expect(assess(LONG, { ...QUIET, open: 9 })).toBeUndefined();
  expect(assess(LONG, { ...QUIET, equity: money('95000.00000001') })).toBeUndefined();
  expect(assess(signalAt(0, { timeframe: '1h' }), { ...QUIET, now: T0 + 119 * MINUTE })).toBeUndefined();
});

it('a profit is no loss, however large', () => {
  expect(breachesDailyLoss(money('900000'), money('100000'), ratio('0.05'))).toBe(false);
});

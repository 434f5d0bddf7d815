import { fromNumber, type Ratio } from '../domain/money.js';

/** What configuration allows a trade, exact. */
export interface Limits {
  /** Share of equity lost when the stop is hit, slippage and fees included. */
  readonly riskPerTrade: Ratio;
  /** Largest position as a share of equity. */
  readonly maxPositionShare: Ratio;
  readonly maxOpenPositions: number;
  /** Share of the equity at the start of the UTC day whose loss halts trading. */
  readonly maxDailyLoss: Ratio;
  readonly allowShort: boolean;
}

/** What a paper fill costs, exact. */
export interface Costs {
  /** Of the notional, in quote. */
  readonly feeRate: Ratio;
  /** Of the price, always against us. */
  readonly slippage: Ratio;
}

export interface TradingConfig {
  readonly RISK_PER_TRADE: number;
  readonly MAX_POSITION_SHARE: number;
  readonly MAX_OPEN_POSITIONS: number;
  readonly MAX_DAILY_LOSS: number;
  readonly ALLOW_SHORT: boolean;
  readonly FEE_RATE: number;
  readonly SLIPPAGE_BPS: number;
}

export function limitsOf(config: TradingConfig): Limits {
  return {
    riskPerTrade: fromNumber(config.RISK_PER_TRADE, 'floor'),
    maxPositionShare: fromNumber(config.MAX_POSITION_SHARE, 'floor'),
    maxOpenPositions: config.MAX_OPEN_POSITIONS,
    maxDailyLoss: fromNumber(config.MAX_DAILY_LOSS, 'floor'),
    allowShort: config.ALLOW_SHORT,
  };
}

export function costsOf(config: TradingConfig): Costs {
  return {
    feeRate: fromNumber(config.FEE_RATE, 'nearest'),
    slippage: fromNumber(config.SLIPPAGE_BPS / 10_000, 'nearest'),
  };
}

import type { Candle, CandleColumns } from '../../src/domain/candle.js';
import type { Instrument } from '../../src/domain/instrument.js';
import { fromNumber, money, price, quantity, type Price, type Quantity } from '../../src/domain/money.js';
import type { Fill } from '../../src/domain/fill.js';
import type { Order } from '../../src/domain/order.js';
import type { Pair } from '../../src/domain/pair.js';
import type { Position } from '../../src/domain/position.js';
import { signalId, type Direction, type Signal } from '../../src/domain/signal.js';
import { closeTimeOf, type Timeframe } from '../../src/domain/timeframe.js';
import type { Costs, Limits } from '../../src/trading/limits.js';
import { costsOf, limitsOf } from '../../src/trading/limits.js';

/** 2026-01-05 00:00 UTC: a boundary of every timeframe. */
export const T0 = Date.UTC(2026, 0, 5);
export const MINUTE = 60_000;
export const BTC: Pair = 'BTC/USDT';
export const ETH: Pair = 'ETH/USDT';

export const LIMITS_CONFIG = {
  RISK_PER_TRADE: 0.01,
  MAX_POSITION_SHARE: 0.2,
  MAX_OPEN_POSITIONS: 10,
  MAX_DAILY_LOSS: 0.05,
  ALLOW_SHORT: true,
  FEE_RATE: 0.001,
  SLIPPAGE_BPS: 10,
};
export const LIMITS: Limits = limitsOf(LIMITS_CONFIG);
export const COSTS: Costs = costsOf(LIMITS_CONFIG);

export function instrumentOf(symbol: Pair = BTC, changes: Partial<Instrument> = {}): Instrument {
  return {
    symbol,
    tickSize: price('0.01'),
    stepSize: quantity('0.001'),
    minQuantity: quantity('0.001'),
    minNotional: money('5'),
    ...changes,
  };
}

/** A candle in a sentence: minutes after T0, then open, high, low, close. */
export function candleAt(minute: number, [open, high, low, close]: readonly number[], symbol: Pair = BTC): Candle {
  return {
    symbol,
    timeframe: '1m',
    openTime: T0 + minute * MINUTE,
    open: open!,
    high: high!,
    low: low!,
    close: close!,
    volume: 1,
    source: 'stream',
    receivedAt: 0,
  };
}

export function flatAt(minute: number, value: number, symbol: Pair = BTC): Candle {
  return candleAt(minute, [value, value, value, value], symbol);
}

/** Candles of one series as the history that market data hands over. */
export function columnsOf(candles: readonly Candle[]): CandleColumns {
  const of = (key: 'openTime' | 'open' | 'high' | 'low' | 'close' | 'volume') =>
    Float64Array.from(candles, (candle) => candle[key]);
  return {
    symbol: candles[0]!.symbol,
    timeframe: candles[0]!.timeframe,
    openTime: of('openTime'),
    open: of('open'),
    high: of('high'),
    low: of('low'),
    close: of('close'),
    volume: of('volume'),
  };
}

export interface SignalDetails {
  readonly symbol?: Pair;
  readonly timeframe?: Timeframe;
  readonly direction?: Direction;
  readonly entry?: number;
  readonly stopLoss?: number;
  readonly takeProfits?: readonly number[];
}

/** A signal decided on the candle that opens this many minutes after T0: long at 100, stop 98, target 104. */
export function signalAt(minute: number, details: SignalDetails = {}): Signal {
  const { symbol = BTC, timeframe = '1m', direction = 'long', entry = 100 } = details;
  const openTime = T0 + minute * MINUTE;
  const long = direction === 'long';
  const models = ['gbt@1.0.0'];
  return {
    id: signalId(symbol, timeframe, openTime, 'ensemble', models),
    symbol,
    timeframe,
    openTime,
    decidedAt: closeTimeOf(timeframe, openTime),
    direction,
    confidence: 0.7,
    entry,
    stopLoss: details.stopLoss ?? (long ? entry - 2 : entry + 2),
    takeProfits: details.takeProfits ?? [long ? entry + 4 : entry - 4],
    strategy: 'ensemble',
    because: {
      models: [
        {
          model: models[0]!,
          runId: `${models[0]}/${timeframe}/${openTime}`,
          weight: 1,
          probabilities: [0.1, 0.2, 0.7],
          topFeatures: [],
        },
      ],
      agreeing: [timeframe],
      opposing: [],
    },
  };
}

export function orderOf(changes: Partial<Order> = {}): Order {
  return {
    id: 'ap-1',
    signalId: 'signal-1',
    symbol: BTC,
    side: 'buy',
    purpose: 'entry',
    quantity: quantity('2'),
    stopLoss: price('98'),
    takeProfit: price('104'),
    state: 'accepted',
    filled: 0n as Quantity,
    createdAt: T0,
    reason: null,
    ...changes,
  };
}

export function fillFor(order: Order, n: number, amount: string, at = '100', fee = '0'): Fill {
  return {
    id: `${order.id}/${n}`,
    orderId: order.id,
    symbol: order.symbol,
    side: order.side,
    price: price(at),
    quantity: quantity(amount),
    fee: money(fee),
    filledAt: T0 + n,
  };
}

/** An open position: 2 at 100, stop 98 and target 104 for a long, mirrored for a short. */
export function positionOf(direction: Direction = 'long', changes: Partial<Position> = {}): Position {
  const long = direction === 'long';
  return {
    id: 'ap-1',
    symbol: BTC,
    direction,
    quantity: quantity('2'),
    entryPrice: price('100'),
    cost: money('200'),
    stopLoss: price(long ? '98' : '102'),
    takeProfit: price(long ? '104' : '96'),
    realised: money('0'),
    fees: money('0'),
    openedAt: T0,
    closedAt: null,
    closedBy: null,
    ...changes,
  };
}

export const priceOf = (value: number): Price => fromNumber<Price>(value, 'nearest');

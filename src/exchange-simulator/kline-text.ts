import { durationOf, type Timeframe } from '../domain/timeframe.js';
import type { UnitCandle } from './day-candles.js';
import { decimal8 } from './decimal.js';
import type { Listing } from './listings.js';
import { dayOf } from './market.js';

/** Above any one day’s count of trades, so that ids grow from day to day. */
const TRADE_IDS_A_DAY = 1e8;

/** @returns one row of `GET /api/v3/klines`, twelve fields, as Binance writes it */
export function klineRow(listing: Listing, timeframe: Timeframe, openTime: number, candle: UnitCandle): string {
  const price = listing.priceDecimals;
  const step = listing.stepDecimals;
  return (
    `[${openTime},"${decimal8(candle.open, price)}","${decimal8(candle.high, price)}","${decimal8(candle.low, price)}",` +
    `"${decimal8(candle.close, price)}","${decimal8(candle.volume, step)}",${openTime + durationOf(timeframe) - 1},` +
    `"${decimal8(candle.quote, price + step)}",${candle.trades},"${decimal8(candle.takerVolume, step)}",` +
    `"${decimal8(candle.takerQuote, price + step)}","0"]`
  );
}

export interface KlineMoment {
  readonly timeframe: Timeframe;
  readonly openTime: number;
  readonly closed: boolean;
  /** Exchange time of the frame, UTC ms. */
  readonly eventTime: number;
}

/** @returns the payload of `<symbol>@kline_<interval>`; ids of first and last trade are -1 where there was none */
export function klineEvent(listing: Listing, moment: KlineMoment, candle: UnitCandle): string {
  const { timeframe, openTime, closed, eventTime } = moment;
  const price = listing.priceDecimals;
  const step = listing.stepDecimals;
  const firstTrade = dayOf(openTime) * TRADE_IDS_A_DAY + candle.tradesBefore;
  const lastTrade = candle.trades === 0 ? -1 : firstTrade + candle.trades - 1;
  return (
    `{"e":"kline","E":${eventTime},"s":"${listing.symbol}","k":{"t":${openTime},"T":${openTime + durationOf(timeframe) - 1},` +
    `"s":"${listing.symbol}","i":"${timeframe}","f":${candle.trades === 0 ? -1 : firstTrade},"L":${lastTrade},` +
    `"o":"${decimal8(candle.open, price)}","c":"${decimal8(candle.close, price)}","h":"${decimal8(candle.high, price)}",` +
    `"l":"${decimal8(candle.low, price)}","v":"${decimal8(candle.volume, step)}","n":${candle.trades},"x":${closed},` +
    `"q":"${decimal8(candle.quote, price + step)}","V":"${decimal8(candle.takerVolume, step)}",` +
    `"Q":"${decimal8(candle.takerQuote, price + step)}","B":"0"}}`
  );
}

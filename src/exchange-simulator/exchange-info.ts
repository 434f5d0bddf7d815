import { decimal8 } from './decimal.js';
import { LISTINGS, MIN_NOTIONAL, type Listing } from './listings.js';

const ORDER_TYPES = ['LIMIT', 'LIMIT_MAKER', 'MARKET', 'STOP_LOSS_LIMIT', 'TAKE_PROFIT_LIMIT'];

const RATE_LIMITS = [
  { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 6000 },
  { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 100 },
  { rateLimitType: 'ORDERS', interval: 'DAY', intervalNum: 1, limit: 200000 },
  { rateLimitType: 'RAW_REQUESTS', interval: 'MINUTE', intervalNum: 5, limit: 61000 },
];

function symbolText(listing: Listing): string {
  const tick = decimal8(1, listing.priceDecimals);
  const step = decimal8(1, listing.stepDecimals);
  return JSON.stringify({
    symbol: listing.symbol,
    status: 'TRADING',
    baseAsset: listing.base,
    baseAssetPrecision: 8,
    quoteAsset: 'USDT',
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    baseCommissionPrecision: 8,
    quoteCommissionPrecision: 8,
    orderTypes: ORDER_TYPES,
    icebergAllowed: true,
    ocoAllowed: true,
    otoAllowed: true,
    quoteOrderQtyMarketAllowed: true,
    allowTrailingStop: true,
    cancelReplaceAllowed: true,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: false,
    filters: [
      { filterType: 'PRICE_FILTER', minPrice: tick, maxPrice: decimal8(1_000_000, 0), tickSize: tick },
      { filterType: 'LOT_SIZE', minQty: step, maxQty: decimal8(9_000_000_000, 0), stepSize: step },
      {
        filterType: 'NOTIONAL',
        minNotional: decimal8(MIN_NOTIONAL, 0),
        applyMinToMarket: true,
        maxNotional: decimal8(9_000_000, 0),
        applyMaxToMarket: false,
        avgPriceMins: 5,
      },
    ],
    permissions: [],
    permissionSets: [['SPOT']],
    defaultSelfTradePreventionMode: 'EXPIRE_MAKER',
    allowedSelfTradePreventionModes: ['EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH'],
  });
}

const SYMBOL_TEXTS = LISTINGS.map(symbolText);

/**
 * @param serverTime exchange time, UTC ms, whole
 * @param symbols positions in `LISTINGS`, all of them where absent
 * @returns the body of `GET /api/v3/exchangeInfo`
 */
export function exchangeInfo(serverTime: number, symbols?: readonly number[]): string {
  const texts = symbols ? symbols.map((index) => SYMBOL_TEXTS[index]) : SYMBOL_TEXTS;
  return (
    `{"timezone":"UTC","serverTime":${serverTime},"rateLimits":${JSON.stringify(RATE_LIMITS)},"exchangeFilters":[],` +
    `"symbols":[${texts.join(',')}]}`
  );
}

import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { TIMEFRAMES } from '../domain/timeframe.js';
import { Settings } from '../platform/config/settings.js';
import { parse } from '../platform/http/refusal.js';
import { candleQuery, seriesQuery } from './market-data-query.js';
import type { SeriesStatus } from './market-data-status.js';
import { MarketDataService } from './market-data.service.js';
import { CandleRepository, type CandleRow } from './storage/candle.repository.js';

interface Page<T> {
  readonly data: readonly T[];
  readonly next: string | null;
}

@ApiTags('market data')
@Controller()
export class MarketDataController {
  constructor(
    private readonly service: MarketDataService,
    private readonly repository: CandleRepository,
    private readonly settings: Settings,
  ) {}

  @Get('series')
  @ApiOperation({ summary: 'Series in memory: symbol, timeframe, candles held, newest one, state' })
  @ApiQuery({ name: 'symbol', required: false, type: String, description: 'like BTC/USDT' })
  @ApiQuery({ name: 'timeframe', required: false, enum: TIMEFRAMES })
  @ApiQuery({ name: 'limit', required: false, type: Number, description: '1 to 500, 100 when absent' })
  @ApiQuery({ name: 'cursor', required: false, type: String, description: '`next` of the page before' })
  series(@Query() raw: unknown): Page<object> {
    const { symbol, timeframe, limit, cursor } = parse(seriesQuery, raw, 'query');
    const found = this.service
      .series()
      .filter((series) => (!symbol || series.symbol === symbol) && (!timeframe || series.timeframe === timeframe));
    const end = cursor + limit;
    return { data: found.slice(cursor, end).map(seriesJson), next: end < found.length ? String(end) : null };
  }

  @Get('candles')
  @ApiOperation({ summary: 'Closed candles on record, newest first' })
  @ApiQuery({ name: 'symbol', required: true, type: String, example: 'BTC/USDT' })
  @ApiQuery({ name: 'timeframe', required: true, enum: TIMEFRAMES })
  @ApiQuery({ name: 'from', required: false, type: String, description: 'ISO 8601, inclusive' })
  @ApiQuery({ name: 'to', required: false, type: String, description: 'ISO 8601, exclusive' })
  @ApiQuery({ name: 'limit', required: false, type: Number, description: '1 to 500, 100 when absent' })
  @ApiQuery({ name: 'cursor', required: false, type: String, description: '`next` of the page before' })
  async candles(@Query() raw: unknown): Promise<Page<object>> {
    const { cursor, limit, ...query } = parse(candleQuery, raw, 'query');
    const { EXCHANGE } = this.settings.config;
    const rows = await this.repository.page(EXCHANGE, { ...query, before: cursor, limit: limit + 1 });
    const data = rows.slice(0, limit);
    return { data: data.map(candleJson), next: rows.length > limit ? data.at(-1)!.open_time.toISOString() : null };
  }
}

function seriesJson({ symbol, timeframe, candles, newestOpenTime, state }: SeriesStatus): object {
  const newest_open_time = newestOpenTime === null ? null : new Date(newestOpenTime).toISOString();
  return { symbol, timeframe, candles, newest_open_time, state };
}

function candleJson(row: CandleRow): object {
  return { ...row, open_time: row.open_time.toISOString() };
}

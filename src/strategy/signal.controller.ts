import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { signalJson, type SignalJson } from '../domain/signal-json.js';
import { TIMEFRAMES } from '../domain/timeframe.js';
import { parse } from '../platform/http/refusal.js';
import { signalQuery, writeCursor } from './signal-query.js';
import { SignalRepository } from './signal.repository.js';

/** `GET /signals`. One signal with its lineage is served by monitoring, which may read every module's tables. */
@ApiTags('signals')
@Controller('signals')
export class SignalController {
  constructor(private readonly repository: SignalRepository) {}

  @Get()
  @ApiOperation({ summary: 'Signals, newest first' })
  @ApiQuery({ name: 'symbol', required: false, type: String, description: 'like BTC/USDT' })
  @ApiQuery({ name: 'timeframe', required: false, enum: TIMEFRAMES })
  @ApiQuery({ name: 'direction', required: false, enum: ['long', 'short'] })
  @ApiQuery({ name: 'min_confidence', required: false, type: Number, description: '0 to 1' })
  @ApiQuery({ name: 'from', required: false, type: String, description: 'ISO 8601, inclusive' })
  @ApiQuery({ name: 'to', required: false, type: String, description: 'ISO 8601, exclusive' })
  @ApiQuery({ name: 'limit', required: false, type: Number, description: '1 to 500, 100 when absent' })
  @ApiQuery({ name: 'cursor', required: false, type: String, description: '`next` of the page before' })
  async list(@Query() raw: unknown): Promise<{ data: SignalJson[]; next: string | null }> {
    const query = parse(signalQuery, raw, 'query');
    const found = await this.repository.page(query);
    const page = found.slice(0, query.limit);
    return { data: page.map(signalJson), next: found.length > page.length ? writeCursor(page.at(-1)!) : null };
  }
}

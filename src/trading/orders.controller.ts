import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { fillJson, orderJson, positionJson } from '../domain/order-json.js';
import { parse } from '../platform/http/refusal.js';
import { equityQuery, fillQuery, orderQuery, pageOf, positionQuery, PURPOSES, STATES } from './list-query.js';
import { equityJson } from './equity-json.js';
import { fillOf, orderOf, positionOf } from './order.row.js';
import { TradingReadRepository } from './trading-read.repository.js';

const SYMBOL = { name: 'symbol', required: false, type: String, description: 'like BTC/USDT' };
const FROM = { name: 'from', required: false, type: String, description: 'ISO 8601, inclusive' };
const TO = { name: 'to', required: false, type: String, description: 'ISO 8601, exclusive' };
const LIMIT = { name: 'limit', required: false, type: Number, description: '1 to 500, 100 when absent' };
const CURSOR = { name: 'cursor', required: false, type: String, description: '`next` of the page before' };

/** What trading did, newest first. Prices and amounts are exact decimals as text. */
@ApiTags('trading')
@Controller()
export class OrdersController {
  constructor(private readonly repository: TradingReadRepository) {}

  @Get('orders')
  @ApiOperation({ summary: 'Orders' })
  @ApiQuery(SYMBOL)
  @ApiQuery({ name: 'state', required: false, enum: STATES })
  @ApiQuery({ name: 'purpose', required: false, enum: PURPOSES })
  @ApiQuery(FROM)
  @ApiQuery(TO)
  @ApiQuery(LIMIT)
  @ApiQuery(CURSOR)
  async orders(@Query() raw: unknown) {
    const query = parse(orderQuery, raw, 'query');
    const found = await this.repository.orders(query);
    return pageOf(
      found,
      query.limit,
      ({ created_at, id }) => ({ at: created_at.getTime(), id }),
      (row) => orderJson(orderOf(row)),
    );
  }

  @Get('fills')
  @ApiOperation({ summary: 'Fills' })
  @ApiQuery(SYMBOL)
  @ApiQuery({ name: 'order_id', required: false, type: String, description: '`id` of an order' })
  @ApiQuery(FROM)
  @ApiQuery(TO)
  @ApiQuery(LIMIT)
  @ApiQuery(CURSOR)
  async fills(@Query() raw: unknown) {
    const query = parse(fillQuery, raw, 'query');
    const found = await this.repository.fills(query);
    return pageOf(
      found,
      query.limit,
      ({ filled_at, id }) => ({ at: filled_at.getTime(), id }),
      (row) => fillJson(fillOf(row)),
    );
  }

  @Get('positions')
  @ApiOperation({ summary: 'Positions; open ones unless asked otherwise' })
  @ApiQuery(SYMBOL)
  @ApiQuery({ name: 'state', required: false, enum: ['open', 'closed', 'all'] })
  @ApiQuery(FROM)
  @ApiQuery(TO)
  @ApiQuery(LIMIT)
  @ApiQuery(CURSOR)
  async positions(@Query() raw: unknown) {
    const query = parse(positionQuery, raw, 'query');
    const found = await this.repository.positions(query);
    return pageOf(
      found,
      query.limit,
      ({ opened_at, id }) => ({ at: opened_at.getTime(), id }),
      (row) => positionJson(positionOf(row)),
    );
  }

  @Get('equity')
  @ApiOperation({ summary: 'Equity curve' })
  @ApiQuery(FROM)
  @ApiQuery(TO)
  @ApiQuery(LIMIT)
  @ApiQuery(CURSOR)
  async equity(@Query() raw: unknown) {
    const query = parse(equityQuery, raw, 'query');
    const found = await this.repository.equity(query);
    return pageOf(found, query.limit, ({ at }) => ({ at: at.getTime(), id: '' }), equityJson);
  }
}

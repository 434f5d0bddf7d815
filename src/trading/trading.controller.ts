import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { orderJson } from '../domain/order-json.js';
import { parse, RequestRefused } from '../platform/http/refusal.js';
import { haltBody, symbolPath } from './list-query.js';
import { TradingService } from './trading.service.js';

/** What a person may tell trading. */
@ApiTags('trading')
@Controller()
export class TradingController {
  constructor(private readonly trading: TradingService) {}

  @Post('trading/halt')
  @HttpCode(200)
  @ApiOperation({ summary: 'No new positions until resumed; stops, targets and closes go on' })
  @ApiBody({ schema: { type: 'object', required: ['reason'], properties: { reason: { type: 'string' } } } })
  @ApiOkResponse({ description: '{ halted, code, reason, halted_at }' })
  async halt(@Body() raw: unknown) {
    const { reason } = parse(haltBody, raw, 'body');
    await this.#ready().halt(reason);
    return this.#halted();
  }

  @Post('trading/resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'Lifts the halt; the daily loss halts again while it lasts' })
  @ApiOkResponse({ description: '{ halted, code, reason, halted_at }' })
  async resume() {
    await this.#ready().resume();
    return this.#halted();
  }

  @Post('positions/:symbol/close')
  @HttpCode(202)
  @ApiOperation({ summary: 'Sends the order that closes the open position of a symbol' })
  @ApiParam({ name: 'symbol', type: String, example: 'BTC-USDT' })
  @ApiAcceptedResponse({ description: 'The order, as GET /orders shows it' })
  @ApiNotFoundResponse({ description: 'UNKNOWN_SYMBOL' })
  @ApiConflictResponse({ description: 'NO_OPEN_POSITION' })
  async close(@Param() raw: unknown) {
    const { symbol } = parse(symbolPath, raw, 'path');
    if (!this.#ready().knows(symbol)) throw new RequestRefused(404, 'UNKNOWN_SYMBOL', `${symbol} is not traded here.`);
    const order = await this.trading.closePosition(symbol);
    if (!order) throw new RequestRefused(409, 'NO_OPEN_POSITION', `${symbol} has no open position.`);
    return orderJson(order);
  }

  #ready(): TradingService {
    if (!this.trading.ready) throw new RequestRefused(503, 'TRADING_NOT_READY', 'Trading is starting or stopping.');
    return this.trading;
  }

  #halted() {
    const { halt } = this.trading.status();
    return {
      halted: halt !== null,
      code: halt?.code ?? null,
      reason: halt?.reason ?? null,
      halted_at: halt ? new Date(halt.at).toISOString() : null,
    };
  }
}

import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { ALERT_CODES } from '../../domain/alert.js';
import { TIMEFRAMES } from '../../domain/timeframe.js';
import { parse } from '../../platform/http/refusal.js';
import { pageOf } from '../../trading/list-query.js';
import { ALERT_STATES, alertDto, alertQuery } from './alert.dto.js';
import { AlertRepository } from './alert.repository.js';

@ApiTags('alerts')
@Controller('alerts')
export class AlertController {
  constructor(private readonly alerts: AlertRepository) {}

  @Get()
  @ApiOperation({ summary: 'Alerts, open and cleared, newest first' })
  @ApiQuery({ name: 'state', required: false, enum: ALERT_STATES, description: 'default all' })
  @ApiQuery({ name: 'code', required: false, enum: ALERT_CODES })
  @ApiQuery({ name: 'model', required: false, type: String, description: 'name or name@version' })
  @ApiQuery({ name: 'timeframe', required: false, enum: TIMEFRAMES })
  @ApiQuery({ name: 'from', required: false, type: String, description: 'raised then or later; wall time, ISO 8601' })
  @ApiQuery({ name: 'to', required: false, type: String, description: 'raised before; wall time, ISO 8601' })
  @ApiQuery({ name: 'limit', required: false, type: Number, description: '1 to 500, 100 when absent' })
  @ApiQuery({ name: 'cursor', required: false, type: String, description: '`next` of the page before' })
  @ApiOkResponse({
    description:
      '{ data: [{ id, code, state, model, version, timeframe, value, limit, message, raised_at, cleared_at, cleared_value, note }], next }',
  })
  async list(@Query() raw: unknown) {
    const query = parse(alertQuery, raw, 'query');
    const found = await this.alerts.list(query);
    return pageOf(found, query.limit, ({ raised_at, id }) => ({ at: raised_at.getTime(), id }), alertDto);
  }
}

import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { TIMEFRAMES } from '../../domain/timeframe.js';
import { Clock } from '../../platform/clock.js';
import { parse } from '../../platform/http/refusal.js';
import { pageOf } from '../../trading/list-query.js';
import { InferenceLatencyRepository } from './inference-latency.repository.js';
import { InferenceMonitor } from './inference-monitor.service.js';
import { bySubject, historyQuery, inferenceQuery, isWanted, latencyDto, recordDto } from './inference.dto.js';
import { RELATIVE_ERROR } from './log-histogram.js';
import { WINDOWS } from './windows.js';

const FIGURES = 'stages_ms: { inference: { count, p50, p95, p99, p999, max }, ... }';

@ApiTags('inference')
@Controller('inference')
export class InferenceController {
  constructor(
    private readonly monitor: InferenceMonitor,
    private readonly history: InferenceLatencyRepository,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'What each model does now: rows, reasons, flips, and quantiles of every stage',
    description:
      'Kept in memory since the process began, by model, engine and timeframe, ad hoc requests included; quantiles lie ' +
      'within relative_error of the exact ones, maxima are exact. /latency computes exact percentiles of the saved runs ' +
      'of any span from the database instead, over all engines together, and knows no ad hoc requests. A window ends now; ' +
      'up to a tenth of it may be missing at its beginning. The first interval of a timeframe is counted and not timed.',
  })
  @ApiQuery({ name: 'model', required: false, type: String, description: 'name or name@version' })
  @ApiQuery({ name: 'timeframe', required: false, enum: TIMEFRAMES })
  @ApiQuery({
    name: 'window',
    required: false,
    enum: WINDOWS,
    description: 'default 5m; start: since the process began',
  })
  @ApiOkResponse({
    description: `{ window, relative_error, data: [{ model, version, engine, timeframe (null: ad hoc), runs, rows, answered, unanswered: { CODE: rows }, compared, flip_rate, ${FIGURES} }] }`,
  })
  now(@Query() raw: unknown) {
    const query = parse(inferenceQuery, raw, 'query');
    const now = this.clock.wallNow();
    const data = this.monitor.records
      .filter(({ subject }) => isWanted(subject, query))
      .toSorted(bySubject)
      .map((record) => recordDto(record, query.window, now));
    return { window: query.window, relative_error: RELATIVE_ERROR, data };
  }

  @Get('history')
  @ApiOperation({ summary: 'The same minute by minute, as it was saved, newest first; it outlives a restart' })
  @ApiQuery({ name: 'model', required: false, type: String, description: 'name or name@version' })
  @ApiQuery({ name: 'timeframe', required: false, enum: TIMEFRAMES })
  @ApiQuery({ name: 'from', required: false, type: String, description: 'wall time, ISO 8601, inclusive' })
  @ApiQuery({ name: 'to', required: false, type: String, description: 'wall time, ISO 8601, exclusive' })
  @ApiQuery({ name: 'limit', required: false, type: Number, description: '1 to 500, 100 when absent' })
  @ApiQuery({ name: 'cursor', required: false, type: String, description: '`next` of the page before' })
  @ApiOkResponse({
    description: `{ data: [{ at, model, version, engine, timeframe, runs, rows, answered, ${FIGURES} }], next }`,
  })
  async minutes(@Query() raw: unknown) {
    const query = parse(historyQuery, raw, 'query');
    const found = await this.history.list(query);
    return pageOf(found, query.limit, ({ at, id }) => ({ at: at.getTime(), id }), latencyDto);
  }
}

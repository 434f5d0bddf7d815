import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { TIMEFRAMES } from '../../domain/timeframe.js';
import { parse } from '../../platform/http/refusal.js';
import { LatencyQuery } from './run.dto.js';
import { RunRepository } from './run.repository.js';

@ApiTags('runs')
@Controller('latency')
export class LatencyController {
  constructor(private readonly runs: RunRepository) {}

  @Get()
  @ApiOperation({
    summary: 'How long each stage took, exchange close to published: p50, p95, p99 and maximum in ms',
    description:
      'Exact percentiles, computed from the saved runs of any span. GET /api/v1/inference answers from memory instead: by ' +
      'model and engine, within 1 %, ad hoc requests included, of the last 1, 5, 15 minutes or since the process began.',
  })
  @ApiQuery({ name: 'timeframe', required: false, enum: TIMEFRAMES })
  @ApiQuery({ name: 'model', required: false, type: String, description: 'name or name@version' })
  @ApiQuery({
    name: 'minutes',
    required: false,
    type: Number,
    description: 'runs recorded in the last minutes of wall time, default 60',
  })
  @ApiOkResponse({
    description: '{ minutes, timeframe, model, runs, stages_ms: { feed: { p50, p95, p99, max }, ... } }',
  })
  latency(@Query() query: unknown): Promise<unknown> {
    return this.#latency(query);
  }

  async #latency(query: unknown): Promise<unknown> {
    const { minutes, model, timeframe } = parse(LatencyQuery, query, 'query');
    const { runs, stages } = await this.runs.latency(minutes, { timeframe, ...model });
    return { minutes, timeframe: timeframe ?? null, model: model ?? null, runs, stages_ms: stages };
  }
}

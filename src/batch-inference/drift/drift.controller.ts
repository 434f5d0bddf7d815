import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { TIMEFRAMES } from '../../domain/timeframe.js';
import { parse } from '../../platform/http/refusal.js';
import { BatchInferenceService } from '../batch-inference.service.js';
import { chosen, collectingDto, driftDto, DriftQuery } from './drift.dto.js';

@ApiTags('models')
@Controller('drift')
export class DriftController {
  constructor(private readonly inference: BatchInferenceService) {}

  @Get()
  @ApiOperation({ summary: 'How far the live rows of each model and timeframe have moved from its training rows' })
  @ApiQuery({ name: 'timeframe', required: false, enum: TIMEFRAMES })
  @ApiQuery({ name: 'model', required: false, type: String, description: 'name or name@version' })
  @ApiOkResponse({
    description:
      '{ data: [{ model, version, timeframe, rows, features: [{ name, psi, ks }], outputs: [{ name, psi, ks }] }], ' +
      'collecting: [{ model, version, timeframe, rows, rows_needed }] }, the largest PSI first; psi: population stability ' +
      'index (0.1 a shift, 0.25 a large one); ks: Kolmogorov-Smirnov distance, 0..1; rows: the newest, at most 10,000. ' +
      'Models without a reference in their manifest are absent.',
  })
  drift(@Query() query: unknown): unknown {
    const wanted = parse(DriftQuery, query, 'query');
    const { drift } = this.inference;
    return {
      data: chosen(drift.reports(), wanted).map(driftDto),
      collecting: chosen(drift.collecting(), wanted).map(collectingDto),
    };
  }
}

import { Controller, Get, Param } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { parse, RequestRefused } from '../platform/http/refusal.js';
import { SignalRepository } from '../strategy/signal.repository.js';
import { lineageDto, signalPath } from './lineage.dto.js';
import { LineageRepository } from './lineage.repository.js';

/** `GET /signals/:id` reads the tables of every module; the list of signals is the strategy's own. */
@ApiTags('signals')
@Controller('signals')
export class LineageController {
  constructor(
    private readonly signals: SignalRepository,
    private readonly lineage: LineageRepository,
  ) {}

  @Get(':id')
  @ApiOperation({ summary: 'One signal from candle to position: why it exists, and what came of it' })
  @ApiParam({ name: 'id', type: String, description: 'the `id` of a signal, as GET /signals shows it' })
  @ApiOkResponse({ description: 'Candle, models and features, order, fills, position, ms a stage' })
  @ApiNotFoundResponse({ description: 'No signal of that id is on record' })
  async one(@Param() raw: unknown): Promise<ReturnType<typeof lineageDto>> {
    const { id } = parse(signalPath, raw, 'path');
    const signal = await this.signals.find(id);
    if (!signal) {
      const fault = { field: 'path.id', message: 'the id of a signal on record, as GET /signals shows it' };
      throw new RequestRefused(404, 'SIGNAL_UNKNOWN', 'No signal of that id is on record.', [fault]);
    }
    return lineageDto(signal, await this.lineage.of(signal));
  }
}

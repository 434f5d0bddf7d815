import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { StatusService } from './status.service.js';

@ApiTags('status')
@Controller('status')
export class StatusController {
  constructor(private readonly service: StatusService) {}

  @Get()
  @ApiOperation({ summary: 'What runs, since when, and how it fares' })
  @ApiOkResponse({ description: 'Mode, versions, feed, models, inference, open alerts, strategy, trading, event loop' })
  status(): unknown {
    return this.service.status();
  }
}

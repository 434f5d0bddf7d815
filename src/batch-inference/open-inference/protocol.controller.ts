import { Controller, Get, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Settings } from '../../platform/config/settings.js';
import { Open } from '../../platform/http/api-key.guard.js';
import { AdHocService } from '../ad-hoc/ad-hoc.service.js';
import { serverMetadata } from './metadata.js';

/** The server, as KServe and Triton clients see it. */
@ApiTags('open inference protocol')
@Controller('v2')
export class ProtocolController {
  constructor(
    private readonly settings: Settings,
    private readonly adHoc: AdHocService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Name, version and extensions of the server' })
  metadata(): Record<string, unknown> {
    return serverMetadata(this.settings.resolved.version);
  }

  @Get('health/live')
  @Open()
  @ApiOperation({ summary: 'The process answers', security: [] })
  live(): { live: true } {
    return { live: true };
  }

  @Get('health/ready')
  @Open()
  @ApiOperation({
    summary: 'A model is loaded and answers; whether the trading loop runs, /health/ready says',
    security: [],
  })
  ready(@Res({ passthrough: true }) reply: FastifyReply): { ready: boolean } {
    const ready = this.adHoc.models().length > 0;
    if (!ready) void reply.status(503);
    return { ready };
  }
}

import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { MarketDataService } from '../market-data/market-data.service.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import { Database } from '../platform/database/database.service.js';
import { Open } from '../platform/http/api-key.guard.js';
import { readinessOf, type Readiness } from './readiness.js';

/** How long the database may take to say that it is there. */
const PATIENCE_MS = 2_000;

/** What a supervisor asks. Live: the process answers. Ready: it does its work. */
@ApiTags('health')
@Open()
@Controller('health')
export class HealthController {
  constructor(
    private readonly registry: ModelRegistryService,
    private readonly marketData: MarketDataService,
    private readonly database: Database,
  ) {}

  @Get('live')
  @ApiOperation({ summary: 'The process answers', security: [] })
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  @Get('ready')
  @ApiOperation({ summary: 'Models are loaded, the feed is fresh, the database answers', security: [] })
  @ApiOkResponse({ description: 'Ready' })
  @ApiServiceUnavailableResponse({ description: 'Not ready, with every reason' })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Readiness> {
    const { ready, reason } = this.registry.status();
    const database = await this.#databaseTrouble();
    const readiness = readinessOf({ models: { ready, reason }, feed: this.marketData.status(), database });
    if (readiness.status === 'not_ready') void reply.status(503);
    return readiness;
  }

  async #databaseTrouble(): Promise<string | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`no answer within ${PATIENCE_MS} ms`), PATIENCE_MS);
    });
    const answer = this.database.query('select 1').then(
      () => undefined,
      (error: NodeJS.ErrnoException) => `the database does not answer (${error.code ?? error.name})`,
    );
    return Promise.race([answer, silence]).finally(() => clearTimeout(timer));
  }
}

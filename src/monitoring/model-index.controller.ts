import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { AdHocService } from '../batch-inference/ad-hoc/ad-hoc.service.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import { readJson } from '../platform/http/json-body.js';
import { RawBody } from '../platform/http/raw-body.service.js';
import { parse } from '../platform/http/refusal.js';
import { inTurns } from '../platform/turns.service.js';
import { modelIndex, type IndexEntry } from './model-index.js';

const request = z.object({ ready: z.boolean().default(false) });

/** Every version that the registry knows, beside what batch inference has loaded. */
@ApiTags('open inference protocol')
@Controller('v2/repository')
export class ModelIndexController {
  constructor(
    private readonly registry: ModelRegistryService,
    private readonly adHoc: AdHocService,
  ) {}

  @Post('index')
  @HttpCode(200)
  @RawBody()
  @ApiOperation({ summary: 'Every model version, READY or why not, as Triton’s model repository extension lists them' })
  @ApiOkResponse({ description: '[{ name, version, state, reason }]' })
  async index(@Body() body: Buffer | undefined): Promise<IndexEntry[]> {
    const asked = body?.length ? await inTurns(readJson(body)) : {};
    const { ready } = parse(request, asked, 'body');
    const entries = modelIndex(this.registry.status().versions, this.adHoc.models());
    return ready ? entries.filter(({ state }) => state === 'READY') : entries;
  }
}

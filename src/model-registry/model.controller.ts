import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { parse } from '../platform/http/refusal.js';
import { modelList, modelsQuery, type ModelList } from './model.dto.js';
import { MODEL_STATES } from './model-status.js';
import { ModelRegistryService } from './model-registry.service.js';

@ApiTags('models')
@Controller('models')
export class ModelController {
  constructor(private readonly registry: ModelRegistryService) {}

  @Get()
  @ApiOperation({ summary: 'Every model version found: what serves, what was refused and why' })
  @ApiQuery({ name: 'name', required: false, type: String, description: 'of a model, like gbt' })
  @ApiQuery({ name: 'state', required: false, enum: MODEL_STATES })
  @ApiQuery({ name: 'limit', required: false, type: Number, description: '1..500, default 100' })
  @ApiQuery({ name: 'cursor', required: false, type: String, description: '`next` of the page before' })
  list(@Query() query: unknown): ModelList {
    return modelList(this.registry.status().versions, parse(modelsQuery, query, 'query'));
  }
}

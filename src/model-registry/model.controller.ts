import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import { parse, RequestRefused } from '../platform/http/refusal.js';
import { modelPath } from './lifecycle/act.dto.js';
import { modelUnknown } from './lifecycle/acts.js';
import { MODEL_STATES } from './memory/model-states.js';
import { TransitionJournal } from './memory/transition-journal.service.js';
import { TransitionRepository } from './memory/transition.repository.js';
import { historyQuery, modelHistory, modelList, modelsQuery, modelViewDto, type ModelHistory } from './model.dto.js';
import type { ModelList } from './model.dto.js';
import { ModelRegistryService } from './model-registry.service.js';
import type { ModelView } from './model-status.js';

/** What can be asked about models. */
@ApiTags('models')
@Controller('models')
export class ModelController {
  constructor(
    private readonly registry: ModelRegistryService,
    private readonly journal: TransitionJournal,
    private readonly transitions: TransitionRepository,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Every model version found: its state and role, or why it failed' })
  @ApiQuery({ name: 'name', required: false, type: String, description: 'of a model, like gbt' })
  @ApiQuery({ name: 'state', required: false, enum: MODEL_STATES })
  @ApiQuery({ name: 'limit', required: false, type: Number, description: '1..500, default 100' })
  @ApiQuery({ name: 'cursor', required: false, type: String, description: '`next` of the page before' })
  list(@Query() query: unknown): ModelList {
    return modelList(this.registry.status().versions, parse(modelsQuery, query, 'query'));
  }

  @Get(':name')
  @ApiOperation({ summary: 'One model: what serves, what was decided and by whom, every version' })
  @ApiParam({ name: 'name', type: String, example: 'gbt' })
  @ApiOkResponse({
    description: '{ name, serving, pinned, canary, shadows, before, chosen, probation, versions, acts }',
  })
  @ApiNotFoundResponse({ description: 'MODEL_UNKNOWN' })
  find(@Param() path: unknown) {
    return modelViewDto(this.#view(path));
  }

  @Get(':name/history')
  @ApiOperation({ summary: 'Every move of its versions, newest first: from which state to which, why, by whom, when' })
  @ApiParam({ name: 'name', type: String, example: 'gbt' })
  @ApiQuery({ name: 'limit', required: false, type: Number, description: '1..500, default 100' })
  @ApiQuery({ name: 'cursor', required: false, type: String, description: '`next` of the page before' })
  @ApiOkResponse({ description: '{ data: [{ at, version, from, to, code, reason, who }], next }' })
  @ApiNotFoundResponse({ description: 'MODEL_UNKNOWN' })
  async history(@Param() path: unknown, @Query() query: unknown): Promise<ModelHistory> {
    const { name } = parse(modelPath, path, 'path');
    const { limit, cursor } = parse(historyQuery, query, 'query');
    await this.journal.flush();
    const rows = await this.transitions.list(name, cursor, limit + 1);
    if (rows.length === 0) this.#view(path);
    return modelHistory(rows, limit);
  }

  #view(path: unknown): ModelView {
    const { name } = parse(modelPath, path, 'path');
    const view = this.registry.view(name);
    if (view) return view;
    const { code, message } = modelUnknown(name);
    throw new RequestRefused(404, code, message);
  }
}

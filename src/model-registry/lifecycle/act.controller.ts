import { Body, Controller, Headers, HttpCode, Param, Post } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { ApiKeys } from '../../platform/http/api-key.service.js';
import { parse } from '../../platform/http/refusal.js';
import { modelViewDto } from '../model.dto.js';
import { ModelRegistryService, type Asker } from '../model-registry.service.js';
import { activateBody, canaryBody, modelPath, pinBody, requestRefused, rollbackBody, shadowBody } from './act.dto.js';
import { canaryAct, type Act } from './acts.js';
import { LifecycleRefused } from './lifecycle-refused.js';

const version = { type: 'string', example: '1.1.0' } as const;
const reason = { type: 'string', description: 'kept with the act' } as const;
const from = { type: 'string', description: 'the version believed to serve: CONFLICT where another does' } as const;

/** The answer comes when it is done: what was activated serves from the next run on. */
@ApiTags('models')
@ApiParam({ name: 'name', type: String, example: 'gbt' })
@ApiOkResponse({ description: 'The model, as GET /models/{name} shows it' })
@ApiBadRequestResponse({ description: 'INVALID_REQUEST' })
@ApiNotFoundResponse({ description: 'MODEL_UNKNOWN, VERSION_UNKNOWN' })
@ApiConflictResponse({ description: 'NOT_READY, NOT_FOR_TRADING, PINNED, CONFLICT, NOTHING_BEFORE, NO_CANARY, IN_USE' })
@Controller('models/:name')
export class ActController {
  constructor(
    private readonly registry: ModelRegistryService,
    private readonly keys: ApiKeys,
  ) {}

  @Post('activate')
  @HttpCode(200)
  @ApiOperation({ summary: 'This version serves; the one before stays in memory for a rollback' })
  @ApiBody({ schema: { type: 'object', required: ['version'], properties: { version, reason, from } } })
  activate(@Param() path: unknown, @Body() raw: unknown, @Headers('authorization') key: string) {
    const { version, ...said } = parse(activateBody, raw, 'body');
    return this.#act(path, { action: 'activate', version }, said, key);
  }

  @Post('rollback')
  @HttpCode(200)
  @ApiOperation({ summary: 'The version that served before serves again' })
  @ApiBody({ schema: { type: 'object', properties: { reason, from } } })
  rollback(@Param() path: unknown, @Body() raw: unknown, @Headers('authorization') key: string) {
    return this.#act(path, { action: 'rollback' }, parse(rollbackBody, raw, 'body'), key);
  }

  @Post('shadow')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Scored and recorded every run beside the one that serves, never traded; on: false ends it',
  })
  @ApiBody({
    schema: {
      type: 'object',
      required: ['version', 'on'],
      properties: { version, on: { type: 'boolean' }, reason, from },
    },
  })
  shadow(@Param() path: unknown, @Body() raw: unknown, @Headers('authorization') key: string) {
    const { version, on, ...said } = parse(shadowBody, raw, 'body');
    return this.#act(path, { action: on ? 'shadow' : 'unshadow', version }, said, key);
  }

  @Post('canary')
  @HttpCode(200)
  @ApiOperation({ summary: 'Decides its share of the symbols in place of the one that serves; share 0 withdraws it' })
  @ApiBody({
    schema: {
      type: 'object',
      required: ['version', 'share'],
      properties: { version, share: { type: 'number', minimum: 0, maximum: 1 }, reason, from },
    },
  })
  canary(@Param() path: unknown, @Body() raw: unknown, @Headers('authorization') key: string) {
    const { version, share, ...said } = parse(canaryBody, raw, 'body');
    return this.#act(path, canaryAct(version, share), said, key);
  }

  @Post('pin')
  @HttpCode(200)
  @ApiOperation({
    summary: 'pinned: true keeps what serves, and ends a canary; nothing but pinned: false changes it then',
  })
  @ApiBody({
    schema: { type: 'object', required: ['pinned'], properties: { pinned: { type: 'boolean' }, reason, from } },
  })
  pin(@Param() path: unknown, @Body() raw: unknown, @Headers('authorization') key: string) {
    const { pinned, ...said } = parse(pinBody, raw, 'body');
    return this.#act(path, { action: pinned ? 'pin' : 'unpin' }, said, key);
  }

  async #act(path: unknown, act: Act, said: Omit<Asker, 'who'>, key: string) {
    const { name } = parse(modelPath, path, 'path');
    const who = this.keys.nameOf(key)!; // the guard let it in
    await this.registry.act(name, act, { who, ...said }).catch((error: unknown) => {
      throw error instanceof LifecycleRefused ? requestRefused(error) : error;
    });
    return modelViewDto(this.registry.view(name)!);
  }
}

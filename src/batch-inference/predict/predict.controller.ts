import { Body, Controller, Header, HttpCode, Post, Res } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Clock } from '../../platform/clock.js';
import { goneSignal } from '../../platform/http/gone.service.js';
import { readJson } from '../../platform/http/json-body.js';
import { RawBody } from '../../platform/http/raw-body.service.js';
import { inTurns } from '../../platform/turns.service.js';
import { AdHocService } from '../ad-hoc/ad-hoc.service.js';
import { writePredictions, type SeriesRows } from './predict-answer.js';
import { PredictDesk } from './predict-desk.service.js';
import { inputOf, readPredictRequest, requireTimeframe, type PredictRequest } from './predict-request.js';
import { predictAnswer, predictBody } from './predict.dto.js';

@ApiTags('predict')
@Controller('predict')
export class PredictController {
  constructor(
    private readonly clock: Clock,
    private readonly adHoc: AdHocService,
    private readonly desk: PredictDesk,
  ) {}

  @Post()
  @HttpCode(200)
  @Header('content-type', 'application/json; charset=utf-8')
  @RawBody()
  @ApiOperation({ summary: 'Asks a loaded model about rows of your own, or about the newest rows of live series' })
  @ApiBody({ schema: predictBody })
  @ApiOkResponse({ schema: predictAnswer })
  @ApiBadRequestResponse({ description: 'Not JSON, or rows that the model does not read, with the exact field' })
  @ApiNotFoundResponse({ description: 'MODEL_UNKNOWN: no such model or version is loaded' })
  @ApiServiceUnavailableResponse({
    description:
      'MODEL_NOT_READY, QUEUE_FULL, DEADLINE_UNREACHABLE, DEADLINE or ENGINE_FAILED; Retry-After where it helps',
  })
  predict(@Body() body: Buffer, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return this.#predict(body, goneSignal(reply));
  }

  async #predict(body: Buffer, signal: AbortSignal): Promise<string> {
    const arrived = this.clock.wallNow();
    const request = readPredictRequest(await inTurns(readJson(body)));
    const model = this.desk.find(request.name, request.version);
    const { rows, input, series } = this.#rows(request, model);
    const asked = this.clock.wallNow();
    const question = { model, rows, input, arrived, timeoutMs: request.timeoutMs, signal };
    const nothing = { engine: null, output: new Float32Array(0), queueMs: 0, inferenceMs: 0 };
    const answer = rows > 0 ? await this.desk.ask(question) : nothing;
    const answered = this.clock.wallNow();
    const text = await inTurns(
      writePredictions(model, answer, series, {
        ...{ decode: asked - arrived, queue: answer.queueMs, inference: answer.inferenceMs, total: answered - arrived },
      }),
    );
    if (rows > 0) this.desk.count(model, asked - arrived, this.clock.wallNow() - answered);
    return text;
  }

  #rows(request: PredictRequest, model: ReturnType<PredictDesk['find']>) {
    if ('rows' in request) return { ...inputOf(request.rows, model, this.desk.mostRows), series: undefined };
    requireTimeframe(model, request.timeframe);
    const latest = this.adHoc.latestRows(model, request.timeframe, request.symbols);
    return { rows: latest.rows, input: latest.input, series: latest satisfies SeriesRows };
  }
}

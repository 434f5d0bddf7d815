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
import type { ActiveEnsemble } from '../../domain/ensemble.js';
import type { ActiveModel, Serving } from '../../domain/model.js';
import { Clock } from '../../platform/clock.js';
import { goneSignal } from '../../platform/http/gone.service.js';
import { readJson } from '../../platform/http/json-body.js';
import { RawBody } from '../../platform/http/raw-body.service.js';
import { inTurns } from '../../platform/turns.service.js';
import { AdHocService } from '../ad-hoc/ad-hoc.service.js';
import { writePredictions, type SeriesRows } from './predict-answer.js';
import { EnsembleDesk } from './ensemble-desk.service.js';
import { PredictDesk, type Question } from './predict-desk.service.js';
import type { Answered } from './predict-refusals.js';
import { inputOf, readPredictRequest, requireTimeframe, seriesOf, type PredictRequest } from './predict-request.js';
import { predictAnswer, predictBody } from './predict.dto.js';

/** When a request's body had come (wall time, epoch ms), and whether its client has gone. */
type Arrival = Pick<Question, 'arrived' | 'signal'>;

/** What was said, by one model or by several; engine null: nobody was asked. */
type Said = { readonly engine: string | null } & Pick<Answered, 'output' | 'queueMs' | 'inferenceMs'>;

@ApiTags('predict')
@Controller('predict')
export class PredictController {
  constructor(
    private readonly clock: Clock,
    private readonly adHoc: AdHocService,
    private readonly desk: PredictDesk,
    private readonly ensembles: EnsembleDesk,
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
    const ensemble = this.ensembles.find(request.name, request.version);
    return ensemble
      ? this.#askEnsemble(ensemble, request, { arrived, signal })
      : this.#askModel(this.desk.find(request.name, request.version), request, { arrived, signal });
  }

  async #askModel(model: ActiveModel, request: PredictRequest, { arrived, signal }: Arrival): Promise<string> {
    const { rows, input, series } = this.#rows(request, model);
    const asked = this.clock.wallNow();
    const question = { model, rows, input, arrived, timeoutMs: request.timeoutMs, signal };
    const nothing = { engine: null, output: new Float32Array(0), queueMs: 0, inferenceMs: 0 };
    const answer = rows > 0 ? await this.desk.ask(question) : nothing;
    const answered = this.clock.wallNow();
    const text = await this.#write(model, answer, series, { arrived, asked, answered });
    if (rows > 0) this.desk.count(model, asked - arrived, this.clock.wallNow() - answered);
    return text;
  }

  async #askEnsemble(ensemble: ActiveEnsemble, request: PredictRequest, { arrived, signal }: Arrival): Promise<string> {
    const { timeframe, symbols } = seriesOf(request);
    requireTimeframe(ensemble, timeframe);
    const asked = this.clock.wallNow();
    const question = { timeframe, symbols, arrived, timeoutMs: request.timeoutMs, signal };
    const { series, ...answer } = await this.ensembles.ask(ensemble, question);
    return this.#write(ensemble, answer, series, { arrived, asked, answered: this.clock.wallNow() });
  }

  #write(
    served: Serving,
    answer: Said,
    series: SeriesRows | undefined,
    { arrived, asked, answered }: { readonly arrived: number; readonly asked: number; readonly answered: number },
  ): Promise<string> {
    const { queueMs: queue, inferenceMs: inference } = answer;
    const timings = { decode: asked - arrived, queue, inference, total: answered - arrived };
    return inTurns(writePredictions(served, answer, series, timings));
  }

  #rows(request: PredictRequest, model: ReturnType<PredictDesk['find']>) {
    if ('rows' in request) return { ...inputOf(request.rows, model, this.desk.mostRows), series: undefined };
    requireTimeframe(model, request.timeframe);
    const latest = this.adHoc.latestRows(model, request.timeframe, request.symbols);
    return { rows: latest.rows, input: latest.input, series: latest satisfies SeriesRows };
  }
}

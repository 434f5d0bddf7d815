import { Body, Controller, Headers, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Clock } from '../../platform/clock.js';
import { goneSignal } from '../../platform/http/gone.service.js';
import { readJson } from '../../platform/http/json-body.js';
import { RawBody } from '../../platform/http/raw-body.service.js';
import { inTurns } from '../../platform/turns.service.js';
import { PredictDesk } from '../predict/predict-desk.service.js';
import { unpacked } from './content-encoding.service.js';
import { writeInferAnswer, type InferAnswer } from './infer-answer.js';
import { headerLength, readInferRequest } from './infer-request.js';

interface Sent {
  readonly body: Buffer;
  readonly encoding: string | undefined;
  /** `Inference-Header-Content-Length` */
  readonly headerLength: string | undefined;
  readonly signal: AbortSignal;
}

/** Inference as KServe and Triton clients ask for it: tensors in JSON or in binary behind it. */
@ApiTags('open inference protocol')
@Controller('v2/models')
export class InferController {
  constructor(
    private readonly clock: Clock,
    private readonly desk: PredictDesk,
  ) {}

  @Post([':name/infer', ':name/versions/:version/infer'])
  @HttpCode(200)
  @RawBody()
  @ApiOperation({
    summary: 'Open Inference Protocol v2: inference, with Triton’s binary tensor data and classification',
  })
  @ApiParam({ name: 'name', type: String, example: 'gbt' })
  @ApiBody({
    schema: {
      type: 'object',
      required: ['inputs'],
      example: { inputs: [{ name: 'features', shape: [1, 2], datatype: 'FP32', data: [0.1, 0.2] }] },
    },
  })
  @ApiOkResponse({ description: '{ model_name, model_version, id, outputs: [{ name, datatype, shape, data }] }' })
  async infer(
    @Param() { name, version }: { name: string; version?: string },
    @Body() body: Buffer | undefined,
    @Headers('content-encoding') encoding: string | undefined,
    @Headers('inference-header-content-length') length: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string | Buffer> {
    const sent = { body: body ?? Buffer.alloc(0), encoding, headerLength: length, signal: goneSignal(reply) };
    const { json, binary } = await this.#infer(name, version, sent);
    if (!binary) {
      reply.header('content-type', 'application/json; charset=utf-8');
      return json;
    }
    const header = Buffer.from(json);
    reply.header('content-type', 'application/octet-stream').header('inference-header-content-length', header.length);
    return Buffer.concat([header, binary]);
  }

  async #infer(name: string, version: string | undefined, sent: Sent): Promise<InferAnswer> {
    const arrived = this.clock.wallNow();
    const model = this.desk.find(name, version);
    const body = await unpacked(sent.body, sent.encoding);
    const end = headerLength(sent.headerLength, body.length);
    const json = await inTurns(readJson(body.subarray(0, end)));
    const request = readInferRequest(json, body.subarray(end), model, this.desk.mostRows);
    const asked = this.clock.wallNow();
    const { rows, input, timeoutMs } = request;
    const { output } = await this.desk.ask({ model, rows, input, arrived, timeoutMs, signal: sent.signal });
    const answered = this.clock.wallNow();
    const answer = await inTurns(writeInferAnswer(model, request, output));
    this.desk.count(model, asked - arrived, this.clock.wallNow() - answered);
    return answer;
  }
}

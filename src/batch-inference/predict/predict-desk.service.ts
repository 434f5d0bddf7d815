import { Injectable, Logger } from '@nestjs/common';
import { refOf, type ActiveModel } from '../../domain/model.js';
import type { Floats } from '../../engines/inference.engine.js';
import { Clock } from '../../platform/clock.js';
import { Settings } from '../../platform/config/settings.js';
import { RequestRefused } from '../../platform/http/refusal.js';
import type { AdHocAnswer } from '../ad-hoc/ad-hoc-request.js';
import { AdHocService } from '../ad-hoc/ad-hoc.service.js';
import { BatchInferenceService } from '../batch-inference.service.js';
import { InferenceStatistics, type ModelStatistics } from './inference-statistics.js';
import { answeredOf, type Answered } from './predict-refusals.js';

/** Rows of one request, read, and the moment (wall time, epoch ms) at which its body had come. */
export interface Question {
  readonly model: ActiveModel;
  readonly rows: number;
  readonly input: Floats;
  readonly arrived: number;
  /** From its arrival; absent, or beyond it: INFERENCE_TIMEOUT. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
}

/** Most rows of one request: over a thousand a batch gains nothing, and after four of those others have their turn. */
const MOST_ROWS = 4096;

/** What every door to the models has in common: whom to ask, a deadline that began at the door, refusals, counting. */
@Injectable()
export class PredictDesk {
  /** Most rows of one request: of those that may wait at all. */
  readonly mostRows: number;
  readonly #log = new Logger('Predict');
  readonly #statistics = new InferenceStatistics();
  readonly #timeoutMs: number;

  constructor(
    { config }: Settings,
    private readonly clock: Clock,
    private readonly adHoc: AdHocService,
    private readonly inference: BatchInferenceService,
  ) {
    this.mostRows = Math.min(MOST_ROWS, config.AD_HOC_QUEUE_ROWS);
    this.#timeoutMs = config.INFERENCE_TIMEOUT * 1000;
    adHoc.reports.tap(
      (report) => this.#statistics.report(report, clock.wallNow()),
      (error) => this.#log.error(String(error)),
    );
  }

  /** @throws RequestRefused 404 where no such model or version is loaded, 503 where one should be and is not */
  find(name: string, version?: string): ActiveModel {
    const model = this.adHoc.find(name, version);
    if (model) return model;
    const reason = this.inference.absence(name, version);
    if (reason !== undefined) throw new RequestRefused(503, 'MODEL_NOT_READY', reason);
    const wanted = version === undefined ? name : refOf({ name, version });
    const loaded = this.adHoc.models().map(refOf).join(', ') || 'none';
    throw new RequestRefused(404, 'MODEL_UNKNOWN', `No model ${wanted} is loaded; there is: ${loaded}.`);
  }

  /** @throws RequestRefused with the code of the reason why there is no answer */
  async ask(question: Question): Promise<Answered> {
    return answeredOf(await this.try(question));
  }

  /** @returns the answer, or why there is none */
  try({ model, rows, input, arrived, timeoutMs = Infinity, signal }: Question): Promise<AdHocAnswer> {
    const { name, version } = model;
    const left = Math.min(timeoutMs, this.#timeoutMs) - (this.clock.wallNow() - arrived);
    return this.adHoc.predict({ name, version, rows, input, timeoutMs: left, signal });
  }

  /** What reading a request and writing its answer took. */
  count(model: ActiveModel, inputMs: number, outputMs: number): void {
    this.#statistics.codec(model, inputMs, outputMs);
  }

  statisticsOf(model: ActiveModel): ModelStatistics {
    return this.#statistics.of(model);
  }
}

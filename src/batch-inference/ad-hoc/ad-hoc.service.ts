import { Injectable } from '@nestjs/common';
import type { AdHocReport } from '../../domain/ad-hoc.js';
import type { ActiveModel } from '../../domain/model.js';
import type { Pair } from '../../domain/pair.js';
import type { Timeframe } from '../../domain/timeframe.js';
import { Clock } from '../../platform/clock.js';
import { Outlet } from '../../platform/outlet.js';
import { BatchInferenceService } from '../batch-inference.service.js';
import { WorkerPool } from '../worker-pool.service.js';
import type { AdHocAnswer, AdHocRequest } from './ad-hoc-request.js';
import type { LatestRows } from './latest-rows.js';

/** Predictions that somebody asks for, beside the trading path: they take what its runs leave free. */
@Injectable()
export class AdHocService {
  /** What became of each request, once. */
  readonly reports = new Outlet<AdHocReport>('ad hoc reports');

  constructor(
    private readonly clock: Clock,
    private readonly inference: BatchInferenceService,
    private readonly pool: WorkerPool,
  ) {}

  /** Every version that is loaded, whatever its role. */
  models(): readonly ActiveModel[] {
    return this.inference.models();
  }

  /** Loaded versions of a name; empty where there is none. */
  versionsOf(name: string): readonly ActiveModel[] {
    return this.models().filter((model) => model.name === name);
  }

  /** @returns the version asked for; where none is, the active one, and without one the highest that is loaded */
  find(name: string, version?: string): ActiveModel | undefined {
    const versions = this.versionsOf(name);
    if (version !== undefined) return versions.find((model) => model.version === version);
    return versions.find(({ role }) => role === 'active') ?? versions.toSorted(newestFirst)[0];
  }

  /** The newest warm feature rows of live series, as the model reads them. */
  latestRows(model: ActiveModel, timeframe: Timeframe, symbols: readonly Pair[]): LatestRows {
    return this.inference.latestRows(model, timeframe, symbols);
  }

  /** @throws when `input` is not what `rows` and the model's shape and type say: whoever calls has checked that */
  async predict(request: AdHocRequest): Promise<AdHocAnswer> {
    const { name, version, rows, input } = request;
    const arrival = this.clock.wallNow();
    const model = this.find(name, version);
    if (!model) return { answered: false, code: 'MODEL_UNKNOWN', message: `no model ${name} ${version ?? ''}`.trim() };
    const outcome = await this.pool.infer(model.name, rows, input.slice().buffer as ArrayBuffer, new ArrayBuffer(rows));
    if (!outcome.answered) return { answered: false, code: outcome.code, message: outcome.reason };
    const { inferring, inferred, output } = outcome;
    return {
      ...{ answered: true, model: { name, version: model.version }, engine: 'none', output: new Float32Array(output) },
      ...{ queueMs: inferring - arrival, inferenceMs: inferred - inferring, totalMs: this.clock.wallNow() - arrival },
    };
  }
}

function newestFirst(a: ActiveModel, b: ActiveModel): number {
  return b.version.localeCompare(a.version, 'en', { numeric: true });
}

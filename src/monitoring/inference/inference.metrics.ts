import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import type { AdHocReport } from '../../domain/ad-hoc.js';
import { ALERT_CODES, type Alert } from '../../domain/alert.js';
import type { ModelRef } from '../../domain/model.js';
import type { PredictionBatch } from '../../domain/prediction.js';
import type { Stage } from '../../domain/stage.js';
import { METRICS } from '../../platform/prometheus.metrics.js';
import type { ModelRecord } from './model-record.js';
import { adHocFigures, runFigures, type RequestFigures } from './request-figures.js';
import type { SlidingWindow } from './windows.js';

const SHOWN_STAGES: readonly Stage[] = ['queue', 'inference', 'total'];
const SHOWN_WINDOWS: readonly SlidingWindow[] = ['1m', '5m', '15m'];
const SHOWN_QUANTILES = [0.5, 0.95, 0.99, 0.999];

/** What Prometheus is told of inference: Triton's counters, the windows' quantiles, open alerts. */
@Injectable()
export class InferenceMetrics {
  constructor(
    @InjectMetric(METRICS.nvRequestSuccess) private readonly successes: Counter,
    @InjectMetric(METRICS.nvRequestFailure) private readonly failures: Counter,
    @InjectMetric(METRICS.nvCount) private readonly rows: Counter,
    @InjectMetric(METRICS.nvExecCount) private readonly executions: Counter,
    @InjectMetric(METRICS.nvRequestDuration) private readonly totalUs: Counter,
    @InjectMetric(METRICS.nvQueueDuration) private readonly queueUs: Counter,
    @InjectMetric(METRICS.nvComputeDuration) private readonly inferenceUs: Counter,
    @InjectMetric(METRICS.nvPending) private readonly pending: Gauge,
    @InjectMetric(METRICS.inferenceQuantiles) private readonly quantiles: Gauge,
    @InjectMetric(METRICS.adHocRequests) private readonly adHocRequests: Counter,
    @InjectMetric(METRICS.alertsRaised) private readonly raised: Counter,
    @InjectMetric(METRICS.alertsOpen) private readonly open: Gauge,
  ) {}

  ran({ runs }: PredictionBatch): void {
    for (const run of runs) this.#count(run.model, runFigures(run));
  }

  adHoc(report: AdHocReport): void {
    this.adHocRequests.inc({ outcome: report.outcome });
    this.#count(report.model, adHocFigures(report));
  }

  told({ code, state }: Alert): void {
    if (state === 'raised') this.raised.inc({ code });
  }

  /** @param waitingOf requests for a model that wait for a worker */
  showPending<Model extends ModelRef>(models: readonly Model[], waitingOf: (model: Model) => number): void {
    this.pending.reset(); // a version that is no longer loaded is not shown as it was
    for (const model of models) this.pending.set({ model: model.name, version: model.version }, waitingOf(model));
  }

  showOpen(open: readonly Alert[]): void {
    for (const code of ALERT_CODES) this.open.set({ code }, open.filter((alert) => alert.code === code).length);
  }

  /** What is no longer measured is not shown as it was. @param now wall time, epoch ms */
  showQuantiles(record: ModelRecord, now: number): void {
    const { model, engine, timeframe } = record.subject;
    const subject = { model: model.name, version: model.version, engine, timeframe: timeframe ?? 'ad_hoc' };
    for (const stage of SHOWN_STAGES) {
      for (const window of SHOWN_WINDOWS) {
        const histogram = record.stage(stage, window, now);
        for (const quantile of SHOWN_QUANTILES) {
          const labels = { ...subject, stage, window, quantile };
          if (histogram.count > 0) this.quantiles.set(labels, histogram.quantile(quantile) / 1000);
          else this.quantiles.remove(labels);
        }
      }
    }
  }

  #count({ name, version }: ModelRef, figures: RequestFigures | undefined): void {
    if (!figures) return;
    const labels = { model: name, version };
    const { outcome, rows, executions, queueUs, inferenceUs, totalUs } = figures;
    if (outcome === 'success') this.successes.inc(labels);
    else this.failures.inc({ ...labels, reason: outcome });
    this.rows.inc(labels, rows);
    this.executions.inc(labels, executions);
    this.queueUs.inc(labels, queueUs);
    this.inferenceUs.inc(labels, inferenceUs);
    this.totalUs.inc(labels, totalUs);
  }
}

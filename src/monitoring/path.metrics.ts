import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import { refOf } from '../domain/model.js';
import type { PredictionBatch } from '../domain/prediction.js';
import type { Signal } from '../domain/signal.js';
import { stageDurations } from '../domain/stage.js';
import { METRICS } from '../platform/prometheus.metrics.js';
import type { OrderUpdate } from '../trading/order-update.js';

/** Counts what comes down the path. Stages are measured where they happen; here they are only told. */
@Injectable()
export class PathMetrics {
  constructor(
    @InjectMetric(METRICS.stageSeconds) private readonly stages: Histogram,
    @InjectMetric(METRICS.batchRows) private readonly rows: Histogram,
    @InjectMetric(METRICS.abstentions) private readonly abstentions: Counter,
    @InjectMetric(METRICS.runs) private readonly runs: Counter,
    @InjectMetric(METRICS.signals) private readonly signals: Counter,
    @InjectMetric(METRICS.orders) private readonly orders: Counter,
  ) {}

  /** One completed batch: every model's run is observed, the stages that they share included. */
  ran({ timeframe, runs }: PredictionBatch): void {
    for (const { model, moments, answered, abstentions } of runs) {
      const labels = { model: refOf(model), timeframe };
      this.runs.inc(labels);
      this.rows.observe(
        labels,
        answered.reduce((sum, one) => sum + one, 0),
      );
      for (const [stage, ms] of Object.entries(stageDurations(moments))) {
        this.stages.observe({ stage, timeframe }, ms / 1000);
      }
      for (const reason of abstentions.values()) this.abstentions.inc({ reason });
    }
  }

  decided(signals: readonly Signal[]): void {
    for (const { timeframe, direction } of signals) this.signals.inc({ timeframe, direction });
  }

  traded({ order: { state, purpose } }: OrderUpdate): void {
    this.orders.inc({ state, purpose });
  }
}

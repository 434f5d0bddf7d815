import { Injectable, Logger } from '@nestjs/common';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AdHocService } from '../../batch-inference/ad-hoc/ad-hoc.service.js';
import { BatchInferenceService } from '../../batch-inference/batch-inference.service.js';
import type { AdHocReport } from '../../domain/ad-hoc.js';
import type { Alert } from '../../domain/alert.js';
import type { DriftReport } from '../../domain/drift.js';
import type { PredictionBatch } from '../../domain/prediction.js';
import { Clock } from '../../platform/clock.js';
import { Settings } from '../../platform/config/settings.js';
import { Outlet } from '../../platform/outlet.js';
import type { Policy } from '../../strategy/policy.js';
import { StrategyService } from '../../strategy/strategy.service.js';
import { AlertBoard } from '../alerts/alert-board.js';
import { DriftReports } from '../alerts/drift-reports.js';
import { readingsOf, type Reading } from '../alerts/readings.js';
import { rulesOf } from '../alerts/rules.js';
import { InferenceLatencyRepository, type Minute } from './inference-latency.repository.js';
import { InferenceMetrics } from './inference.metrics.js';
import { InferenceRecord } from './inference-record.js';
import type { ModelRecord } from './model-record.js';

/** Records that are read, and shown in their gauges, before the main loop gets its turn: about half a millisecond. */
const READ_A_SLICE = 32;
const GAUGED_A_SLICE = 4;

/**
 * Watches inference beside the path: every completed batch and ad hoc request is recorded once, in memory; every second
 * what was recorded is judged, every minute it is saved.
 *
 * In: `ran`, `adHoc`, `drifted`; `evaluate`, `show` and `save` by the clock. Out: `alerts`, each raised once and cleared once.
 */
@Injectable()
export class InferenceMonitor {
  readonly alerts = new Outlet<Alert>('monitor.alerts');
  readonly #log = new Logger('InferenceMonitor');
  readonly #record = new InferenceRecord();
  readonly #drift = new DriftReports();
  readonly #board: AlertBoard;
  readonly #policy: Policy;

  constructor(
    settings: Settings,
    private readonly clock: Clock,
    strategy: StrategyService,
    private readonly batchInference: BatchInferenceService,
    private readonly requests: AdHocService,
    private readonly metrics: InferenceMetrics,
    private readonly history: InferenceLatencyRepository,
  ) {
    this.#board = new AlertBoard(rulesOf(settings.config));
    this.#policy = strategy.status().policy;
  }

  /** One completed batch, every stage stamped. */
  ran(batch: PredictionBatch): void {
    this.#record.ran(batch, this.#policy, this.clock.wallNow());
    this.metrics.ran(batch);
  }

  /** One ad hoc request that was answered or refused. */
  adHoc(report: AdHocReport): void {
    this.#record.adHoc(report, this.clock.wallNow());
    this.metrics.adHoc(report);
  }

  drifted(report: DriftReport): void {
    this.#drift.keep(report, this.clock.wallNow());
  }

  get records(): readonly ModelRecord[] {
    return this.#record.all;
  }

  /** Alerts that are raised and not cleared yet. */
  get open(): readonly Alert[] {
    return this.#board.open;
  }

  /** Weighs what is measured now. What hears of an alert is not waited for: the next second is judged in time. */
  async evaluate(): Promise<void> {
    const now = this.clock.wallNow();
    for (const alert of this.#board.weigh(await this.#readings(now), now)) {
      this.metrics.told(alert);
      this.alerts
        .emit(alert)
        .catch((error: unknown) => this.#log.error(`${alert.id} was not heeded: ${reason(error)}`));
    }
  }

  /** Brings the gauges up to date. */
  async show(): Promise<void> {
    this.metrics.showPending(this.requests.models(), (model) => this.requests.waitingOf(model));
    this.metrics.showOpen(this.open);
    await this.#inSlices(GAUGED_A_SLICE, (record) => this.metrics.showQuantiles(record, this.clock.wallNow()));
  }

  /** Saves what was measured since it was saved last. What the database does not take is lost: a history may have holes, the path may not wait. */
  async save(): Promise<void> {
    const measured: Minute[] = [];
    await this.#inSlices(READ_A_SLICE, (record) => {
      const minute = { subject: record.subject, ...record.lap() };
      if (minute.counts.runs > 0) measured.push(minute);
    });
    await this.history.insertAll(measured, this.clock.wallNow(), this.clock.now());
  }

  async #readings(now: number): Promise<Reading[]> {
    const { queued } = this.batchInference.status().pool;
    const readings: Reading[] = [{ code: 'QUEUE_DEPTH', model: null, timeframe: null, value: queued }];
    readings.push(...this.#drift.readings(now));
    await this.#inSlices(READ_A_SLICE, (record) => readings.push(...readingsOf(record, now)));
    return readings;
  }

  /** The main loop gets its turn after each slice. */
  async #inSlices(size: number, work: (record: ModelRecord) => void): Promise<void> {
    for (const [i, record] of this.records.entries()) {
      work(record);
      if (i % size === size - 1) await nextTurn();
    }
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

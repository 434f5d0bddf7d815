import { Module } from '@nestjs/common';
import { BatchInferenceModule } from '../batch-inference/batch-inference.module.js';
import { MarketDataModule } from '../market-data/market-data.module.js';
import { Settings } from '../platform/config/settings.js';
import { RetentionJob } from '../platform/retention.job.js';
import { StrategyModule } from '../strategy/strategy.module.js';
import { TradingModule } from '../trading/trading.module.js';
import { AlertRecord } from './alerts/alert-record.service.js';
import { AlertWebhook } from './alerts/alert-webhook.service.js';
import { AlertController } from './alerts/alert.controller.js';
import { AlertLog } from './alerts/alert.log.js';
import { AlertRepository } from './alerts/alert.repository.js';
import { HealthController } from './health.controller.js';
import { InferenceLatencyRepository } from './inference/inference-latency.repository.js';
import { InferenceMonitorJob } from './inference/inference-monitor.job.js';
import { InferenceMonitor } from './inference/inference-monitor.service.js';
import { InferenceController } from './inference/inference.controller.js';
import { InferenceMetrics } from './inference/inference.metrics.js';
import { LineageController } from './lineage.controller.js';
import { LineageRepository } from './lineage.repository.js';
import { ModelIndexController } from './model-index.controller.js';
import { LoopLagMonitor } from './loop-lag.metrics.js';
import { PageController } from './page.controller.js';
import { PathMetrics } from './path.metrics.js';
import { SignalLog } from './signal.log.js';
import { StatusController } from './status.controller.js';
import { StatusService } from './status.service.js';
import { SystemMetrics } from './system.metrics.js';

function webhookFor({ config }: Settings): AlertWebhook {
  const url = config.ALERT_WEBHOOK_URL;
  return new AlertWebhook({ url, timeoutMs: 5_000, queue: 100, backoff: { baseMs: 1_000, maxMs: 60_000 } });
}

const inference = [InferenceMonitor, InferenceMonitorJob, InferenceMetrics, InferenceLatencyRepository];
const alerts = [AlertLog, AlertRecord, AlertRepository];

/** The model registry is not imported: the root gives it its feature table and makes it global. */
@Module({
  imports: [MarketDataModule, BatchInferenceModule, StrategyModule, TradingModule],
  providers: [
    ...[SignalLog, PathMetrics, SystemMetrics, LoopLagMonitor, LineageRepository, StatusService],
    ...inference,
    ...alerts,
    { provide: AlertWebhook, useFactory: webhookFor, inject: [Settings] },
  ],
  controllers: [
    ...[HealthController, ModelIndexController, StatusController, LineageController, PageController],
    ...[InferenceController, AlertController],
  ],
  exports: [PathMetrics, SignalLog, InferenceMonitor, AlertLog, AlertRecord, AlertWebhook],
})
export class MonitoringModule {
  constructor(retention: RetentionJob, latencies: InferenceLatencyRepository, kept: AlertRepository) {
    retention.prune('minutes of latencies', (before, limit) => latencies.deleteBefore(before, limit));
    retention.prune('alerts that are over', (before, limit) => kept.deleteBefore(before, limit));
  }
}

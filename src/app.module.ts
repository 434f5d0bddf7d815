import { Logger, Module, type DynamicModule, type INestApplicationContext } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { DataSource } from 'typeorm';
import { AdHocService } from './batch-inference/ad-hoc/ad-hoc.service.js';
import { BatchInferenceModule } from './batch-inference/batch-inference.module.js';
import { BatchInferenceService } from './batch-inference/batch-inference.service.js';
import { FEATURE_NAMES, featureHashOf } from './batch-inference/features/feature-table.js';
import { FeedModule } from './feed/feed.module.js';
import { SignalFeed } from './feed/signal.feed.js';
import { MarketDataModule } from './market-data/market-data.module.js';
import { MarketDataService } from './market-data/market-data.service.js';
import { ModelRegistryModule } from './model-registry/model-registry.module.js';
import { ModelRegistryService } from './model-registry/model-registry.service.js';
import { AlertRecord } from './monitoring/alerts/alert-record.service.js';
import { AlertWebhook } from './monitoring/alerts/alert-webhook.service.js';
import { AlertLog } from './monitoring/alerts/alert.log.js';
import { InferenceMonitor } from './monitoring/inference/inference-monitor.service.js';
import { MonitoringModule } from './monitoring/monitoring.module.js';
import { PathMetrics } from './monitoring/path.metrics.js';
import { SignalLog } from './monitoring/signal.log.js';
import { connect, type Stages } from './pipeline.js';
import { Settings } from './platform/config/settings.js';
import { PlatformModule } from './platform/platform.module.js';
import { StrategyModule } from './strategy/strategy.module.js';
import { StrategyService } from './strategy/strategy.service.js';
import { TradingModule } from './trading/trading.module.js';
import { TradingService } from './trading/trading.service.js';

@Module({})
export class AppModule {
  /** The caller owns the connection: it is migrated, and outlives the application. */
  static with(settings: Settings, dataSource: DataSource): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PlatformModule.with(settings, dataSource),
        ScheduleModule.forRoot(),
        MarketDataModule,
        { ...ModelRegistryModule.withFeatures({ names: FEATURE_NAMES, hashOf: featureHashOf }), global: true },
        BatchInferenceModule,
        StrategyModule,
        TradingModule,
        FeedModule,
        MonitoringModule,
      ],
    };
  }
}

/** Takes the stages out of the container and joins them; what `start` and `stop` of pipeline.ts then work on. */
export function joinStages(app: INestApplicationContext): Stages {
  const logger = new Logger('Observers');
  const anywhere = { strict: false };
  const stages = {
    marketData: app.get(MarketDataService, anywhere),
    modelRegistry: app.get(ModelRegistryService, anywhere),
    batchInference: app.get(BatchInferenceService, anywhere),
    adHoc: app.get(AdHocService, anywhere),
    strategy: app.get(StrategyService, anywhere),
    trading: app.get(TradingService, anywhere),
  };
  connect(stages, {
    feed: app.get(SignalFeed, anywhere),
    metrics: app.get(PathMetrics, anywhere),
    log: app.get(SignalLog, anywhere),
    monitor: app.get(InferenceMonitor, anywhere),
    alertLog: app.get(AlertLog, anywhere),
    alertRecord: app.get(AlertRecord, anywhere),
    webhook: app.get(AlertWebhook, anywhere),
    report: (error) => logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error)),
  });
  return stages;
}

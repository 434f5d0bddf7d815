import { Module } from '@nestjs/common';
import { BatchInferenceModule } from '../batch-inference/batch-inference.module.js';
import { MarketDataModule } from '../market-data/market-data.module.js';
import { StrategyModule } from '../strategy/strategy.module.js';
import { TradingModule } from '../trading/trading.module.js';
import { HealthController } from './health.controller.js';
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

/** The model registry is not imported: the root gives it its feature table and makes it global. */
@Module({
  imports: [MarketDataModule, BatchInferenceModule, StrategyModule, TradingModule],
  providers: [SignalLog, PathMetrics, SystemMetrics, LoopLagMonitor, LineageRepository, StatusService],
  controllers: [HealthController, ModelIndexController, StatusController, LineageController, PageController],
  exports: [PathMetrics, SignalLog],
})
export class MonitoringModule {}

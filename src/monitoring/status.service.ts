import { Injectable } from '@nestjs/common';
import { BatchInferenceService } from '../batch-inference/batch-inference.service.js';
import { alertJson } from '../domain/alert-json.js';
import { MarketDataService } from '../market-data/market-data.service.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import { Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { StrategyService } from '../strategy/strategy.service.js';
import { TradingService } from '../trading/trading.service.js';
import { InferenceMonitor } from './inference/inference-monitor.service.js';
import { LoopLagMonitor } from './loop-lag.metrics.js';
import { modeOf } from './mode.js';
import { snakeCase } from './snake-case.js';

/** Asks every stage how it fares. Nothing is computed here that a stage does not say of itself. */
@Injectable()
export class StatusService {
  constructor(
    private readonly settings: Settings,
    private readonly clock: Clock,
    private readonly marketData: MarketDataService,
    private readonly registry: ModelRegistryService,
    private readonly batchInference: BatchInferenceService,
    private readonly strategy: StrategyService,
    private readonly trading: TradingService,
    private readonly loopLag: LoopLagMonitor,
    private readonly monitor: InferenceMonitor,
  ) {}

  status(): unknown {
    const { config, resolved, exchange } = this.settings;
    const { abstentions, ...inference } = this.batchInference.status();
    return snakeCase({
      mode: modeOf(config.EXCHANGE, exchange.speed),
      versions: { alphapulse: resolved.version, node: process.versions.node },
      startedAt: resolved.startedAt,
      uptimeSeconds: (this.clock.wallNow() - resolved.startedAt) / 1000,
      exchangeTime: this.clock.now(),
      feed: this.#feed(),
      models: this.#models(),
      inference,
      abstentions,
      alerts: { open: this.monitor.open.map(alertJson) },
      strategy: this.strategy.status(),
      trading: this.#trading(),
      eventLoop: { lagMs: this.loopLag.last },
      memory: { rssBytes: process.memoryUsage.rss() },
    });
  }

  #feed() {
    const { symbols, newest, ...feed } = this.marketData.status();
    const newestOpenTime = Object.entries(newest).map(([timeframe, time]) => [timeframe, new Date(time)] as const);
    return { ...feed, symbols: symbols.length, newestOpenTime: new Map(newestOpenTime) };
  }

  #models() {
    const { versions, ...registry } = this.registry.status();
    return {
      ...registry,
      versions: versions.map(({ name, version, state, refusal }) => ({ name, version, state, reason: refusal })),
    };
  }

  #trading() {
    const trading = this.trading.status();
    return { halted: trading.halt !== null, ...trading };
  }
}

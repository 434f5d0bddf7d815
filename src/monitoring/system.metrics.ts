import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import { BatchInferenceService } from '../batch-inference/batch-inference.service.js';
import { closeTimeOf, isTimeframe } from '../domain/timeframe.js';
import { MarketDataService } from '../market-data/market-data.service.js';
import { METRICS } from '../platform/prometheus.metrics.js';
import { TradingService } from '../trading/trading.service.js';
import { LoopLagMonitor } from './loop-lag.metrics.js';

const SAMPLE_MS = 5_000;

/** The gauges, sampled: what the stages say of themselves, and how late the main loop is. */
@Injectable()
export class SystemMetrics implements OnModuleInit, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  readonly #told = new Map<Counter, number>();

  constructor(
    private readonly marketData: MarketDataService,
    private readonly batchInference: BatchInferenceService,
    private readonly trading: TradingService,
    private readonly loopLag: LoopLagMonitor,
    @InjectMetric(METRICS.queueDepth) private readonly queueDepth: Gauge,
    @InjectMetric(METRICS.eventLoopLag) private readonly eventLoopLag: Gauge,
    @InjectMetric(METRICS.candleAge) private readonly candleAge: Gauge,
    @InjectMetric(METRICS.feedReconnects) private readonly reconnects: Counter,
    @InjectMetric(METRICS.feedFrames) private readonly frames: Counter,
    @InjectMetric(METRICS.feedMalformed) private readonly malformed: Counter,
    @InjectMetric(METRICS.candlesRefused) private readonly refused: Counter,
    @InjectMetric(METRICS.intervalsMissed) private readonly missed: Counter,
    @InjectMetric(METRICS.inferenceTimeouts) private readonly timeouts: Counter,
    @InjectMetric(METRICS.equity) private readonly equity: Gauge,
    @InjectMetric(METRICS.drawdown) private readonly drawdown: Gauge,
    @InjectMetric(METRICS.openPositions) private readonly openPositions: Gauge,
  ) {}

  onModuleInit(): void {
    this.#timer = setInterval(() => this.sample(), SAMPLE_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.#timer);
  }

  sample(): void {
    this.eventLoopLag.set(this.loopLag.take().p99 / 1000);
    this.#sampleFeed();
    const { pool } = this.batchInference.status();
    this.queueDepth.set(pool.queued);
    this.#advance(this.timeouts, pool.timeouts);
    const { valuation, drawdown, openPositions } = this.trading.status();
    this.openPositions.set(openPositions);
    // What is not known now is not shown as it was.
    if (valuation) this.equity.set(Number(valuation.equity));
    else this.equity.remove();
    if (drawdown !== null) this.drawdown.set(Number(drawdown));
  }

  #sampleFeed(): void {
    const { counters, newest, exchangeTime } = this.marketData.status();
    for (const [timeframe, openTime] of Object.entries(newest)) {
      if (!isTimeframe(timeframe)) continue;
      this.candleAge.set({ timeframe }, (exchangeTime - closeTimeOf(timeframe, openTime)) / 1000);
    }
    this.#advance(this.reconnects, counters.reconnects);
    this.#advance(this.frames, counters.frames);
    this.#advance(this.malformed, counters.malformed);
    this.#advance(this.refused, counters.refusedCandles);
    this.#advance(this.missed, counters.missedIntervals);
  }

  /** Brings a counter up to a total that somebody else counts. */
  #advance(counter: Counter, total: number): void {
    const step = total - (this.#told.get(counter) ?? 0);
    if (step > 0) counter.inc(step);
    this.#told.set(counter, total);
  }
}

import type { AdHocService } from './batch-inference/ad-hoc/ad-hoc.service.js';
import type { BatchInferenceService } from './batch-inference/batch-inference.service.js';
import type { SignalFeed } from './feed/signal.feed.js';
import type { MarketDataService } from './market-data/market-data.service.js';
import type { ModelRegistryService } from './model-registry/model-registry.service.js';
import type { AlertRecord } from './monitoring/alerts/alert-record.service.js';
import type { AlertWebhook } from './monitoring/alerts/alert-webhook.service.js';
import type { AlertLog } from './monitoring/alerts/alert.log.js';
import type { InferenceMonitor } from './monitoring/inference/inference-monitor.service.js';
import type { PathMetrics } from './monitoring/path.metrics.js';
import type { SignalLog } from './monitoring/signal.log.js';
import type { StrategyService } from './strategy/strategy.service.js';
import type { TradingService } from './trading/trading.service.js';

export interface Stages {
  readonly marketData: MarketDataService;
  readonly modelRegistry: ModelRegistryService;
  readonly batchInference: BatchInferenceService;
  readonly adHoc: AdHocService;
  readonly strategy: StrategyService;
  readonly trading: TradingService;
}

export interface Observers {
  readonly feed: SignalFeed;
  readonly metrics: PathMetrics;
  readonly log: SignalLog;
  readonly monitor: InferenceMonitor;
  readonly alertLog: AlertLog;
  readonly alertRecord: AlertRecord;
  readonly webhook: AlertWebhook;
  readonly report: (error: unknown) => void;
}

/** The whole system on one page: each stage's outlet meets the next stage's inlet. */
export function connect(stages: Stages, observers: Observers): void {
  const { marketData, modelRegistry, batchInference, adHoc, strategy, trading } = stages;
  const { feed, metrics, log, monitor, report } = observers;

  modelRegistry.activations.to(async (models) => {
    await batchInference.adopt(models);
    modelRegistry.missed(batchInference.status().refused);
  });
  marketData.instruments.to((instruments) => trading.list(instruments));
  marketData.past.to((columns) => trading.catchUp(columns));
  marketData.history.to(async (columns) => {
    batchInference.warmUp(columns);
    await trading.catchUp(columns);
  });
  marketData.candles.to(async (candles) => {
    batchInference.absorb(candles);
    await trading.mark(candles);
  });
  marketData.intervals.to((interval) => batchInference.run(interval));
  batchInference.predictions.to((batch) => strategy.decide(batch));
  strategy.decisions.to(({ signals }) => trading.execute(signals));
  monitor.alerts.to((alert) => modelRegistry.heed(alert)); // a version on trial that alerts makes way for the one before

  // Beside the path: what can be recomputed is saved in bulk and published only once saved.
  strategy.decisions.tap(async ({ batch, signals }) => {
    try {
      await Promise.all([batchInference.record(batch), strategy.record(signals)]);
      batchInference.stamp(batch, 'saved');
      feed.signals(signals);
      batchInference.stamp(batch, 'published');
      await batchInference.complete(batch);
      log.published(batch, signals);
      metrics.ran(batch);
      metrics.decided(signals);
      feed.completed(batch);
    } finally {
      monitor.ran(batch); // by the stages that it came to, where the database did not take it
    }
  }, report);

  // Observers: delete any line below and every order stays the same.
  trading.updates.tap((update) => feed.order(update), report);
  trading.updates.tap((update) => metrics.traded(update), report);
  batchInference.driftReports.tap((drift) => monitor.drifted(drift), report);
  adHoc.reports.tap((request) => monitor.adHoc(request), report);
  adHoc.reports.tap(({ model }) => modelRegistry.used(model), report);
  tellOfAlerts(observers);
}

type AlertObservers = Pick<Observers, 'monitor' | 'alertLog' | 'alertRecord' | 'feed' | 'webhook' | 'report'>;

/** Everyone who hears of an alert. None waits for another: a silent database keeps nobody from being woken. */
export function tellOfAlerts({ monitor, alertLog, alertRecord, feed, webhook, report }: AlertObservers): void {
  monitor.alerts.tap((alert) => alertLog.told(alert), report);
  monitor.alerts.tap((alert) => alertRecord.keep(alert), report);
  monitor.alerts.tap((alert) => feed.alert(alert), report);
  monitor.alerts.tap((alert) => webhook.send(alert), report);
}

/** Start-up and crash recovery are one path: fold fills, reconcile orders, load models, then open the feed. */
export async function start({ marketData, modelRegistry, batchInference, trading }: Stages): Promise<void> {
  await trading.recover();
  await batchInference.start();
  await modelRegistry.load();
  // A position outlives its symbol's place in SYMBOLS, and any outage: it needs every minute's price.
  await marketData.start(() => trading.openSince());
}

/**
 * The reverse, at any moment, a start half-way included: no new candles, the run in flight finishes, what it made is
 * saved, then workers and venue close. What has not begun is dropped: the next start's history tells it again.
 */
export async function stop({ marketData, modelRegistry, batchInference, strategy, trading }: Stages): Promise<void> {
  const recorded = modelRegistry.stop();
  await marketData.stop();
  await batchInference.drain();
  await strategy.decisions.idle();
  await trading.stop();
  await batchInference.stop();
  await recorded;
}

import type { Provider } from '@nestjs/common';
import { makeCounterProvider, makeGaugeProvider, makeHistogramProvider } from '@willsoto/nestjs-prometheus';

const LATENCY = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const ROWS = [1, 10, 25, 50, 100, 250, 500, 1000, 2000, 5000];

/** Every metric of the service, once. `@InjectMetric(METRICS.…)` hands out the prom-client object. */
export const METRICS = {
  stageSeconds: 'alphapulse_stage_seconds',
  batchRows: 'alphapulse_batch_rows',
  abstentions: 'alphapulse_abstentions_total',
  queueDepth: 'alphapulse_queue_depth',
  eventLoopLag: 'alphapulse_event_loop_lag_seconds',
  candleAge: 'alphapulse_candle_age_seconds',
  feedReconnects: 'alphapulse_feed_reconnects_total',
  feedFrames: 'alphapulse_feed_frames_total',
  feedMalformed: 'alphapulse_feed_malformed_total',
  candlesRefused: 'alphapulse_candles_refused_total',
  intervalsMissed: 'alphapulse_intervals_missed_total',
  runs: 'alphapulse_runs_total',
  signals: 'alphapulse_signals_total',
  orders: 'alphapulse_orders_total',
  equity: 'alphapulse_equity_quote',
  drawdown: 'alphapulse_drawdown_ratio',
  openPositions: 'alphapulse_open_positions',
  inferenceTimeouts: 'alphapulse_inference_timeouts_total',
  inferenceQuantiles: 'alphapulse_inference_quantile_seconds',
  adHocRequests: 'alphapulse_ad_hoc_requests_total',
  alertsRaised: 'alphapulse_alerts_raised_total',
  alertsOpen: 'alphapulse_alerts_open',
  // Triton's names, where they mean the same; durations in µs, as there.
  nvRequestSuccess: 'nv_inference_request_success',
  nvRequestFailure: 'nv_inference_request_failure',
  nvCount: 'nv_inference_count',
  nvExecCount: 'nv_inference_exec_count',
  nvRequestDuration: 'nv_inference_request_duration_us',
  nvQueueDuration: 'nv_inference_queue_duration_us',
  nvComputeDuration: 'nv_inference_compute_infer_duration_us',
  nvPending: 'nv_inference_pending_request_count',
} as const;

/** What identifies a model to Triton's users. */
const VERSION = ['model', 'version'];
const QUANTILE = [...VERSION, 'engine', 'timeframe', 'stage', 'window', 'quantile'];

const counter = (name: string, help: string, labelNames: string[] = []): Provider =>
  makeCounterProvider({ name, help, labelNames });
const gauge = (name: string, help: string, labelNames: string[] = []): Provider =>
  makeGaugeProvider({ name, help, labelNames });
const histogram = (name: string, help: string, labelNames: string[], buckets: number[]): Provider =>
  makeHistogramProvider({ name, help, labelNames, buckets });

export const metricProviders: readonly Provider[] = [
  histogram(METRICS.stageSeconds, 'Time a run spent in a stage, seconds of wall time', ['stage', 'timeframe'], LATENCY),
  histogram(METRICS.batchRows, 'Rows of one inference batch', ['model', 'timeframe'], ROWS),
  counter(METRICS.abstentions, 'Series left without a prediction in a run, by reason', ['reason']),
  gauge(METRICS.queueDepth, 'Inference jobs that wait for a worker'),
  gauge(METRICS.eventLoopLag, 'Delay of the main loop, p99 of the last interval'),
  gauge(METRICS.candleAge, 'Exchange time since the newest candle closed', ['timeframe']),
  counter(METRICS.feedReconnects, 'Times the market feed had to connect again'),
  counter(METRICS.feedFrames, 'Frames read from the market feed'),
  counter(METRICS.feedMalformed, 'Frames that could not be read, and were dropped'),
  counter(METRICS.candlesRefused, 'Impossible candles refused at the door'),
  counter(METRICS.intervalsMissed, 'Intervals that got no run'),
  counter(METRICS.runs, 'Inference runs', ['model', 'timeframe']),
  counter(METRICS.signals, 'Signals published', ['timeframe', 'direction']),
  counter(METRICS.orders, 'Orders that entered a state', ['state', 'purpose']),
  gauge(METRICS.equity, 'Equity, in the quote currency, unrealised profit and loss included'),
  gauge(METRICS.drawdown, 'Loss since the highest equity, 0..1'),
  gauge(METRICS.openPositions, 'Open positions'),
  counter(METRICS.inferenceTimeouts, 'Runs abandoned at INFERENCE_TIMEOUT'),
  gauge(METRICS.inferenceQuantiles, 'Quantiles of a stage over the last minutes, within 1 %; wall time', QUANTILE),
  counter(METRICS.adHocRequests, 'Ad hoc requests, by what became of them', ['outcome']),
  counter(METRICS.alertsRaised, 'Alerts raised', ['code']),
  gauge(METRICS.alertsOpen, 'Alerts that are raised and not cleared yet', ['code']),
  counter(METRICS.nvRequestSuccess, 'Requests answered; a run of an interval is one', VERSION),
  counter(METRICS.nvRequestFailure, 'Requests that failed: REJECTED (late, or the queue full), CANCELED or BACKEND', [
    ...VERSION,
    'reason',
  ]),
  counter(METRICS.nvCount, 'Rows inferred', VERSION),
  counter(METRICS.nvExecCount, 'Batches executed', VERSION),
  counter(METRICS.nvRequestDuration, 'From being in line to the answer, µs, of requests answered', VERSION),
  counter(METRICS.nvQueueDuration, 'Time in line, µs, of requests answered', VERSION),
  counter(METRICS.nvComputeDuration, 'Time in the engine, µs, of requests answered', VERSION),
  gauge(METRICS.nvPending, 'Jobs that wait for a worker', VERSION),
];

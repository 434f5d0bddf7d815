import type { AdHocReport } from '../../domain/ad-hoc.js';
import type { ModelRun } from '../../domain/prediction.js';

/** Triton's words for why a request failed: a queue or a deadline refused it, its client left, or the engine threw. */
export type FailureReason = 'REJECTED' | 'CANCELED' | 'BACKEND';

/**
 * One request in the terms of Triton's `nv_inference_*` metrics. A run of an interval is a request of as many rows as it
 * had answered; however many workers share its batch, the batch is executed once.
 */
export interface RequestFigures {
  readonly outcome: 'success' | FailureReason;
  /** Rows that were inferred. */
  readonly rows: number;
  /** Batches executed for it; of a batch that it shared with other requests, its share by rows. */
  readonly executions: number;
  /** µs in line, in the engine, and from being in line to the answer; of a success. */
  readonly queueUs: number;
  readonly inferenceUs: number;
  readonly totalUs: number;
}

const FAILED = { rows: 0, executions: 0, queueUs: 0, inferenceUs: 0, totalUs: 0 };

/** @returns undefined where no row got as far as an engine's queue */
export function runFigures({ answered, abstentions, moments }: ModelRun): RequestFigures | undefined {
  const outcome = outcomeOf(abstentions.values());
  const { featured, inferring, inferred } = moments;
  if (inferring === undefined || inferred === undefined || featured === undefined) {
    return outcome === 'success' ? undefined : { ...FAILED, outcome };
  }
  const rows = answered.reduce((sum, one) => sum + one, 0);
  if (outcome !== 'success') return { ...FAILED, outcome, rows, executions: 1 };
  return {
    ...{ outcome, rows, executions: 1 },
    ...{ queueUs: us(inferring - featured), inferenceUs: us(inferred - inferring), totalUs: us(inferred - featured) },
  };
}

/** @returns undefined where no loaded model was asked: the metrics name models that are, not names that clients try */
export function adHocFigures(report: AdHocReport): RequestFigures | undefined {
  const { outcome, rows, batchRows = rows, queueMs = 0, inferenceMs = 0, totalMs } = report;
  switch (outcome) {
    case 'MODEL_UNKNOWN':
    case 'MODEL_NOT_READY':
      return undefined;
    case 'ENGINE_FAILED':
      return { ...FAILED, outcome: 'BACKEND' };
    case 'QUEUE_FULL':
    case 'DEADLINE_UNREACHABLE':
    case 'DEADLINE':
      return { ...FAILED, outcome: 'REJECTED' };
    case 'ABANDONED':
      return { ...FAILED, outcome: 'CANCELED' };
    case 'ANSWERED':
      return {
        ...{ outcome: 'success', rows, executions: rows / batchRows },
        ...{ queueUs: us(queueMs), inferenceUs: us(inferenceMs), totalUs: us(totalMs) },
      };
  }
}

/** An engine that threw outweighs a deadline: it is what somebody can mend. */
function outcomeOf(reasons: Iterable<string>): RequestFigures['outcome'] {
  let outcome: RequestFigures['outcome'] = 'success';
  for (const reason of reasons) {
    if (reason === 'ENGINE_FAILED') return 'BACKEND';
    if (reason === 'DEADLINE') outcome = 'REJECTED';
  }
  return outcome;
}

/** Never negative: a counter only grows, and a worker's clock may be a few µs behind. */
function us(ms: number): number {
  return Math.max(0, ms * 1000);
}

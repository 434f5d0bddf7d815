import type { AlertCode } from '../../domain/alert.js';
import type { Config } from '../../platform/config/schema.js';
import type { Hysteresis } from './hysteresis.js';

export type Unit = 'ms' | 'share' | 'rows' | 'jobs' | 'psi';

/** One kind of alert: when, how loud, and in which words. */
export interface Rule extends Hysteresis {
  readonly level: 'log' | 'warn' | 'error';
  readonly unit: Unit;
  /** What is measured: `the inference stage, p99 over 5 minutes`. */
  readonly what: string;
  /** What somebody who is told of it does next. */
  readonly remedy: string;
}

export type Rules = Readonly<Record<AlertCode, Rule>>;

/** Share of the limit below which an alert is over. */
const CLEAR_BELOW = 0.8;
/** Evaluations in a row, one a second. A queue is deep for a moment whenever several timeframes close at once. */
const STEADY = { raiseAfter: 3, clearAfter: 10 };
const MOMENTARY = { raiseAfter: 5, clearAfter: 10 };

type Told = Pick<Rule, 'level' | 'what' | 'remedy'>;
type Patience = Pick<Hysteresis, 'raiseAfter' | 'clearAfter'>;

function rule(limit: number, unit: Unit, told: Told, patience: Patience = STEADY): Rule {
  return { limit, clearAt: limit * CLEAR_BELOW, unit, ...patience, ...told };
}

const p99 = (of: string) => `${of}, p99 over 5 minutes,`;

/**
 * Default limits are those of the engine before this one where they mean the same: fetch is the feed stage, preprocess
 * features, postprocess decide, insert save, total pipeline and critical the whole from candle close to published. Of
 * inference it is half of the timeout, for no answer takes longer than that.
 */
export function rulesOf(config: Config): Rules {
  return { ...latencyRules(config), ...answerRules(config) };
}

function latencyRules(config: Config) {
  const path = 'GET /api/v1/inference shows which stage takes it';
  return {
    LATENCY: rule(config.ALERT_LATENCY_MS, 'ms', {
      ...{ level: 'warn', what: p99('candle close to published'), remedy: path },
    }),
    CRITICAL_LATENCY: rule(config.ALERT_CRITICAL_MS, 'ms', {
      ...{ level: 'error', what: p99('candle close to published') },
      remedy: `what is decided comes too late: consider POST /api/v1/trading/halt; ${path}`,
    }),
    FEED_LATENCY: rule(config.ALERT_FEED_MS, 'ms', {
      ...{ level: 'warn', what: p99('candle close until the last candle is here') },
      remedy: 'the exchange or the network is slow: see feed in GET /api/v1/status',
    }),
    FEATURES_LATENCY: rule(config.ALERT_FEATURES_MS, 'ms', {
      ...{ level: 'warn', what: p99('the features stage') },
      remedy: 'fewer symbols, or an idler machine: see event_loop in GET /api/v1/status',
    }),
    INFERENCE_LATENCY: rule(config.ALERT_INFERENCE_MS ?? (config.INFERENCE_TIMEOUT * 1000) / 2, 'ms', {
      ...{ level: 'warn', what: p99('the inference stage') },
      remedy: 'roll the version back (npm run cli -- models rollback), or give it more INFERENCE_WORKERS',
    }),
    DECIDE_LATENCY: rule(config.ALERT_DECIDE_MS, 'ms', {
      ...{ level: 'warn', what: p99('the decide stage') },
      remedy: 'the main loop is busy: see event_loop in GET /api/v1/status',
    }),
    SAVE_LATENCY: rule(config.ALERT_SAVE_MS, 'ms', {
      ...{ level: 'warn', what: p99('the save stage') },
      remedy: 'the database is slow: look at its disk and its load',
    }),
  } as const satisfies Partial<Rules>;
}

function answerRules(config: Config) {
  const inference = 'GET /api/v1/inference counts the reasons';
  return {
    MISSED_DEADLINES: rule(config.ALERT_DEADLINE_RATE, 'share', {
      ...{ level: 'error', what: 'the share of rows that INFERENCE_TIMEOUT cut off, over 5 minutes,' },
      remedy: 'roll the version back, give it more INFERENCE_WORKERS, or free the machine',
    }),
    ABSTENTION_RATE: rule(config.ALERT_ABSTENTION_RATE, 'share', {
      ...{ level: 'warn', what: 'the share of rows without an answer, over 5 minutes,', remedy: inference },
    }),
    BAD_ANSWERS: rule(config.ALERT_BAD_ANSWER_ROWS, 'rows', {
      ...{ level: 'error', what: 'the number of rows answered by no number or no distribution, over 5 minutes,' },
      remedy: 'roll the version back (npm run cli -- models rollback); GET /api/v1/runs names the rows',
    }),
    QUEUE_DEPTH: rule(
      config.ALERT_QUEUE_DEPTH,
      'jobs',
      {
        ...{ level: 'warn', what: 'the queue for a worker' },
        remedy: 'more INFERENCE_WORKERS, fewer models, or fewer ad hoc requests',
      },
      MOMENTARY,
    ),
    // The models were trained on a real market: that the simulated one is another is news, and no reason to do anything.
    DRIFT: rule(config.ALERT_DRIFT_PSI, 'psi', {
      what: 'the distance from the training rows',
      ...(config.EXCHANGE === 'simulator'
        ? {
            level: 'log',
            remedy: 'a simulated market is not what it was trained on; GET /api/v1/drift shows every column',
          }
        : {
            level: 'warn',
            remedy: 'train again on recent candles, or roll back; GET /api/v1/drift shows every column',
          }),
    }),
    FLIP_RATE: rule(config.ALERT_FLIP_RATE, 'share', {
      ...{ level: 'warn', what: 'the share of rows decided otherwise than by the active version, over 5 minutes,' },
      remedy: 'compare the two in GET /api/v1/runs before either of them trades on',
    }),
  } as const satisfies Partial<Rules>;
}

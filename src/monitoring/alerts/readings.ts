import type { Abstention } from '../../domain/abstention.js';
import type { Watched } from '../../domain/alert.js';
import type { Stage } from '../../domain/stage.js';
import type { ModelRecord } from '../inference/model-record.js';
import type { RunCounts } from '../inference/run-counts.js';

/** What is measured of one thing that is watched, now. */
export interface Reading extends Watched {
  readonly value: number;
  /** What it is about besides: the column that drifted. */
  readonly detail?: string;
}

const WINDOW = '5m';

/** Rows that two versions must both have answered before their difference says anything. */
export const LEAST_COMPARED = 200;

type Timed = readonly (readonly [Stage, ...Watched['code'][]])[];
/** Stages that the models of an interval share: one reading a timeframe, of the slowest run. */
const SHARED: Timed = [
  ['total', 'LATENCY', 'CRITICAL_LATENCY'],
  ['feed', 'FEED_LATENCY'],
  ['decide', 'DECIDE_LATENCY'],
  ['save', 'SAVE_LATENCY'],
];
const OWN: Timed = [
  ['features', 'FEATURES_LATENCY'],
  ['inference', 'INFERENCE_LATENCY'],
];

/**
 * Reads one record as of now. What was not measured in the window has no reading. Ad hoc requests are judged by what
 * the engine takes only: how many come, and are refused, is for their senders to say.
 */
export function readingsOf(record: ModelRecord, now: number): Reading[] {
  const { model, timeframe } = record.subject;
  const timed = (stages: Timed, of: Watched['model']) =>
    stages.flatMap(([stage, ...codes]): Reading[] => {
      const value = record.p99(stage, WINDOW, now);
      return Number.isNaN(value) ? [] : codes.map((code) => ({ code, model: of, timeframe, value }));
    });
  if (timeframe === null) return timed(OWN, model);
  const answers = answerValues(record.counts(WINDOW, now)).map(([code, value]) => ({ code, model, timeframe, value }));
  return [...timed(SHARED, null), ...timed(OWN, model), ...answers];
}

/** Why a row has no answer that nobody is to blame for. */
const BLAMELESS = ['WARMING_UP', 'CANDLE_MISSING', 'NO_MEMBER'] as const satisfies Abstention[];

/**
 * Rows that warm up, candles that the exchange never sent, and regimes that an ensemble leaves to nobody are left out on both
 * sides: a fresh start, or a symbol that does not trade, raises nothing.
 */
function answerValues(counts: RunCounts): (readonly [Watched['code'], number])[] {
  const asked = BLAMELESS.reduce((rows, reason) => rows - counts.unanswered(reason), counts.rows);
  const { answered, compared, flipped } = counts;
  return [
    ...(asked > 0
      ? ([
          ['MISSED_DEADLINES', counts.unanswered('DEADLINE') / asked],
          ['ABSTENTION_RATE', (asked - answered) / asked],
          ['BAD_ANSWERS', counts.unanswered('BAD_ANSWER')],
        ] as const)
      : []),
    ...(compared >= LEAST_COMPARED ? ([['FLIP_RATE', flipped / compared]] as const) : []),
  ];
}

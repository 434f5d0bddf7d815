import { ABSTENTIONS, type Abstention } from '../domain/abstention.js';
import { refOf } from '../domain/model.js';
import type { PredictionBatch } from '../domain/prediction.js';
import { stageDurations, type Stage } from '../domain/stage.js';
import type { Timeframe } from '../domain/timeframe.js';
import type { Precision, ProviderChoice } from '../engines/provider.js';

export interface LastRun {
  readonly id: string;
  readonly model: string;
  readonly timeframe: Timeframe;
  readonly openTime: number;
  readonly rows: number;
  readonly answered: number;
  readonly abstentions: Readonly<Partial<Record<Abstention, number>>>;
  /** ms */
  readonly stages: Readonly<Partial<Record<Stage, number>>>;
}

/** What the service knows of itself besides its counters. */
export interface StatusInput {
  readonly enabled: boolean;
  readonly pool: {
    readonly workers: readonly string[];
    readonly queued: number;
    readonly running: number;
    readonly timeouts: number;
    readonly failures: number;
    readonly replacements: number;
  };
  readonly models: readonly {
    readonly model: string;
    readonly engine: string;
    readonly timeframes: readonly Timeframe[];
  }[];
  /** Made of the models: how, and in which timeframes. */
  readonly ensembles: readonly {
    readonly model: string;
    readonly engine: string;
    readonly timeframes: readonly Timeframe[];
  }[];
  /** As asked for; what could not be had stands beside each model in the registry. */
  readonly provider: ProviderChoice;
  readonly precision: Precision;
  readonly series: number;
  readonly candlesAbsorbed: number;
  readonly running: boolean;
}

export interface BatchInferenceStatus extends StatusInput {
  /** Intervals run, and those that no model served. */
  readonly intervals: number;
  readonly unserved: number;
  readonly abstentions: Readonly<Record<Abstention, number>>;
  /** Models that the engine refused at the last adoption. */
  readonly refused: readonly { readonly model: string; readonly reason: string }[];
  /** The newest completed run of each model and timeframe. */
  readonly lastRuns: readonly LastRun[];
}

/** What BatchInference counts. */
export class InferenceStatus {
  refused: ReadonlyMap<string, string> = new Map();
  readonly #lastRuns = new Map<string, LastRun>();
  readonly #abstentions = Object.fromEntries(ABSTENTIONS.map((reason) => [reason, 0])) as Record<Abstention, number>;
  #intervals = 0;
  #unserved = 0;

  /** An interval of so many rows went by without a model. */
  unserved(rows: number): void {
    this.#unserved += 1;
    this.#abstentions.NO_MODEL += rows;
  }

  ran(batch: PredictionBatch): void {
    this.#intervals += 1;
    for (const { abstentions } of batch.runs) {
      for (const reason of abstentions.values()) this.#abstentions[reason] += 1;
    }
  }

  completed({ timeframe, openTime, symbols, runs }: PredictionBatch): void {
    for (const { id, model, answered, abstentions, moments } of runs) {
      this.#lastRuns.set(`${refOf(model)}/${timeframe}`, {
        id,
        model: refOf(model),
        timeframe,
        openTime,
        rows: symbols.length,
        answered: answered.reduce((sum, one) => sum + one, 0),
        abstentions: countByReason(abstentions.values()),
        stages: stageDurations(moments),
      });
    }
  }

  report(input: StatusInput): BatchInferenceStatus {
    return {
      ...input,
      intervals: this.#intervals,
      unserved: this.#unserved,
      abstentions: { ...this.#abstentions },
      refused: [...this.refused].map(([model, reason]) => ({ model, reason })),
      lastRuns: [...this.#lastRuns.values()],
    };
  }
}

export function countByReason(reasons: Iterable<Abstention>): Partial<Record<Abstention, number>> {
  const counts: Partial<Record<Abstention, number>> = {};
  for (const reason of reasons) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

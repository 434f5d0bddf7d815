import type { ModelRef } from '../../domain/model.js';
import { STAGES, type Stage } from '../../domain/stage.js';
import type { Timeframe } from '../../domain/timeframe.js';
import { bucketOf, LogHistogram } from './log-histogram.js';
import { RunCounts } from './run-counts.js';
import { Windows, type Window } from './windows.js';

export const TIMED: readonly Stage[] = [...STAGES, 'total'];

/** Whose record it is. */
export interface Subject {
  readonly model: ModelRef;
  readonly engine: string;
  /** null: ad hoc requests, whose `total` runs from arrival to answer. */
  readonly timeframe: Timeframe | null;
}

/** What one tally of a stage says: ms, to the µs. */
export interface StageFigures {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** What was measured of a subject over a window. Stages without a duration in it are absent. */
export interface Figures {
  readonly counts: RunCounts;
  readonly stages: Readonly<Partial<Record<Stage, StageFigures>>>;
}

/** How one model on one engine answers one timeframe: 0.2 MB where its durations lie within a factor of ten. */
export class ModelRecord {
  readonly #counts = new Windows(() => new RunCounts());
  readonly #stages = new Map(TIMED.map((stage) => [stage, new Windows(() => new LogHistogram())]));

  /** What is read every second takes no new memory. */
  readonly #read = new LogHistogram();

  constructor(readonly subject: Subject) {}

  count(counts: RunCounts, now: number): void {
    for (const tally of this.#counts.current(now)) tally.add(counts);
  }

  time(stage: Stage, ms: number, now: number): void {
    const bucket = bucketOf(ms);
    for (const tally of this.#stages.get(stage)!.current(now)) tally.record(ms, bucket);
  }

  counts(window: Window, now: number): RunCounts {
    return this.#counts.over(window, now);
  }

  /** @returns a histogram of one's own */
  stage(stage: Stage, window: Window, now: number): LogHistogram {
    return this.#stages.get(stage)!.over(window, now);
  }

  /** @returns ms; NaN when the stage was not timed in the window */
  p99(stage: Stage, window: Window, now: number): number {
    this.#read.clear();
    this.#stages.get(stage)!.addTo(this.#read, window, now);
    return this.#read.quantile(0.99);
  }

  figures(window: Window, now: number): Figures {
    return { counts: this.counts(window, now), stages: stagesOf((stage) => this.stage(stage, window, now)) };
  }

  /** @returns what was measured since the last lap; the next one begins */
  lap(): Figures {
    return { counts: this.#counts.lap(), stages: stagesOf((stage) => this.#stages.get(stage)!.lap()) };
  }
}

function stagesOf(histogramOf: (stage: Stage) => LogHistogram): Partial<Record<Stage, StageFigures>> {
  const stages: Partial<Record<Stage, StageFigures>> = {};
  for (const stage of TIMED) {
    const histogram = histogramOf(stage);
    if (histogram.count > 0) stages[stage] = stageFigures(histogram);
  }
  return stages;
}

function stageFigures(histogram: LogHistogram): StageFigures {
  return {
    count: histogram.count,
    p50: toMicroseconds(histogram.quantile(0.5)),
    p95: toMicroseconds(histogram.quantile(0.95)),
    p99: toMicroseconds(histogram.quantile(0.99)),
    p999: toMicroseconds(histogram.quantile(0.999)),
    max: toMicroseconds(histogram.max),
  };
}

/** @param ms @returns ms, to three decimals: more would say more than was measured */
function toMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

import type { AdHocReport } from '../../domain/ad-hoc.js';
import { refOf } from '../../domain/model.js';
import type { ModelRun, PredictionBatch } from '../../domain/prediction.js';
import { stageDurations, type Stage } from '../../domain/stage.js';
import type { Timeframe } from '../../domain/timeframe.js';
import type { Policy } from '../../strategy/policy.js';
import { besideOf, flipsOf } from './flips.js';
import { ModelRecord, type Subject } from './model-record.js';
import { RunCounts } from './run-counts.js';

/** Subjects on record; of more, the one that was silent longest is forgotten. */
const SUBJECTS = 256;

/**
 * What every model measured, by model, engine and timeframe. Versions come and go: what is kept is bounded.
 *
 * In: `ran`, `adHoc`. Out: `all`.
 */
export class InferenceRecord {
  /** Silent longest first. */
  readonly #records = new Map<string, ModelRecord>();
  /** Timeframes that had an interval. */
  readonly #begun = new Set<Timeframe>();
  /** One run's counts, before they are added to every tally. */
  readonly #counts = new RunCounts();

  get all(): readonly ModelRecord[] {
    return [...this.#records.values()];
  }

  /**
   * One completed batch. The first of a timeframe is counted and not timed: it waits for the history that the start
   * brought, and says nothing of the intervals after it. @param now wall time, epoch ms
   */
  ran({ timeframe, runs }: PredictionBatch, policy: Policy, now: number): void {
    const first = !this.#begun.has(timeframe);
    this.#begun.add(timeframe);
    for (const run of runs) {
      const record = this.#of({ model: run.model, engine: run.engine, timeframe });
      this.#countRun(run, besideOf(run, runs), policy);
      record.count(this.#counts, now);
      if (first) continue;
      for (const [stage, ms] of Object.entries(stageDurations(run.moments))) record.time(stage as Stage, ms, now);
    }
  }

  /** One ad hoc request. Of a model that is not loaded there is no record. @param now wall time, epoch ms */
  adHoc({ model, engine, rows, outcome, queueMs, inferenceMs, totalMs }: AdHocReport, now: number): void {
    if (outcome === 'MODEL_UNKNOWN' || outcome === 'MODEL_NOT_READY') return;
    const record = this.#of({ model, engine, timeframe: null });
    this.#begin(rows);
    if (outcome === 'ANSWERED') this.#counts.answered = rows;
    else this.#counts.abstain(outcome, rows);
    record.count(this.#counts, now);
    if (queueMs !== undefined) record.time('queue', queueMs, now);
    if (inferenceMs !== undefined) record.time('inference', inferenceMs, now);
    if (outcome === 'ANSWERED') record.time('total', totalMs, now); // a quick refusal is no quick answer
  }

  #begin(rows: number): void {
    this.#counts.clear();
    this.#counts.runs = 1;
    this.#counts.rows = rows;
  }

  #countRun(run: ModelRun, beside: ModelRun | undefined, policy: Policy): void {
    const { answered, abstentions } = run;
    this.#begin(answered.length);
    for (let row = 0; row < answered.length; row += 1) this.#counts.answered += answered[row]!;
    for (const reason of abstentions.values()) this.#counts.abstain(reason, 1);
    if (!beside) return;
    const { compared, flipped } = flipsOf(run, beside, policy);
    this.#counts.compared = compared;
    this.#counts.flipped = flipped;
  }

  #of(subject: Subject): ModelRecord {
    const key = `${refOf(subject.model)}/${subject.engine}/${subject.timeframe}`;
    const record = this.#records.get(key) ?? new ModelRecord(subject);
    this.#records.delete(key);
    this.#records.set(key, record);
    if (this.#records.size > SUBJECTS) this.#records.delete(this.#records.keys().next().value!);
    return record;
  }
}

import { ABSTENTIONS, type Abstention } from '../../domain/abstention.js';
import { AD_HOC_CODES, type AdHocCode } from '../../domain/ad-hoc.js';
import type { Tally } from './windows.js';

/** Why rows got no answer, in the runs of intervals and in ad hoc requests. */
export type Reason = Abstention | AdHocCode;
export const REASONS: readonly Reason[] = [...new Set<Reason>([...ABSTENTIONS, ...AD_HOC_CODES])];

/** What one model was asked and what it answered. */
export class RunCounts implements Tally<RunCounts> {
  /** Runs of intervals; requests, of what is ad hoc. */
  runs = 0;
  rows = 0;
  answered = 0;
  /** Rows that both this version and the active one of its name answered, and those of them that they decide differently. */
  compared = 0;
  flipped = 0;
  /** [REASONS] rows. */
  readonly #unanswered = new Float64Array(REASONS.length);

  unanswered(reason: Reason): number {
    return this.#unanswered[REASONS.indexOf(reason)]!;
  }

  abstain(reason: Reason, rows: number): void {
    const at = REASONS.indexOf(reason);
    this.#unanswered[at] = this.#unanswered[at]! + rows;
  }

  add(other: RunCounts): void {
    this.runs += other.runs;
    this.rows += other.rows;
    this.answered += other.answered;
    this.compared += other.compared;
    this.flipped += other.flipped;
    for (let at = 0; at < REASONS.length; at += 1) {
      this.#unanswered[at] = this.#unanswered[at]! + other.#unanswered[at]!;
    }
  }

  clear(): void {
    this.runs = this.rows = this.answered = this.compared = this.flipped = 0;
    this.#unanswered.fill(0);
  }
}

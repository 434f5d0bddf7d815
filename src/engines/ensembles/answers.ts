import type { Floats } from '../inference.engine.js';

/** What a version said of each row. */
export interface Answers {
  readonly columns: number;
  /** [rows × columns] Meaningless where `answered` is 0. */
  readonly probabilities: Floats;
  /** [rows] 1 where there is an answer. */
  readonly answered: Uint8Array;
}

/** A member that did not run at all has none. */
export type Heard = Answers | undefined;

/** @returns how many of the members answered the row */
export function answersIn(members: readonly Heard[], row: number): number {
  let count = 0;
  for (let i = 0; i < members.length; i += 1) if (members[i]?.answered[row] === 1) count += 1;
  return count;
}

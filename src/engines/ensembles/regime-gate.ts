import type { RegimeGate } from '../../domain/ensemble.js';
import type { Answers, Heard } from './answers.js';

/** In `chosen`: the gate did not answer, or no member answers in the regime that it named. */
export const NO_GATE = -1;
export const NO_MEMBER = -2;

/** @returns [regimes] which member answers in each, NO_MEMBER where none does */
export function memberOfRegime({ regimes, members }: Pick<RegimeGate, 'regimes' | 'members'>): Int16Array {
  return Int16Array.from(regimes, (name) => {
    const member = members.findIndex(({ regime }) => regime === name);
    return member < 0 ? NO_MEMBER : member;
  });
}

/**
 * Each row is answered by the member of its most probable regime, the first of equals; by nobody else where that one did
 * not answer.
 * @param memberOf [the gate's columns] see `memberOfRegime`
 * @param members each with the columns of `into`
 * @param chosen [rows] filled: whose row it is, an index of `members`, NO_GATE or NO_MEMBER
 */
export function regimeGate(
  gate: Heard,
  memberOf: Int16Array,
  members: readonly Heard[],
  into: Answers,
  chosen: Int16Array,
): void {
  const { columns, probabilities, answered } = into;
  for (let row = 0; row < answered.length; row += 1) {
    const who = gate?.answered[row] === 1 ? memberOf[mostProbable(gate, row)]! : NO_GATE;
    chosen[row] = who;
    const member = members[who];
    if (member?.answered[row] !== 1) continue;
    for (let at = row * columns; at < (row + 1) * columns; at += 1) probabilities[at] = member.probabilities[at]!;
    answered[row] = 1;
  }
}

function mostProbable({ columns, probabilities }: Answers, row: number): number {
  const from = row * columns;
  let best = 0;
  for (let column = 1; column < columns; column += 1)
    if (probabilities[from + column]! > probabilities[from + best]!) best = column;
  return best;
}

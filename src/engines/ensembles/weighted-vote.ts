import { answersIn, type Answers, type Heard } from './answers.js';

/**
 * The weighted mean of the class probabilities of those members that answered a row: their weights are made to add up to 1
 * again. A row that fewer than `least` answered stays as it is, without an answer.
 * @param members each with the columns of `into`
 * @param weights > 0, one a member
 * @param least ≥ 1
 */
export function weightedVote(members: readonly Heard[], weights: Float64Array, least: number, into: Answers): void {
  const { columns, probabilities, answered } = into;
  for (let row = 0; row < answered.length; row += 1) {
    if (answersIn(members, row) < least) continue;
    const total = weightIn(members, weights, row);
    for (let column = 0; column < columns; column += 1) {
      const at = row * columns + column;
      probabilities[at] = sumAt(members, weights, row, at) / total;
    }
    answered[row] = 1;
  }
}

function weightIn(members: readonly Heard[], weights: Float64Array, row: number): number {
  let total = 0;
  for (let i = 0; i < members.length; i += 1) if (members[i]?.answered[row] === 1) total += weights[i]!;
  return total;
}

function sumAt(members: readonly Heard[], weights: Float64Array, row: number, at: number): number {
  let sum = 0;
  for (let i = 0; i < members.length; i += 1) {
    const member = members[i];
    if (member?.answered[row] === 1) sum += weights[i]! * member.probabilities[at]!;
  }
  return sum;
}

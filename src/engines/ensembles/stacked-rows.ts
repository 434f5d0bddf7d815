import type { Heard } from './answers.js';

/**
 * Writes one row of a meta model's columns: the members' answers one after another, NaN where a member did not answer.
 * @param widths columns a member
 */
export function stackRow(
  members: readonly Heard[],
  widths: readonly number[],
  row: number,
  into: { [index: number]: number },
  offset: number,
): void {
  let at = offset;
  for (let i = 0; i < members.length; i += 1) {
    const member = members[i];
    const width = widths[i]!;
    const answered = member?.answered[row] === 1;
    for (let column = 0; column < width; column += 1, at += 1) {
      into[at] = answered ? member.probabilities[row * width + column]! : NaN;
    }
  }
}

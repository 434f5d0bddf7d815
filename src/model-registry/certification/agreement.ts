/** How near one set of answers is to the reference, over all rows. */
export interface Agreement {
  readonly rows: number;
  /** Answers that are not finite where the reference's are. */
  readonly notFinite: number;
  /** One entry a column. */
  readonly columns: readonly ColumnAgreement[];
  /** Rows whose largest answer is in another column; of equals the first counts. */
  readonly labelFlips: number;
  /** Rows that decide otherwise, in all and as a share; 0 where no decision was given. */
  readonly decisionFlips: number;
  readonly decisionFlipRate: number;
}

export interface ColumnAgreement {
  /** Infinite where an answer is not finite and the reference is, or the other way round. */
  readonly largestAbsolute: number;
  /** |answer − reference| / |reference|; infinite where the reference is 0 and the answer is not. */
  readonly largestRelative: number;
  /** As `rankCorrelation` has it. */
  readonly rankCorrelation: number;
}

/** @returns a number for what a row leads to; `at` is where the row's answers begin */
export type Decision = (answers: ArrayLike<number>, at: number) => number;

/**
 * @param reference,answers [rows × columns], row after row
 * @param decide what the answers are for, at the thresholds in use; left out, no decision is compared
 * @throws RangeError where the two are not of one size, or no whole number of rows
 */
export function agreementOf(
  reference: ArrayLike<number>,
  answers: ArrayLike<number>,
  columns: number,
  decide: Decision = () => 0,
): Agreement {
  const rows = reference.length / columns;
  if (reference.length !== answers.length || !Number.isInteger(rows)) {
    throw new RangeError(`${answers.length} answers and ${reference.length} to hold them against, ${columns} a row`);
  }
  const label: Decision = (values, at) => largestOf(values, at, columns);
  const decisionFlips = flips(reference, answers, columns, decide);
  return {
    rows,
    notFinite: spoilt(reference, answers),
    columns: Array.from({ length: columns }, (_, column) =>
      columnAgreement(columnOf(reference, column, columns), columnOf(answers, column, columns)),
    ),
    labelFlips: flips(reference, answers, columns, label),
    decisionFlips,
    decisionFlipRate: rows === 0 ? 0 : decisionFlips / rows,
  };
}

function flips(reference: ArrayLike<number>, answers: ArrayLike<number>, columns: number, of: Decision): number {
  let count = 0;
  for (let at = 0; at < reference.length; at += columns) if (of(reference, at) !== of(answers, at)) count += 1;
  return count;
}

/** @returns the column of the largest number, NaN below all; −1 where all are NaN */
function largestOf(values: ArrayLike<number>, at: number, columns: number): number {
  let best = -1;
  for (let column = 0; column < columns; column += 1) {
    const value = values[at + column]!;
    if (value > (best < 0 ? -Infinity : values[at + best]!) || (best < 0 && value === -Infinity)) best = column;
  }
  return best;
}

function spoilt(reference: ArrayLike<number>, answers: ArrayLike<number>): number {
  let count = 0;
  for (let i = 0; i < answers.length; i += 1) {
    if (!Number.isFinite(answers[i]) && Number.isFinite(reference[i])) count += 1;
  }
  return count;
}

function columnOf(values: ArrayLike<number>, column: number, columns: number): Float64Array {
  return Float64Array.from({ length: values.length / columns }, (_, row) => values[row * columns + column]!);
}

function columnAgreement(reference: Float64Array, answers: Float64Array): ColumnAgreement {
  let largestAbsolute = 0;
  let largestRelative = 0;
  for (const [row, expected] of reference.entries()) {
    const difference = differenceOf(expected, answers[row]!);
    if (difference === 0) continue;
    largestAbsolute = Math.max(largestAbsolute, difference);
    largestRelative = Math.max(largestRelative, difference === Infinity ? Infinity : difference / Math.abs(expected));
  }
  return { largestAbsolute, largestRelative, rankCorrelation: rankCorrelation(reference, answers) };
}

function differenceOf(expected: number, answer: number): number {
  if (Object.is(expected, answer) || expected === answer) return 0;
  const difference = Math.abs(answer - expected);
  return Number.isFinite(difference) ? difference : Infinity;
}

/**
 * Spearman's: Pearson's correlation of the ranks, ties at their mean rank (Spearman 1904).
 * @returns −1 to 1; NaN where the reference is one value throughout, else 0 where the answers are
 */
export function rankCorrelation(reference: Float64Array, answers: Float64Array): number {
  const [expected, found] = [ranks(reference), ranks(answers)];
  const mean = (reference.length + 1) / 2;
  let [together, spread, otherSpread] = [0, 0, 0];
  for (const [row, rank] of expected.entries()) {
    const [a, b] = [rank - mean, found[row]! - mean];
    together += a * b;
    spread += a * a;
    otherSpread += b * b;
  }
  if (spread === 0) return NaN;
  return otherSpread === 0 ? 0 : together / Math.sqrt(spread * otherSpread);
}

/** 1 for the smallest; equals share the mean of their ranks; NaN is above all and equal to itself. */
function ranks(values: Float64Array): Float64Array {
  const order = Uint32Array.from(values.keys()).sort((a, b) => ascending(values[a]!, values[b]!) || a - b);
  const result = new Float64Array(values.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && ascending(values[order[from]!]!, values[order[to]!]!) === 0) to += 1;
    for (let i = from; i < to; i += 1) result[order[i]!] = (from + 1 + to) / 2;
    from = to;
  }
  return result;
}

function ascending(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b ? 0 : a < b ? -1 : 1;
}

import type { Abstention } from '../../domain/abstention.js';
import type { RegimeGate, Stacking, WeightedVote } from '../../domain/ensemble.js';
import { CLASSES } from '../../domain/model.js';
import type { Pair } from '../../domain/pair.js';
import { answersIn, type Answers } from '../../engines/ensembles/answers.js';
import { memberOfRegime, NO_GATE, NO_MEMBER, regimeGate } from '../../engines/ensembles/regime-gate.js';
import { weightedVote } from '../../engines/ensembles/weighted-vote.js';
import { missingAnswer } from './missing-answer.js';

/** What a member said of each symbol; undefined where its engine refused it. */
export type Heard = (Answers & { readonly abstentions: ReadonlyMap<Pair, Abstention> }) | undefined;

/** What came of the answers to one row a symbol. */
export interface Combined {
  readonly columns: number;
  /** [rows × columns]; NaN where there is no answer. */
  readonly probabilities: Float32Array;
  readonly answered: Uint8Array;
  readonly abstentions: Map<Pair, Abstention>;
}

/** @param members in the plan's order */
export function combineVote(
  { members: declared, minMembers }: WeightedVote,
  members: readonly Heard[],
  symbols: readonly Pair[],
): Combined {
  const combined = nothingYet(symbols);
  const weights = Float64Array.from(declared, ({ weight }) => weight);
  weightedVote(members, weights, minMembers, combined);
  combined.answered.forEach((answered, row) => {
    if (answered === 0) combined.abstentions.set(symbols[row]!, whyNot(members, symbols[row]!));
  });
  return combined;
}

/**
 * @param members in the plan's order
 * @returns with whose answer each row's is: an index of the members, negative where there is none
 */
export function combineGate(
  plan: RegimeGate,
  gate: Heard,
  members: readonly Heard[],
  symbols: readonly Pair[],
): Combined & { readonly chosen: Int16Array } {
  const combined = nothingYet(symbols);
  const chosen = new Int16Array(symbols.length);
  regimeGate(gate, memberOfRegime(plan), members, combined, chosen);
  chosen.forEach((who, row) => {
    if (combined.answered[row] === 1) return;
    const symbol = symbols[row]!;
    const needed = who === NO_GATE ? gate : members[who];
    combined.abstentions.set(symbol, who === NO_MEMBER ? 'NO_MEMBER' : whyNot([needed], symbol));
  });
  return { ...combined, chosen };
}

/**
 * @param hasMeta false: the engine refused the meta model
 * @returns the rows that the meta model is asked about, and why it is not asked about the others
 */
export function stackable(
  { minMembers }: Stacking,
  hasMeta: boolean,
  members: readonly Heard[],
  symbols: readonly Pair[],
): { readonly rows: Int32Array; readonly absent: ReadonlyMap<number, Abstention> } {
  const rows = new Int32Array(symbols.length);
  const absent = new Map<number, Abstention>();
  let count = 0;
  symbols.forEach((symbol, row) => {
    if (answersIn(members, row) < minMembers) absent.set(row, whyNot(members, symbol));
    else if (hasMeta) rows[count++] = row;
    else absent.set(row, 'MEMBER_FAILED');
  });
  return { rows: rows.subarray(0, count), absent };
}

/** @returns every row without an answer, and without a reason yet */
export function nothingYet(symbols: readonly Pair[], columns: number = CLASSES.length): Combined {
  return {
    columns,
    probabilities: new Float32Array(symbols.length * columns).fill(NaN),
    answered: new Uint8Array(symbols.length),
    abstentions: new Map(),
  };
}

function whyNot(members: readonly Heard[], symbol: Pair): Abstention {
  const reasons = members.map((member) => (member ? member.abstentions.get(symbol) : undefined));
  return missingAnswer(reasons.filter((reason, i) => !members[i] || reason !== undefined));
}

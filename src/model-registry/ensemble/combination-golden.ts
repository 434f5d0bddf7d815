import type { EnsemblePlan } from '../../domain/ensemble.js';
import { CLASSES } from '../../domain/model.js';
import type { Answers } from '../../engines/ensembles/answers.js';
import { memberOfRegime, regimeGate } from '../../engines/ensembles/regime-gate.js';
import { weightedVote } from '../../engines/ensembles/weighted-vote.js';
import { compareGolden, readGolden } from '../admission/golden.js';

/**
 * Whether the service combines as whoever made the ensemble did. The rows of its golden.json are what its members answer, the
 * gate's first, NaN for a member that did not; its outputs are what it answers, NaN where it abstains.
 * @param raw the parsed golden.json
 * @returns what differs in words, undefined where nothing does
 */
export function goldenFault(plan: EnsemblePlan, raw: unknown): string | undefined {
  if (plan.method === 'stacking') return 'golden.json of a stack lies beside its meta model, which answers for it';
  const gateColumns = plan.method === 'regime_gate' ? plan.regimes.length : 0;
  const widths = [...(gateColumns > 0 ? [gateColumns] : []), ...plan.members.map(() => CLASSES.length)];
  const width = widths.reduce((sum, one) => sum + one, 0);
  const golden = readGolden(raw, { width, columns: CLASSES.length, distribution: false });
  if (typeof golden === 'string') return golden;
  const heard = widths.map((columns, i) => {
    const from = widths.slice(0, i).reduce((sum, one) => sum + one, 0);
    return columnsOf(golden.inputs, width, from, columns);
  });
  const answer = nothing(golden.rows);
  combine(plan, heard, answer);
  const { worst, row, within } = compareGolden(golden, answer.probabilities);
  return within ? undefined : `golden row ${row} differs by ${worst.toExponential(2)}`;
}

function combine(plan: Exclude<EnsemblePlan, { method: 'stacking' }>, heard: readonly Answers[], into: Answers): void {
  if (plan.method === 'weighted_vote') {
    const weights = Float64Array.from(plan.members, ({ weight }) => weight);
    return weightedVote(heard, weights, plan.minMembers, into);
  }
  const [gate, ...members] = heard;
  regimeGate(gate, memberOfRegime(plan), members, into, new Int16Array(into.answered.length));
}

function nothing(rows: number): Answers {
  const probabilities = new Float64Array(rows * CLASSES.length).fill(NaN);
  return { columns: CLASSES.length, probabilities, answered: new Uint8Array(rows) };
}

/** One member's part of each row. */
function columnsOf(rows: Float64Array, width: number, from: number, columns: number): Answers {
  const count = rows.length / width;
  const probabilities = new Float64Array(count * columns);
  const answered = new Uint8Array(count);
  for (let row = 0; row < count; row += 1) {
    const said = rows.subarray(row * width + from, row * width + from + columns);
    probabilities.set(said, row * columns);
    answered[row] = said.every((value) => !Number.isNaN(value)) ? 1 : 0;
  }
  return { columns, probabilities, answered };
}

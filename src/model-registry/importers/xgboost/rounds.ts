import { invalid } from './limits.js';
import { integers } from './numbers.js';
import type { SourceModel } from './source-model.js';

/**
 * The trees of the file that make a prediction: all, or those of the rounds up to the best one, which is what the
 * scikit-learn wrappers predict with.
 * @param margins numbers that a round adds to
 */
export function keptTrees(
  model: SourceModel,
  trees: number,
  margins: number,
  choice: 'best' | 'all',
): { readonly kept: number; readonly notes: readonly string[] } {
  const starts = roundStartsOf(model, trees, margins);
  const rounds = starts.length - 1;
  if (model.bestIteration === undefined) return { kept: trees, notes: [] };
  if (choice === 'all')
    return { kept: trees, notes: [`all ${rounds} rounds kept, though best_iteration is ${model.bestIteration}`] };
  const wanted = model.bestIteration + 1;
  if (wanted > rounds)
    throw invalid(`best_iteration is ${model.bestIteration} of ${rounds} rounds: import it with all trees`);
  return { kept: starts[wanted], notes: [`${wanted} of ${rounds} rounds kept: best_iteration`] };
}

/** Files before 2.0 do not say where rounds start; they follow from the trees of a round, 1 a margin where not even that is said. */
function roundStartsOf({ roundStarts, parallelTrees = 1 }: SourceModel, trees: number, margins: number): Int32Array {
  if (roundStarts === undefined) {
    const size = Math.max(1, parallelTrees) * margins;
    if (trees % size !== 0) throw invalid(`${trees} trees do not make whole rounds of ${size}`);
    return Int32Array.from({ length: trees / size + 1 }, (_, round) => round * size);
  }
  const starts = integers(roundStarts, 'iteration_indptr', 0, trees);
  const isSound = starts.every((start, round) => (round === 0 ? start === 0 : start >= starts[round - 1]));
  if (starts.length === 0 || !isSound || starts.at(-1) !== trees)
    throw invalid('iteration_indptr does not span the trees');
  return starts;
}

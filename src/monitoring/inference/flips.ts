import type { ModelRun } from '../../domain/prediction.js';
import type { Policy } from '../../strategy/policy.js';
import { sideOf } from '../../strategy/vote.js';

/** Two versions' decisions side by side. */
export interface Flips {
  /** Rows that both answered. */
  readonly compared: number;
  /** Rows of them in which they point different ways, neither way being one of three. */
  readonly flipped: number;
}

/** @returns the active version of its name in the same batch, for one that is tried beside it */
export function besideOf({ model, role }: ModelRun, runs: readonly ModelRun[]): ModelRun | undefined {
  if (role !== 'shadow' && role !== 'canary') return undefined;
  return runs.find((other) => other.role === 'active' && other.model.name === model.name);
}

/** Each version's own answer decides, by the thresholds that signals are decided by; other models and weights play no part. */
export function flipsOf(run: ModelRun, beside: ModelRun, policy: Policy): Flips {
  let compared = 0;
  let flipped = 0;
  for (let row = 0; row < run.answered.length; row += 1) {
    if (run.answered[row] === 0 || beside.answered[row] === 0) continue;
    compared += 1;
    if (decided(run.probabilities, row, policy) !== decided(beside.probabilities, row, policy)) flipped += 1;
  }
  return { compared, flipped };
}

function decided(probabilities: Float32Array, row: number, policy: Policy): 1 | -1 | 0 {
  const side = sideOf(probabilities[row * 3]!, probabilities[row * 3 + 2]!, policy);
  return typeof side === 'number' ? side : 0;
}

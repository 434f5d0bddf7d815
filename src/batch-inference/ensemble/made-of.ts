import type { EnsemblePlan } from '../../domain/ensemble.js';
import type { ModelRef } from '../../domain/model.js';
import type { MadeOf, MemberRun } from '../../domain/prediction.js';

/** @param idOf the id of a version's run of the same interval */
export function madeOf(plan: EnsemblePlan, idOf: (model: ModelRef) => string): MadeOf {
  const run = (ref: ModelRef, said: Partial<MemberRun> = {}): MemberRun => ({
    ...{ runId: idOf(ref), part: 'member', weight: null, regime: null },
    ...said,
  });
  const { method } = plan;
  switch (method) {
    case 'weighted_vote':
      return { method, members: plan.members.map((one) => run(one, { weight: one.weight })), meta: null };
    case 'stacking': {
      const { name, version } = plan.meta;
      return { method, members: plan.members.map((one) => run(one)), meta: { name, version } };
    }
    case 'regime_gate': {
      const members = plan.members.map((one) => run(one, { regime: one.regime }));
      return { method, members: [run(plan.gate, { part: 'gate' }), ...members], meta: null };
    }
  }
}

import { membersOf, type ActiveEnsemble } from '../../domain/ensemble.js';
import { refOf, type Serving } from '../../domain/model.js';
import type { Role } from '../../domain/role.js';
import type { Timeframe } from '../../domain/timeframe.js';
import type { Served } from '../serving.service.js';

/** A version that reads the series in a run, and what it does there. */
export interface Player extends Served {
  readonly role: Role;
}

/** Who takes part in the runs of a timeframe; each version once, however many ensembles it answers for. */
export interface LineUp {
  readonly players: readonly Player[];
  readonly ensembles: readonly ActiveEnsemble[];
  /** By `name@version`, the meta models of stacks, which read no series; without those that the engine refused. */
  readonly metas: ReadonlyMap<string, Served>;
}

/** A version that stands for itself in a timeframe keeps its role there; one that only ensembles ask for is a member. */
export function lineUp(
  { served, ensembles: all }: { readonly served: readonly Served[]; readonly ensembles: readonly ActiveEnsemble[] },
  timeframe: Timeframe,
): LineUp {
  const ensembles = all.filter((one) => standsIn(one, timeframe));
  const asked = new Set(ensembles.flatMap(({ ensemble }) => membersOf(ensemble).map(refOf)));
  const players = served.flatMap((one): Player[] => {
    const alone = standsIn(one.model, timeframe);
    const takesPart = alone || (asked.has(refOf(one.model)) && one.columns.length > 0);
    return takesPart ? [{ ...one, role: alone ? one.model.role : 'member' }] : [];
  });
  const judges = ensembles.flatMap(({ ensemble }) => (ensemble.method === 'stacking' ? [refOf(ensemble.meta)] : []));
  const metas = served.filter(({ model }) => judges.includes(refOf(model)));
  return { players, ensembles, metas: new Map(metas.map((one) => [refOf(one.model), one])) };
}

function standsIn({ role, timeframes }: Serving, timeframe: Timeframe): boolean {
  return role !== 'standby' && role !== 'member' && timeframes.includes(timeframe);
}

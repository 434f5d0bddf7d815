import type { Transform } from '../../../engines/trees/link.js';
import { ImportRefused } from '../import-refused.js';
import type { ToMargin } from './base-score.js';

/** What an objective does to margins, and how its base score is kept. */
export interface Objective {
  readonly link: Transform;
  readonly toMargin: ToMargin;
}

const PLAIN: Objective = { link: { kind: 'identity' }, toMargin: 'as it is' };
const LOGISTIC: Objective = { link: { kind: 'sigmoid', scale: 1 }, toMargin: 'logit' };
const EXPONENTIAL: Objective = { link: { kind: 'exp' }, toMargin: 'log' };

/** Every objective of XGBoost 3.2, with the name that `reg:squarederror` once had. */
const OBJECTIVES: Readonly<Record<string, Objective>> = {
  'reg:squarederror': PLAIN,
  'reg:linear': PLAIN,
  'reg:squaredlogerror': PLAIN,
  'reg:pseudohubererror': PLAIN,
  'reg:absoluteerror': PLAIN,
  'reg:quantileerror': PLAIN,
  'binary:logitraw': PLAIN,
  'rank:ndcg': PLAIN,
  'rank:map': PLAIN,
  'rank:pairwise': PLAIN,
  'reg:logistic': LOGISTIC,
  'binary:logistic': LOGISTIC,
  'reg:gamma': EXPONENTIAL,
  'reg:tweedie': EXPONENTIAL,
  'count:poisson': EXPONENTIAL,
  'survival:aft': EXPONENTIAL,
  'survival:cox': EXPONENTIAL,
  'binary:hinge': { link: { kind: 'step' }, toMargin: 'as it is' },
  'multi:softprob': { link: { kind: 'softmax' }, toMargin: 'as it is' },
  'multi:softmax': { link: { kind: 'argmax' }, toMargin: 'as it is' },
};

/**
 * @param version of XGBoost that wrote the file; empty where it does not say
 * @throws ImportRefused OBJECTIVE_UNSUPPORTED
 */
export function objectiveOf(name: string, version: readonly number[], targets: number): Objective {
  if (!Object.hasOwn(OBJECTIVES, name))
    throw new ImportRefused('OBJECTIVE_UNSUPPORTED', `the last transform of ${JSON.stringify(name)} is not known`);
  if (name === 'reg:quantileerror' && targets > 1 && isNewer(version))
    throw new ImportRefused(
      'OBJECTIVE_UNSUPPORTED',
      'XGBoost after 3.2 may sort the quantiles of a row, 3.2 does not: save the model with 3.2',
    );
  return OBJECTIVES[name];
}

/** Whether a file was written by a release after 3.2, the newest that answers were compared with. */
export function isNewer([major = 0, minor = 0]: readonly number[]): boolean {
  return major > 3 || (major === 3 && minor > 2);
}

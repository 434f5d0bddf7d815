import type { Transform } from '../../../engines/trees/link.js';
import { ImportRefused } from '../import-refused.js';
import { decimal, integer, shown } from './numbers.js';

export interface Objective {
  readonly name: string;
  readonly transform: Transform;
}

type Family = 'raw' | 'regression' | 'exp' | 'sigmoid' | 'softmax' | 'one-vs-all' | 'logistic' | 'softplus';

/** Names as LightGBM writes them and as its loader takes them. `regression` alone knows `sqrt`. */
const FAMILIES: Readonly<Record<Family, readonly string[]>> = {
  raw: ['huber', 'lambdarank', 'rank_xendcg', 'custom', 'none', 'null', 'na'],
  regression: [
    ...['regression', 'regression_l2', 'l2', 'mean_squared_error', 'mse', 'l2_root', 'root_mean_squared_error', 'rmse'],
    ...['regression_l1', 'l1', 'mean_absolute_error', 'mae'],
    ...['fair', 'quantile', 'mape', 'mean_absolute_percentage_error'],
  ],
  exp: ['poisson', 'gamma', 'tweedie'],
  sigmoid: ['binary'],
  softmax: ['multiclass', 'softmax'],
  'one-vs-all': ['multiclassova', 'multiclass_ova', 'ova', 'ovr'],
  logistic: ['cross_entropy', 'xentropy'],
  softplus: ['cross_entropy_lambda', 'xentlambda'],
};
const familyOf: ReadonlyMap<string, Family> = new Map(
  Object.entries(FAMILIES).flatMap(([family, names]) => names.map((name) => [name, family as Family])),
);

/**
 * @param line value of the header's `objective`, `multiclassova num_class:3 sigmoid:2`; undefined: a custom objective,
 *   whose transform LightGBM does not know either
 * @param targets margins of a row
 * @throws ImportRefused OBJECTIVE_UNSUPPORTED; SOURCE_INVALID where a parameter is missing or contradicts `targets`
 */
export function objectiveOf(line: string | undefined, targets: number): Objective {
  const [name = 'custom', ...options] = line?.split(' ') ?? [];
  const family = familyOf.get(name);
  if (!family) throw new ImportRefused('OBJECTIVE_UNSUPPORTED', `objective ${shown(name)} is not one of LightGBM's`);
  checkTargets(name, family, options, targets);
  return { name, transform: transformOf(family, options) };
}

function transformOf(family: Family, options: readonly string[]): Transform {
  switch (family) {
    case 'raw':
      return { kind: 'identity' };
    case 'regression':
      return { kind: options.includes('sqrt') ? 'signed-square' : 'identity' };
    case 'exp':
    case 'softmax':
    case 'softplus':
      return { kind: family };
    case 'logistic':
      return { kind: 'sigmoid', scale: 1 };
    case 'sigmoid':
    case 'one-vs-all':
      return { kind: 'sigmoid', scale: scaleOf(options) };
  }
}

function scaleOf(options: readonly string[]): number {
  const scale = decimal(option('sigmoid', options), 'objective: sigmoid');
  if (scale <= 0) throw new ImportRefused('SOURCE_INVALID', `objective: sigmoid is ${scale}, and must be above 0`);
  return scale;
}

/** A custom objective has as many margins as it was given classes; any other but the two of many classes has one. */
function checkTargets(name: string, family: Family, options: readonly string[], targets: number): void {
  const many = family === 'softmax' || family === 'one-vs-all';
  if (!many && (targets === 1 || isCustom(name))) return;
  const classes = many ? integer(option('num_class', options), 'objective: num_class', 1, 2 ** 31 - 1) : 1;
  if (classes === targets) return;
  throw new ImportRefused(
    'SOURCE_INVALID',
    `objective ${name} has ${classes} margins a row, the header says ${targets}`,
  );
}

function isCustom(name: string): boolean {
  return ['custom', 'none', 'null', 'na'].includes(name);
}

function option(key: string, options: readonly string[]): string {
  const found = options.find((text) => text.startsWith(`${key}:`));
  if (!found) throw new ImportRefused('SOURCE_INVALID', `objective: ${key} is missing`);
  return found.slice(key.length + 1);
}

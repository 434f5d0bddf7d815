import { ImportRefused } from '../import-refused.js';
import { integer } from './numbers.js';

/** What the lines above the trees say of the whole model. */
export interface Header {
  readonly version: string;
  /** Trees of an iteration: one a margin. */
  readonly targets: number;
  readonly featureNames: readonly string[];
  /** A column each: `[min:max]` of numbers, `0:3:1` of categories, `none` where training saw one value. */
  readonly featureInfos: readonly string[];
  /** Value of the `objective` line; undefined: a custom one. */
  readonly objective: string | undefined;
  /** A random forest: predictions are means over the iterations. */
  readonly average: boolean;
}

export const MAX_FEATURES = 100_000;

/** @throws ImportRefused SOURCE_INVALID where a field is missing or contradicts another; SOURCE_TOO_LARGE */
export function headerOf(fields: ReadonlyMap<string, string>): Header {
  const count = (key: string, min: number) => integer(required(fields, key), key, min, 2 ** 31 - 1);
  const classes = count('num_class', 1);
  const targets = fields.has('num_tree_per_iteration') ? count('num_tree_per_iteration', 1) : classes;
  if (targets !== classes) throw invalid(`${classes} classes, but ${targets} trees an iteration`);
  const features = count('max_feature_idx', 0) + 1;
  if (features > MAX_FEATURES) throw new ImportRefused('SOURCE_TOO_LARGE', `more than ${MAX_FEATURES} features`);
  return {
    version: required(fields, 'version'),
    targets,
    featureNames: namesOf(fields, 'feature_names', features),
    featureInfos: namesOf(fields, 'feature_infos', features),
    objective: fields.get('objective'),
    average: fields.has('average_output'),
  };
}

function namesOf(fields: ReadonlyMap<string, string>, key: string, count: number): readonly string[] {
  // Names are cut off one past the count: a line of spaces alone could make millions.
  const names = required(fields, key).split(' ', count + 1);
  if (names.length === count && !names.includes('')) return names;
  throw invalid(`${key}: not a word for each of the ${count} columns`);
}

function required(fields: ReadonlyMap<string, string>, key: string): string {
  const value = fields.get(key);
  if (value === undefined) throw invalid(`the header has no ${key}`);
  return value;
}

function invalid(message: string): ImportRefused {
  return new ImportRefused('SOURCE_INVALID', message);
}

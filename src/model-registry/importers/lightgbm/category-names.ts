import { ImportRefused } from '../import-refused.js';
import type { Header } from './header.js';

type Names = readonly (string | number)[];

export interface CategoryNames {
  readonly names: ReadonlyMap<number, Names>;
  readonly notes: readonly string[];
}

const MAX_JSON = 16 * 2 ** 20;

/**
 * The names behind the category numbers of a model trained on a pandas frame. The file lists them for each column of
 * pandas' categorical type, in column order, and does not say which columns those are: they are taken to be the columns
 * that the header marks as categorical, and only where both are equally many and no known number is without a name.
 * @param json what follows `pandas_categorical:`
 * @throws ImportRefused SOURCE_INVALID where it is not JSON; SOURCE_TOO_LARGE above 16 MiB
 */
export function categoryNamesOf(json: string | undefined, { featureInfos }: Header): CategoryNames {
  const lists = json === undefined ? null : parsed(json);
  if (lists === null || (Array.isArray(lists) && lists.length === 0)) return { names: new Map(), notes: [] };
  const columns = featureInfos.flatMap((info, column) => (isCategorical(info) ? [column] : []));
  if (Array.isArray(lists) && lists.length === columns.length && lists.every(isNames)) {
    const fits = columns.every((column, k) => largest(featureInfos[column]) < (lists[k] as Names).length);
    if (fits) return { names: new Map(columns.map((column, k) => [column, lists[k] as Names])), notes: [] };
  }
  const note = 'the names in pandas_categorical fit no choice of columns: categories are numbers';
  return { names: new Map(), notes: [note] };
}

function parsed(json: string): unknown {
  if (json.length > MAX_JSON) throw new ImportRefused('SOURCE_TOO_LARGE', 'pandas_categorical: more than 16 MiB');
  try {
    return JSON.parse(json);
  } catch {
    throw new ImportRefused('SOURCE_INVALID', 'pandas_categorical is not JSON: the file is cut short or damaged');
  }
}

function isCategorical(info: string): boolean {
  return info !== 'none' && !info.startsWith('[');
}

function largest(info: string): number {
  return info.split(':').reduce((most, category) => Math.max(most, Number(category)), -1);
}

function isNames(list: unknown): list is Names {
  return Array.isArray(list) && list.every((name) => typeof name === 'string' || typeof name === 'number');
}

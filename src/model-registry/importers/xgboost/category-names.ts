import type { DocumentReader, Numbers } from './document-reader.js';
import { utf8 } from './document-reader.js';
import { fields } from './fields.js';
import { invalid, LIMITS, tooLarge } from './limits.js';
import { integers } from './numbers.js';

export interface CategoryNames {
  /** Column → names in the order of their numbers; columns without names are absent. */
  readonly known: ReadonlyMap<number, readonly (string | number)[]>;
  /**
   * Columns whose names are not ASCII. XGBoost 3.2 counts characters of pandas' names where the file holds bytes, so they are
   * cut at wrong places, and nothing in the file shows it.
   */
  readonly damaged: readonly number[];
}

/**
 * Reads `cats` (3.1 and later): an entry a column, the names of its categories in the order of their numbers. Names that are
 * texts lie one after another in UTF-8, from one offset to the next; names that are numbers have a type instead of offsets.
 */
export function readCategoryNames(reader: DocumentReader): CategoryNames {
  const known = new Map<number, readonly (string | number)[]>();
  const damaged: number[] = [];
  let column = 0;
  let total = 0;
  const readColumn = () => {
    if (column > LIMITS.features) throw tooLarge('features', LIMITS.features);
    const names = readNames(reader);
    if (names === undefined) damaged.push(column);
    else if (names.length > 0) known.set(column, names);
    total += names?.length ?? 0;
    if (total > LIMITS.categoryNames) throw tooLarge('names of categories', LIMITS.categoryNames);
    column += 1;
  };
  fields(reader, { enc: () => reader.array(readColumn) });
  return { known, damaged };
}

/** @returns undefined where they are damaged */
function readNames(reader: DocumentReader): readonly (string | number)[] | undefined {
  let offsets: Numbers | undefined;
  let values: Numbers | undefined;
  fields(reader, {
    offsets: () => void (offsets = reader.numbers()),
    values: () => void (values = reader.numbers()),
  });
  if (values === undefined) throw invalid('categories without values');
  if (offsets === undefined && values.length > LIMITS.categoryNames)
    throw tooLarge('names of categories', LIMITS.categoryNames);
  return offsets === undefined ? Array.from(values) : textsOf(offsets, values);
}

function textsOf(offsets: Numbers, values: Numbers): string[] | undefined {
  const bytes = integers(values, 'the bytes of category names', -128, 255);
  const ends = integers(offsets, 'the offsets of category names', 0, bytes.length);
  if (ends.length > LIMITS.categoryNames) throw tooLarge('names of categories', LIMITS.categoryNames);
  if (ends.length === 0 ? bytes.length > 0 : ends[0] !== 0 || ends[ends.length - 1] !== bytes.length)
    throw invalid('the offsets of category names do not span them');
  if (ends.some((end, i) => i > 0 && end < ends[i - 1])) throw invalid('the offsets of category names descend');
  if (bytes.some((byte) => byte < 0 || byte > 127)) return undefined;
  return Array.from(ends.subarray(1), (end, i) => utf8(Uint8Array.from(bytes.subarray(ends[i], end))));
}

import { describe, expect, it } from 'vitest';
import { categoryNamesOf } from './category-names.js';
import { headerOf } from './header.js';

const header = headerOf(
  new Map([
    ['version', 'v4'],
    ['num_class', '1'],
    ['max_feature_idx', '3'],
    ['feature_names', 'rsi venue hour flat'],
    ['feature_infos', '[0:1] 0:2:1 -1:3 none'],
  ]),
);
const UNKNOWN = ['the names in pandas_categorical fit no choice of columns: categories are numbers'];

describe('names of categories', () => {
  it.each<[what: string, json: string | undefined, names: [number, (string | number)[]][], notes: string[]]>([
    ['no line', undefined, [], []],
    ['no frame', 'null', [], []],
    ['a frame without categories', '[]', [], []],
    ['a list for each', '[["a","b","c"],[0,1,2,3]]', [[1, ['a', 'b', 'c']], [2, [0, 1, 2, 3]]], []], // prettier-ignore
    ['more lists than columns', '[["a","b","c"],[0,1,2,3],["x"]]', [], UNKNOWN],
    ['a number without a name', '[["a","b"],[0,1,2,3]]', [], UNKNOWN],
    ['names of another kind', '[["a","b",null],[0,1,2,3]]', [], UNKNOWN],
    ['no list at all', '{"venue":["a"]}', [], UNKNOWN],
  ])('%s', (_, json, names, notes) => {
    const found = categoryNamesOf(json, header);
    expect({ names: [...found.names], notes: found.notes }).toEqual({ names, notes });
  });

  it.each(['[["a"', '', '['.repeat(100_000)])('text that is no JSON is refused: %#', (json) => {
    expect(() => categoryNamesOf(json, header)).toThrow('pandas_categorical is not JSON');
  });
});

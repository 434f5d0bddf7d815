import { ImportRefused } from '../import-refused.js';
import { integers, shown } from './numbers.js';

/** A LightGBM text file taken apart, nothing in it understood yet. */
export interface ModelText {
  readonly header: ReadonlyMap<string, string>;
  readonly trees: readonly TreeText[];
  /** JSON; undefined where no pandas frame was trained on. */
  readonly pandasCategorical: string | undefined;
}

/** The fields of a tree that decide anything, as written; the statistics beside them are dropped. */
export type TreeText = { readonly [field in DecidingField]?: string };
export type DecidingField = (typeof DECIDING)[number];

const DECIDING = [
  'num_leaves',
  'num_cat',
  'split_feature',
  'threshold',
  'decision_type',
  'left_child',
  'right_child',
  'leaf_value',
  'cat_boundaries',
  'cat_threshold',
  'is_linear',
] as const;
/** `shrinkage` is history: leaf values carry it. Those of linear leaves say nothing where `is_linear` is 0. */
const STATISTICS = [
  ...['split_gain', 'leaf_weight', 'leaf_count', 'leaf_parent'],
  ...['internal_value', 'internal_weight', 'internal_count', 'shrinkage'],
  ...['leaf_const', 'num_features', 'leaf_features', 'leaf_coeff'],
];
const HEADER: ReadonlySet<string> = new Set([
  ...['tree', 'version', 'num_class', 'num_tree_per_iteration', 'label_index', 'max_feature_idx', 'objective'],
  ...['average_output', 'feature_names', 'monotone_constraints', 'feature_infos', 'tree_sizes'],
]);
const deciding: ReadonlySet<string> = new Set(DECIDING);
const FIELDS: ReadonlySet<string> = new Set([...DECIDING, ...STATISTICS]);

/** What follows the trees: `end of trees` since LightGBM 2.2, the importances in files before it. */
const AFTER_TREES: ReadonlySet<string> = new Set(['end of trees', 'feature importances:', 'feature_importances:']);

export const MAX_TREES = 100_000;
/** A tree has about 25 lines, a feature one more. */
export const MAX_LINES = 5_000_000;

/**
 * Header, trees one after another, importances, parameters, pandas categories.
 * @throws ImportRefused SOURCE_INVALID where the file is cut short, a line is none of the format's, or `tree_sizes` does
 *   not fit the trees; SOURCE_TOO_LARGE above MAX_TREES or MAX_LINES
 */
export function modelTextOf(text: string): ModelText {
  const lines = new Lines(text);
  const header = headerOf(lines);
  const trees: TreeText[] = [];
  const starts: number[] = [];
  for (; lines.line.startsWith('Tree='); lines.skipBlank()) {
    if (trees.length === MAX_TREES) throw new ImportRefused('SOURCE_TOO_LARGE', `more than ${MAX_TREES} trees`);
    starts.push(lines.start);
    trees.push(treeOf(lines, trees.length));
  }
  if (!AFTER_TREES.has(lines.line)) {
    const after = trees.length === 0 ? 'the header' : `tree ${trees.length - 1}`;
    throw invalid(`after ${after} comes neither a tree nor the end of trees: ${lines.where}`);
  }
  const sizes = header.get('tree_sizes');
  if (sizes !== undefined) checkSizes(sizes, [...starts, lines.start]);
  return { header, trees, pandasCategorical: tailOf(lines, header.get('version')!) };
}

function headerOf(lines: Lines): Map<string, string> {
  const header = new Map<string, string>();
  for (let more = true; more && !lines.line.startsWith('Tree=') && !AFTER_TREES.has(lines.line); more = lines.next()) {
    if (lines.line !== '') put(header, HEADER, lines, 'the header');
  }
  const version = header.get('version');
  if (version === undefined || !/^v[234]$/.test(version)) {
    const told = version === undefined ? 'no version' : `version ${shown(version)}`;
    throw new ImportRefused('FORMAT_UNKNOWN', `${told}: files of version v2, v3 and v4 are read`);
  }
  return header;
}

function treeOf(lines: Lines, index: number): TreeText {
  const where = `tree ${index}`;
  if (lines.line !== `Tree=${index}`) throw invalid(`${where} is missing: ${lines.where}`);
  const fields = new Map<string, string>();
  while (lines.next() && lines.line !== '') put(fields, FIELDS, lines, where);
  return Object.fromEntries([...fields].filter(([key]) => deciding.has(key)));
}

/** A line without `=` is a flag, such as `average_output`. Feature names may contain `=`: the first one separates. */
function put(fields: Map<string, string>, known: ReadonlySet<string>, { line }: Lines, where: string): void {
  const equals = line.indexOf('=');
  const key = equals < 0 ? line : line.slice(0, equals);
  if (!known.has(key)) throw invalid(`${where}: ${shown(key)} is no field of this format`);
  if (fields.has(key)) throw invalid(`${where}: ${shown(key)} stands twice`);
  fields.set(key, equals < 0 ? '' : line.slice(equals + 1));
}

/** LightGBM finds its trees by these sizes in bytes; a file that does not keep them was cut, spliced or edited. */
function checkSizes(sizes: string, starts: readonly number[]): void {
  integers(sizes, starts.length - 1, 'tree_sizes').forEach((size, i) => {
    if (size === starts[i + 1] - starts[i]) return;
    const found = starts[i + 1] - starts[i];
    throw invalid(
      `tree ${i} has ${found} bytes where tree_sizes says ${size}: the file was edited, or its line ends were`,
    );
  });
}

/** @returns the JSON after `pandas_categorical:`, the last line that Python writes */
function tailOf(lines: Lines, version: string): string | undefined {
  let parameters: 'absent' | 'open' | 'closed' = 'absent';
  while (lines.next()) {
    if (lines.line === 'parameters:') parameters = 'open';
    else if (lines.line === 'end of parameters') parameters = 'closed';
    else if (lines.line.startsWith('pandas_categorical:')) return lines.line.slice('pandas_categorical:'.length);
  }
  if (parameters === 'open' || (parameters === 'absent' && version !== 'v2')) {
    throw invalid('the file is cut short: its parameters do not end');
  }
  return undefined;
}

/** The line under the eye, its start and its number; `\r\n` ends a line as `\n` does. */
class Lines {
  line = '';
  start = 0;
  #next = 0;
  #number = 0;

  constructor(private readonly text: string) {
    this.next();
  }

  get where(): string {
    return this.line === '' ? 'the file ends' : `line ${this.#number} is ${shown(this.line)}`;
  }

  /** @returns false where the text ends */
  next(): boolean {
    if (this.#next >= this.text.length) {
      this.line = '';
      return false;
    }
    this.start = this.#next;
    const newline = this.text.indexOf('\n', this.start);
    const end = newline < 0 ? this.text.length : newline;
    this.line = this.text.slice(this.start, this.text[end - 1] === '\r' ? end - 1 : end);
    this.#next = end + 1;
    this.#number += 1;
    if (this.#number > MAX_LINES) throw new ImportRefused('SOURCE_TOO_LARGE', `more than ${MAX_LINES} lines`);
    return true;
  }

  skipBlank(): void {
    while (this.line === '' && this.next());
  }
}

function invalid(message: string): ImportRefused {
  return new ImportRefused('SOURCE_INVALID', message);
}

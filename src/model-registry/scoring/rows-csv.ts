/** Why a table of rows cannot be scored. Codes are stable. */
export type RowsCode =
  | 'ROWS_EMPTY'
  | 'ROWS_RAGGED' // a line with another number of fields
  | 'COLUMN_MISSING'
  | 'COLUMN_UNKNOWN'
  | 'COLUMN_COUNT' // no names to go by, and another number of columns than the model reads
  | 'NOT_A_NUMBER'
  | 'NOT_FINITE'
  | 'MISSING_VALUE'; // of a model that cannot do without

export interface RowsRefusal {
  readonly code: RowsCode;
  readonly message: string;
}

export interface Column {
  readonly name: string;
  /** Names of its categories, in the order of their numbers. */
  readonly categories?: readonly (string | number)[] | undefined;
}

export interface ReadRows {
  readonly rows: number;
  /** [rows × columns] NaN where a field is empty. */
  readonly values: Float64Array;
}

const MISSING = new Set(['', 'NaN', 'nan', 'NA', 'N/A', 'null']);
/** Names that libraries make up where training had none: such columns go by their place. */
const MADE_UP = /^(Column_|f|x|feature_?)\d+$/;

/**
 * Reads comma-separated rows; a first line names the columns, in any order, where it has their names, or words alone. An empty
 * field is a missing value. A number in a column of categories is a category's number; anything else is looked up among their
 * names.
 * @param columns in the model's order
 * @param missing whether the model takes missing values
 */
export function readRows(text: string, columns: readonly Column[], missing: boolean): ReadRows | RowsRefusal {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  while (lines.length > 0 && lines.at(-1)!.trim() === '') lines.pop();
  const first = lines[0]?.split(',').map(unquoted);
  if (!first) return refusal('ROWS_EMPTY', 'there are no rows');
  const named = isHeader(first, columns);
  const places = named ? placesOf(first, columns) : counted(first.length, columns);
  if (!Array.isArray(places)) return places;
  const body = named ? lines.slice(1) : lines;
  if (body.length === 0) return refusal('ROWS_EMPTY', 'there is a header, but there are no rows');
  const values = new Float64Array(body.length * columns.length);
  for (let row = 0; row < body.length; row += 1) {
    const fields = body[row]!.split(',');
    if (fields.length !== first.length)
      return refusal('ROWS_RAGGED', `row ${row + 1} has ${fields.length} fields, the first line has ${first.length}`);
    for (let i = 0; i < columns.length; i += 1) {
      const value = valueOf(unquoted(fields[places[i]!]!), columns[i]!, missing);
      if (typeof value !== 'number')
        return { ...value, message: `row ${row + 1}, ${columns[i]!.name}: ${value.message}` };
      values[row * columns.length + i] = value;
    }
  }
  return { rows: body.length, values };
}

/** @returns where each of the model's columns stands in a line */
function placesOf(header: readonly string[], columns: readonly Column[]): number[] | RowsRefusal {
  const unknown = header.filter((name) => !columns.some((column) => column.name === name));
  const absent = columns.filter(({ name }) => !header.includes(name)).map(({ name }) => name);
  if (unknown.length === 0 && absent.length === 0 && header.length === columns.length)
    return columns.map(({ name }) => header.indexOf(name));
  // Names of one's own for columns that have none: by their place.
  if (columns.every(({ name }) => MADE_UP.test(name)) && unknown.length === header.length)
    return counted(header.length, columns);
  if (absent.length > 0)
    return refusal('COLUMN_MISSING', `the first line is a header, and names no ${absent.slice(0, 10).join(', ')}`);
  if (unknown.length > 0)
    return refusal('COLUMN_UNKNOWN', `the model reads no column ${unknown.slice(0, 10).join(', ')}`);
  return refusal('COLUMN_COUNT', 'the header names a column twice');
}

function counted(count: number, columns: readonly Column[]): number[] | RowsRefusal {
  if (count === columns.length) return columns.map((_, i) => i);
  return refusal('COLUMN_COUNT', `a row has ${count} columns, the model reads ${columns.length}`);
}

/** A line with a number among its words is a row with a mistake in it. */
function isHeader(first: readonly string[], columns: readonly Column[]): boolean {
  const isWord = (field: string) => !MISSING.has(field) && !isNumber(field) && !isCategory(field, columns);
  return first.every(isWord) || columns.every(({ name }) => first.includes(name));
}

const INFINITE = /^[+-]?inf(inity)?$/i;
/** `Number` alone would read hexadecimal too. */
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const isNumber = (field: string): boolean => DECIMAL.test(field) || INFINITE.test(field);

function isCategory(field: string, columns: readonly Column[]): boolean {
  return columns.some(({ categories }) => categories?.some((category) => String(category) === field));
}

function valueOf(field: string, { categories }: Column, missing: boolean): number | RowsRefusal {
  if (MISSING.has(field)) {
    return missing ? NaN : refusal('MISSING_VALUE', 'is empty, and the model cannot do without');
  }
  const value = DECIMAL.test(field) ? Number(field) : NaN;
  if (Number.isFinite(value)) return value;
  const category = categories?.findIndex((one) => String(one) === field) ?? -1;
  if (category >= 0) return category;
  if (INFINITE.test(field) || Math.abs(value) === Infinity) return refusal('NOT_FINITE', `is ${field}`);
  const known = categories ? `; it has the categories ${categories.slice(0, 10).join(', ')}` : '';
  return refusal('NOT_A_NUMBER', `"${field.slice(0, 40)}" is no number${known}`);
}

function unquoted(field: string): string {
  const trimmed = field.trim();
  return /^".*"$/.test(trimmed) ? trimmed.slice(1, -1) : trimmed;
}

function refusal(code: RowsCode, message: string): RowsRefusal {
  return { code, message };
}

import { ImportRefused } from '../import-refused.js';

/** What a decimal is written with. `Number` alone would also read hexadecimal and the empty string. */
const DECIMAL = /^[-+.0-9eE]+$/;
const NOT_FINITE = /^[-+]?(inf|infinity|nan)$/i;
const INFINITIES: ReadonlyMap<string, number> = new Map([
  ['inf', Infinity],
  ['-inf', -Infinity],
]);

/**
 * @param text numbers separated by spaces
 * @param where opens the message, `tree 3: left_child`
 * @throws ImportRefused SOURCE_INVALID when the list is not `count` integers in [min, max]
 */
export function integers(text: string, count: number, where: string, min = -(2 ** 31), max = 2 ** 31 - 1): Int32Array {
  return fill(new Int32Array(roomFor(count, text, where)), text, where, (token) => integer(token, where, min, max));
}

/** As `integers`, of 32-bit words without sign. */
export function words(text: string, count: number, where: string): Uint32Array {
  return fill(new Uint32Array(roomFor(count, text, where)), text, where, (token) =>
    integer(token, where, 0, 2 ** 32 - 1),
  );
}

/**
 * Float64 numbers, exact: LightGBM writes 17 significant digits.
 * @throws ImportRefused SOURCE_INVALID when the list is not `count` numbers; NOT_EXPRESSIBLE at a NaN or an infinity
 */
export function decimals(text: string, count: number, where: string): Float64Array {
  return fill(new Float64Array(roomFor(count, text, where)), text, where, (token) => decimal(token, where));
}

/** As `decimals`, but infinities are read: the threshold of a split that parts missing values from all others is `inf`. */
export function thresholds(text: string, count: number, where: string): Float64Array {
  return fill(
    new Float64Array(roomFor(count, text, where)),
    text,
    where,
    (token) => INFINITIES.get(token) ?? decimal(token, where),
  );
}

export function integer(token: string, where: string, min: number, max: number): number {
  const n = DECIMAL.test(token) ? Number(token) : NaN;
  if (!Number.isInteger(n) || n < min || n > max) {
    throw new ImportRefused('SOURCE_INVALID', `${where}: ${shown(token)} is not an integer from ${min} to ${max}`);
  }
  return n;
}

export function decimal(token: string, where: string): number {
  if (NOT_FINITE.test(token)) {
    throw new ImportRefused('NOT_EXPRESSIBLE', `${where}: ${token}; a model whose training diverged is not served`);
  }
  const n = DECIMAL.test(token) ? Number(token) : NaN;
  if (Number.isFinite(n)) return n;
  throw new ImportRefused('SOURCE_INVALID', `${where}: ${shown(token)} is not a float64 number`);
}

/** @returns the text in quotes, cut to what a message can bear */
export function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

/** @returns the count, where the text can hold as many: no array is larger than the text that is to fill it */
function roomFor(count: number, text: string, where: string): number {
  if (count * 2 - 1 > text.length) throw wrongCount(where, count);
  return count;
}

function fill<A extends Int32Array | Uint32Array | Float64Array>(
  numbers: A,
  text: string,
  where: string,
  read: (token: string) => number,
): A {
  let found = 0;
  for (let at = 0; at < text.length;) {
    const space = text.indexOf(' ', at);
    const end = space < 0 ? text.length : space;
    if (end > at) {
      if (found === numbers.length) throw wrongCount(where, numbers.length);
      numbers[found] = read(text.slice(at, end));
      found += 1;
    }
    at = end + 1;
  }
  if (found < numbers.length) throw wrongCount(where, numbers.length);
  return numbers;
}

function wrongCount(where: string, count: number): ImportRefused {
  return new ImportRefused('SOURCE_INVALID', `${where}: not the ${count} numbers that the file announces`);
}

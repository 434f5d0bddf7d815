import type { Turns } from '../turns.js';
import { RequestRefused } from './refusal.js';

/** Numbers of one array, however it was nested: `[[1, 2], [3, null]]` is [2, 2] and 1 2 3 NaN. */
export class JsonNumbers {
  constructor(
    readonly shape: readonly number[],
    /** Row after row. */
    readonly values: Float64Array,
  ) {}
}

export type Json = null | boolean | number | string | JsonNumbers | readonly Json[] | { readonly [key: string]: Json };

/** Numbers, or other values, read in one turn of the main loop: well below a millisecond. */
const A_TURN = 1024;
/** Objects, arrays and whatever else is no array of numbers. */
const MOST_VALUES = 20_000;
const DEEPEST = 16;
const MOST_DIMENSIONS = 4;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** What Python's json module writes where JSON has no word; in quotes too, and null for what is missing. */
const WORD = /null|"NaN"|NaN|"-?Infinity"|-?Infinity/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\[^\u0000-\u001f]){0,1024}"/y;
const LITERAL = /true|false|null/y;
const SPACES = /[ \t\r\n]*/y;
const NUMBERS_FOLLOW = /(?:[ \t\r\n]*\[){1,4}[ \t\r\n]*(?:[-\dNI]|null|"NaN"|"-?Infinity")/y;

/**
 * Reads a request body in turns, so that megabytes of numbers never hold the main loop: whoever runs the generator gives
 * the loop its turn at each yield. JSON by RFC 8259, and besides: NaN, Infinity and -Infinity are numbers, bare or in
 * quotes; among numbers null is NaN; an array of numbers is rectangular. It allocates no more than a few times the body.
 * @throws RequestRefused 400, naming the field
 */
export function* readJson(bytes: Uint8Array): Turns<Json> {
  const reader = new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
  const value = yield* reader.value();
  reader.end();
  return value;
}

class Reader {
  readonly #path: (string | number)[] = ['body'];
  #at = 0;
  #values = 0;

  /** @param text a character a byte */
  constructor(private readonly text: string) {}

  *value(): Turns<Json> {
    this.#values += 1;
    if (this.#values > MOST_VALUES) throw this.#refused(`holds more than ${MOST_VALUES} values`);
    if (this.#path.length > DEEPEST) throw this.#refused(`lies deeper than ${DEEPEST} levels`);
    if (this.#values % A_TURN === 0) yield;
    switch (this.#next()) {
      case '{':
        return yield* this.#object();
      case '[':
        return this.#find(NUMBERS_FOLLOW) === undefined ? yield* this.#array() : yield* this.#numbers();
      case '"':
        return this.#string();
      case 't':
      case 'f':
      case 'n':
        return JSON.parse(this.#take(LITERAL, 'a value')) as boolean | null;
      default:
        return this.#number();
    }
  }

  end(): void {
    if (this.#next() !== '') throw this.#unexpected('the end');
  }

  *#object(): Turns<Json> {
    const object = Object.create(null) as Record<string, Json>;
    this.#expect('{');
    if (this.#skip('}')) return object;
    do {
      this.#next();
      const key = this.#string();
      if (key in object) throw this.#refused(`names ${JSON.stringify(key)} twice`);
      this.#expect(':');
      this.#path.push(key);
      object[key] = yield* this.value();
      this.#path.pop();
    } while (this.#skip(','));
    this.#expect('}');
    return object;
  }

  *#array(): Turns<readonly Json[]> {
    const items: Json[] = [];
    this.#expect('[');
    if (this.#skip(']')) return items;
    do {
      this.#path.push(items.length);
      items.push(yield* this.value());
      this.#path.pop();
    } while (this.#skip(','));
    this.#expect(']');
    return items;
  }

  *#numbers(): Turns<JsonNumbers> {
    const grid = new Grid();
    yield* this.#level(grid, 1);
    return new JsonNumbers(grid.shape, grid.values.subarray(0, grid.count));
  }

  /** One array of numbers, or of arrays of them. @param depth of its items: 1 is the outermost */
  *#level(grid: Grid, depth: number): Turns<void> {
    if (depth > MOST_DIMENSIONS) throw this.#refused(`has more than ${MOST_DIMENSIONS} dimensions`);
    this.#expect('[');
    if (this.#next() === ']') throw this.#refused('is empty');
    const place = this.#path.push(0) - 1;
    let length = 0;
    do {
      this.#path[place] = length;
      if (this.#next() === '[') yield* this.#level(grid, depth + 1);
      else if (!grid.add(this.#number(), depth)) throw this.#refused('is no row of numbers, others are');
      else if (grid.count % A_TURN === 0) yield;
      length += 1;
    } while (this.#skip(','));
    this.#path.pop();
    this.#expect(']');
    const wanted = (grid.shape[depth - 1] ??= length);
    if (wanted !== length) throw this.#refused(`has ${length} items, the ones before it have ${wanted}`);
  }

  #number(): number {
    const number = this.#find(NUMBER);
    if (number !== undefined) {
      this.#at += number.length;
      return Number(number);
    }
    const word = this.#take(WORD, 'a number');
    return word.includes('I') ? (word.includes('-') ? -Infinity : Infinity) : NaN;
  }

  #string(): string {
    const quoted = this.#take(STRING, 'a string of at most 1024 characters');
    try {
      return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(quoted, 'latin1'))) as string;
    } catch {
      throw this.#refused('is a string with an unknown escape, or not in UTF-8');
    }
  }

  /** @returns the next character that is no space, '' at the end */
  #next(): string {
    SPACES.lastIndex = this.#at;
    SPACES.test(this.text);
    this.#at = SPACES.lastIndex;
    return this.text.charAt(this.#at);
  }

  #skip(character: string): boolean {
    if (this.#next() !== character) return false;
    this.#at += 1;
    return true;
  }

  #expect(character: string): void {
    if (!this.#skip(character)) throw this.#unexpected(`"${character}"`);
  }

  #find(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    return pattern.test(this.text) ? this.text.slice(this.#at, pattern.lastIndex) : undefined;
  }

  #take(pattern: RegExp, wanted: string): string {
    const found = this.#find(pattern);
    if (found === undefined) throw this.#unexpected(wanted);
    this.#at += found.length;
    return found;
  }

  #unexpected(wanted: string): RequestRefused {
    const where = this.#at < this.text.length ? `byte ${this.#at}` : 'the end of the body';
    return this.#refused(`is no JSON: ${wanted} expected at ${where}`);
  }

  #refused(message: string): RequestRefused {
    const field = this.#path.join('.');
    return new RequestRefused(400, 'INVALID_REQUEST', `${field} ${message}.`, [{ field, message }]);
  }
}

/** Rows of numbers whose count is known only at their end. */
class Grid {
  values = new Float64Array(16);
  count = 0;
  /** Filled from within: the innermost array ends first. */
  readonly shape: number[] = [];
  #depth: number | undefined;

  /** @returns false where numbers stood at another depth before */
  add(value: number, depth: number): boolean {
    this.#depth ??= depth;
    if (this.#depth !== depth) return false;
    if (this.count === this.values.length) {
      const wider = new Float64Array(2 * this.count);
      wider.set(this.values);
      this.values = wider;
    }
    this.values[this.count] = value;
    this.count += 1;
    return true;
  }
}

import { nearestFloat32 } from './decimal-float32.js';
import { DocumentReader, Keys, Nesting, utf8, type Kind, type Numbers } from './document-reader.js';
import { GrowingNumbers } from './growing-numbers.js';
import { invalid, LIMITS, tooLarge } from './limits.js';

/** Each marker: what it begins, and the fewest bytes that follow it. */
const MARKERS: Readonly<Record<string, { readonly kind: Kind; readonly bytes: number }>> = {
  Z: { kind: 'null', bytes: 0 },
  T: { kind: 'boolean', bytes: 0 },
  F: { kind: 'boolean', bytes: 0 },
  i: { kind: 'number', bytes: 1 },
  U: { kind: 'number', bytes: 1 },
  I: { kind: 'number', bytes: 2 },
  l: { kind: 'number', bytes: 4 },
  L: { kind: 'number', bytes: 8 },
  d: { kind: 'number', bytes: 4 },
  D: { kind: 'number', bytes: 8 },
  H: { kind: 'number', bytes: 2 },
  C: { kind: 'string', bytes: 1 },
  S: { kind: 'string', bytes: 2 },
  '[': { kind: 'array', bytes: 1 },
  '{': { kind: 'object', bytes: 1 },
};
const NO_OPERATION = 'N'.charCodeAt(0);
const INTEGERS = 'iUIlL';

const HIGH_PRECISION = /^-?\d{1,100}(?:\.\d{1,100})?(?:[eE][+-]?\d{1,4})?$/;

/** UBJSON draft 12 with all its markers; numbers are big-endian. */
export class UbjsonReader extends DocumentReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #nesting = new Nesting();
  #at = 0;
  /** The marker of the next value, where its container has named one for all its values. */
  #given: string | undefined;

  constructor(bytes: Uint8Array) {
    super();
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  peek(): Kind {
    return MARKERS[this.#marker()].kind;
  }

  object(field: (key: string) => void): void {
    this.#take('object');
    const keys = new Keys();
    const { type, count } = this.#header();
    this.#each('}', count, () => {
      const key = this.#text();
      keys.add(key);
      this.#given = type;
      field(key);
    });
  }

  array(item: () => void): void {
    this.#take('array');
    const { type, count } = this.#header();
    this.#elements(type, count, item);
  }

  numbers(): Numbers {
    this.#take('array');
    const { type, count } = this.#header();
    if (type !== undefined && isFixed(type)) return this.#block(type, count!);
    const found = new GrowingNumbers();
    this.#elements(type, count, () => found.add(this.number()));
    return found.all();
  }

  number(): number {
    const marker = this.#take('number');
    if (marker === 'H') return highPrecision(this.#text());
    return this.#scalar(marker);
  }

  boolean(): boolean {
    return this.#take('boolean') === 'T';
  }

  string(): string {
    return this.#take('string') === 'C' ? utf8(this.#slice(1)) : this.#text();
  }

  skip(): void {
    switch (this.peek()) {
      case 'object':
        return this.object(() => this.skip());
      case 'array':
        return this.#skipArray();
      case 'string':
        return void this.#slice(this.#take('string') === 'C' ? 1 : this.#length());
      case 'number':
        return void this.number();
      case 'boolean':
        return void this.boolean();
      case 'null':
        this.#take('null');
    }
  }

  end(): void {
    this.#skipNoOperations();
    if (this.#at < this.#bytes.length) throw invalid(`bytes follow the end, from byte ${this.#at} on`);
  }

  #skipArray(): void {
    this.#take('array');
    const { type, count } = this.#header();
    if (type !== undefined && isFixed(type)) this.#slice(count! * MARKERS[type].bytes);
    else this.#elements(type, count, () => this.skip());
  }

  /** What a container says of its values before the first: one type for all (then a count too), how many. */
  #header(): { type: string | undefined; count: number | undefined } {
    const type = this.#isNext('$') ? String.fromCharCode(this.#slice(1)[0]) : undefined;
    if (type !== undefined && !(type in MARKERS)) throw invalid(`unknown type of values at byte ${this.#at - 1}`);
    const counted = this.#isNext('#');
    if (type !== undefined && !counted) throw invalid(`values of one type without a count at byte ${this.#at}`);
    const count = counted ? this.#length() : undefined;
    const each = type === undefined ? 1 : Math.max(1, MARKERS[type].bytes);
    // A value without bytes counts as one: else a few bytes would claim billions of values.
    if (count !== undefined && count * each > this.#bytes.length - this.#at) throw truncated();
    return { type, count };
  }

  #elements(type: string | undefined, count: number | undefined, item: () => void): void {
    this.#each(']', count, () => {
      this.#given = type;
      item();
    });
  }

  #each(close: string, count: number | undefined, item: () => void): void {
    this.#nesting.within(() => {
      if (count !== undefined) for (let i = 0; i < count; i += 1) item();
      else while (!this.#closes(close)) item();
    });
  }

  #closes(close: string): boolean {
    this.#skipNoOperations();
    return this.#isNext(close);
  }

  #block(type: string, count: number): Numbers {
    if (count > LIMITS.elements) throw tooLarge('numbers in an array', LIMITS.elements);
    const numbers = emptyBlock(type, count);
    for (let i = 0; i < count; i += 1) numbers[i] = this.#scalar(type);
    return numbers;
  }

  #scalar(type: string): number {
    const { bytes } = MARKERS[type];
    this.#need(bytes);
    const at = this.#at;
    this.#at += bytes;
    switch (type) {
      case 'i':
        return this.#view.getInt8(at);
      case 'U':
        return this.#view.getUint8(at);
      case 'I':
        return this.#view.getInt16(at);
      case 'l':
        return this.#view.getInt32(at);
      case 'L':
        return this.#view.getInt32(at) * 2 ** 32 + this.#view.getUint32(at + 4);
      case 'd':
        return this.#view.getFloat32(at);
      default:
        return Math.fround(this.#view.getFloat64(at));
    }
  }

  #text(): string {
    return utf8(this.#slice(this.#length()));
  }

  /** A number of values or of bytes: an integer with its marker. */
  #length(): number {
    const marker = String.fromCharCode(this.#slice(1)[0]);
    if (!INTEGERS.includes(marker)) throw invalid(`a length expected at byte ${this.#at - 1}`);
    const length = this.#scalar(marker);
    if (length < 0) throw invalid(`a length of ${length} at byte ${this.#at}`);
    return length;
  }

  #slice(length: number): Uint8Array {
    this.#need(length);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #need(length: number): void {
    if (length > this.#bytes.length - this.#at) throw truncated();
  }

  #marker(): string {
    if (this.#given !== undefined) return this.#given;
    this.#skipNoOperations();
    this.#need(1);
    const marker = String.fromCharCode(this.#bytes[this.#at]);
    if (!(marker in MARKERS)) throw invalid(`no value begins at byte ${this.#at}`);
    return marker;
  }

  #take(kind: Kind): string {
    const marker = this.#marker();
    if (MARKERS[marker].kind !== kind) throw invalid(`${kind} expected at byte ${this.#at}`);
    if (this.#given === undefined) this.#at += 1;
    this.#given = undefined;
    return marker;
  }

  #isNext(character: string): boolean {
    if (this.#bytes[this.#at] !== character.charCodeAt(0)) return false;
    this.#at += 1;
    return true;
  }

  #skipNoOperations(): void {
    while (this.#bytes[this.#at] === NO_OPERATION) this.#at += 1;
  }
}

/** Whether numbers of this type are all of one size. */
function isFixed(type: string): boolean {
  return MARKERS[type].kind === 'number' && type !== 'H';
}

function emptyBlock(type: string, count: number): Numbers {
  switch (type) {
    case 'i':
      return new Int8Array(count);
    case 'U':
      return new Uint8Array(count);
    case 'I':
      return new Int16Array(count);
    case 'l':
      return new Int32Array(count);
    case 'd':
    case 'D':
      return new Float32Array(count);
    default:
      return new Float64Array(count);
  }
}

function highPrecision(text: string): number {
  if (!HIGH_PRECISION.test(text)) throw invalid(`a high-precision number that is none: ${text.slice(0, 40)}`);
  return /[.eE]/.test(text) ? nearestFloat32(Number(text), () => text) : Number(text);
}

function truncated(): Error {
  return invalid('the file ends early: it promises more than it holds');
}

import { nearestFloat32 } from './decimal-float32.js';
import { DocumentReader, Keys, Nesting, utf8, type Kind, type Numbers } from './document-reader.js';
import { GrowingNumbers } from './growing-numbers.js';
import { invalid, LIMITS, tooLarge } from './limits.js';

/** A marker is a byte. What it begins, and the fewest bytes that follow it; undefined: the byte is no marker. */
const KINDS: (Kind | undefined)[] = new Array<Kind | undefined>(256).fill(undefined);
const PAYLOADS = new Uint8Array(256);
const MARKERS: readonly [marker: string, kind: Kind, bytes: number][] = [
  ['Z', 'null', 0],
  ['T', 'boolean', 0],
  ['F', 'boolean', 0],
  ['i', 'number', 1],
  ['U', 'number', 1],
  ['I', 'number', 2],
  ['l', 'number', 4],
  ['L', 'number', 8],
  ['d', 'number', 4],
  ['D', 'number', 8],
  ['H', 'number', 2],
  ['C', 'string', 1],
  ['S', 'string', 2],
  ['[', 'array', 1],
  ['{', 'object', 1],
];
for (const [marker, kind, bytes] of MARKERS) {
  KINDS[marker.charCodeAt(0)] = kind;
  PAYLOADS[marker.charCodeAt(0)] = bytes;
}
const [TRUE, INT8, UINT8, INT16, INT32, INT64, FLOAT32, HIGH, CHARACTER] = Buffer.from('TiUIlLdHC');
const [NO_OPERATION, TYPE, COUNT, CLOSE_ARRAY, CLOSE_OBJECT] = Buffer.from('N$#]}');

const HIGH_PRECISION = /^-?\d{1,100}(?:\.\d{1,100})?(?:[eE][+-]?\d{1,4})?$/;

/** UBJSON draft 12 with all its markers; numbers are big-endian. */
export class UbjsonReader extends DocumentReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #nesting = new Nesting();
  #at = 0;
  /** The marker of the next value, where its container has named one for all its values. */
  #given: number | undefined;

  constructor(bytes: Uint8Array) {
    super();
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  peek(): Kind {
    return KINDS[this.#marker()]!;
  }

  object(field: (key: string) => void): void {
    this.#take('object');
    const keys = new Keys();
    const { type, count } = this.#header();
    this.#each(CLOSE_OBJECT, count, () => {
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
    if (marker === HIGH) return highPrecision(this.#text());
    return this.#scalar(marker);
  }

  boolean(): boolean {
    return this.#take('boolean') === TRUE;
  }

  string(): string {
    return this.#take('string') === CHARACTER ? utf8(this.#slice(1)) : this.#text();
  }

  skip(): void {
    switch (this.peek()) {
      case 'object':
        return this.object(() => this.skip());
      case 'array':
        return this.#skipArray();
      case 'string':
        return void this.#slice(this.#take('string') === CHARACTER ? 1 : this.#length());
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
    if (type !== undefined && isFixed(type)) this.#slice(count! * PAYLOADS[type]);
    else this.#elements(type, count, () => this.skip());
  }

  /** What a container says of its values before the first: one type for all (then a count too), how many. */
  #header(): { type: number | undefined; count: number | undefined } {
    const type = this.#isNext(TYPE) ? this.#slice(1)[0] : undefined;
    if (type !== undefined && KINDS[type] === undefined)
      throw invalid(`unknown type of values at byte ${this.#at - 1}`);
    const counted = this.#isNext(COUNT);
    if (type !== undefined && !counted) throw invalid(`values of one type without a count at byte ${this.#at}`);
    const count = counted ? this.#length() : undefined;
    const each = type === undefined ? 1 : Math.max(1, PAYLOADS[type]);
    // A value without bytes counts as one: else a few bytes would claim billions of values.
    if (count !== undefined && count * each > this.#bytes.length - this.#at) throw truncated();
    return { type, count };
  }

  #elements(type: number | undefined, count: number | undefined, item: () => void): void {
    this.#each(CLOSE_ARRAY, count, () => {
      this.#given = type;
      item();
    });
  }

  #each(close: number, count: number | undefined, item: () => void): void {
    this.#nesting.within(() => {
      if (count !== undefined) for (let i = 0; i < count; i += 1) item();
      else while (!this.#closes(close)) item();
    });
  }

  #closes(close: number): boolean {
    this.#skipNoOperations();
    return this.#isNext(close);
  }

  #block(type: number, count: number): Numbers {
    if (count > LIMITS.elements) throw tooLarge('numbers in an array', LIMITS.elements);
    const numbers = emptyBlock(type, count);
    for (let i = 0; i < count; i += 1) numbers[i] = this.#scalar(type);
    return numbers;
  }

  #scalar(type: number): number {
    const bytes = PAYLOADS[type];
    this.#need(bytes);
    const at = this.#at;
    this.#at += bytes;
    switch (type) {
      case INT8:
        return this.#view.getInt8(at);
      case UINT8:
        return this.#view.getUint8(at);
      case INT16:
        return this.#view.getInt16(at);
      case INT32:
        return this.#view.getInt32(at);
      case INT64:
        return this.#view.getInt32(at) * 2 ** 32 + this.#view.getUint32(at + 4);
      case FLOAT32:
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
    const marker = this.#slice(1)[0];
    if (!isInteger(marker)) throw invalid(`a length expected at byte ${this.#at - 1}`);
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

  #marker(): number {
    if (this.#given !== undefined) return this.#given;
    this.#skipNoOperations();
    this.#need(1);
    const marker = this.#bytes[this.#at];
    if (KINDS[marker] === undefined) throw invalid(`no value begins at byte ${this.#at}`);
    return marker;
  }

  #take(kind: Kind): number {
    const marker = this.#marker();
    if (KINDS[marker] !== kind) throw invalid(`${kind} expected at byte ${this.#at}`);
    if (this.#given === undefined) this.#at += 1;
    this.#given = undefined;
    return marker;
  }

  #isNext(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false;
    this.#at += 1;
    return true;
  }

  #skipNoOperations(): void {
    while (this.#bytes[this.#at] === NO_OPERATION) this.#at += 1;
  }
}

function isInteger(type: number): boolean {
  return type === INT8 || type === UINT8 || type === INT16 || type === INT32 || type === INT64;
}

/** Whether numbers of this type are all of one size. */
function isFixed(type: number): boolean {
  return KINDS[type] === 'number' && type !== HIGH;
}

function emptyBlock(type: number, count: number): Numbers {
  switch (type) {
    case INT8:
      return new Int8Array(count);
    case UINT8:
      return new Uint8Array(count);
    case INT16:
      return new Int16Array(count);
    case INT32:
      return new Int32Array(count);
    case INT64:
      return new Float64Array(count);
    default:
      return new Float32Array(count);
  }
}

function highPrecision(text: string): number {
  if (!HIGH_PRECISION.test(text)) throw invalid(`a high-precision number that is none: ${text.slice(0, 40)}`);
  return /[.eE]/.test(text) ? nearestFloat32(Number(text), () => text) : Number(text);
}

function truncated(): Error {
  return invalid('the file ends early: it promises more than it holds');
}

import { GrowingNumbers } from './growing-numbers.js';
import { invalid, LIMITS, tooLarge } from './limits.js';

export type Kind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';

/** The numbers of an array, as exact as the document has them. */
export type Numbers = Float64Array | Float32Array | Int32Array | Int16Array | Int8Array | Uint8Array;

/**
 * A document read once, front to back: the caller says what it expects next and gets it, or SOURCE_INVALID. Nothing is kept
 * that the caller does not keep, so a hostile document costs the time to read it and no memory.
 */
export abstract class DocumentReader {
  /** What comes next. */
  abstract peek(): Kind;
  /** @param field is called at each value and reads it; a key that comes twice is SOURCE_INVALID */
  abstract object(field: (key: string) => void): void;
  /** @param item is called at each element and reads it */
  abstract array(item: () => void): void;
  /** An array of numbers alone. */
  abstract numbers(): Numbers;
  /** With a fraction or an exponent it is a float32, as XGBoost reads it. */
  abstract number(): number;
  abstract boolean(): boolean;
  abstract string(): string;
  /** Reads the next value, whatever it is, and forgets it. */
  abstract skip(): void;
  /** @throws SOURCE_INVALID where anything follows the value that was read */
  abstract end(): void;

  /** An array of 0 and 1, which old files write as false and true. */
  flags(): Uint8Array {
    const found = new GrowingNumbers();
    this.array(() => found.add(this.peek() === 'boolean' ? Number(this.boolean()) : this.number()));
    const flags = found.all();
    if (flags.some((flag) => flag !== 0 && flag !== 1)) throw invalid('a flag is neither 0 nor 1');
    return Uint8Array.from(flags);
  }
}

/** How deep a reader is. */
export class Nesting {
  #depth = 0;

  within(read: () => void): void {
    this.#depth += 1;
    if (this.#depth > LIMITS.depth) throw tooLarge('objects and arrays inside one another', LIMITS.depth);
    read();
    this.#depth -= 1;
  }
}

/** The keys that an object has had. */
export class Keys {
  readonly #seen = new Set<string>();

  add(key: string): void {
    if (this.#seen.has(key)) throw invalid(`key ${JSON.stringify(key)} comes twice in an object`);
    if (this.#seen.size === LIMITS.keys) throw tooLarge('keys in an object', LIMITS.keys);
    this.#seen.add(key);
  }
}

/** @throws SOURCE_INVALID where the bytes are not UTF-8 */
export function utf8(bytes: Uint8Array): string {
  if (bytes.length > LIMITS.stringBytes) throw tooLarge('bytes in a string', LIMITS.stringBytes);
  try {
    return UTF8.decode(bytes);
  } catch {
    throw invalid('a string is not UTF-8');
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

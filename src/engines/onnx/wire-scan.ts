import { OnnxRefused } from './onnx-refusal.js';

/** What a field of ONNX's schema costs once it is decoded, and where a message in it goes on. */
type Field =
  | { readonly message: keyof typeof MESSAGES; readonly repeated: boolean }
  /** Numbers, one after another in a single field where they are packed: bytes each, 0 for varints. */
  | { readonly packed: 0 | 4 | 8 }
  | { readonly repeatedBytes: true };

type Fields = Readonly<Record<number, Field>>;

const one = (message: keyof typeof MESSAGES): Field => ({ message, repeated: false });
const many = (message: keyof typeof MESSAGES): Field => ({ message, repeated: true });
const bytes: Field = { repeatedBytes: true };

/** Of onnx-proto's schema, all that can be many or deep. */
const MESSAGES = {
  model: () => ({ 7: one('graph'), 8: many('leaf'), 14: many('leaf'), 20: bytes, 25: bytes }),
  graph: () => ({
    ...{ 1: many('node'), 5: many('tensor'), 11: many('valueInfo'), 12: many('valueInfo'), 13: many('valueInfo') },
    15: bytes,
  }),
  node: () => ({ 1: bytes, 2: bytes, 5: many('attribute') }),
  attribute: () => ({
    ...{ 5: one('tensor'), 6: one('graph'), 7: { packed: 4 }, 8: { packed: 0 }, 9: bytes },
    ...{ 10: many('tensor'), 11: many('graph') },
  }),
  tensor: () => ({
    ...{ 1: { packed: 0 }, 4: { packed: 4 }, 5: { packed: 0 }, 6: bytes, 7: { packed: 0 }, 10: { packed: 8 } },
    ...{ 11: { packed: 0 }, 13: many('leaf') },
  }),
  valueInfo: () => ({ 2: one('type') }),
  type: () => ({ 1: one('tensorType') }),
  tensorType: () => ({ 2: one('shape') }),
  shape: () => ({ 1: many('leaf') }),
  /** Holds neither messages nor lists. */
  leaf: () => ({}),
} as const satisfies Record<string, () => unknown>;

const FIELDS = Object.fromEntries(Object.entries(MESSAGES).map(([name, fields]) => [name, fields()])) as Record<
  keyof typeof MESSAGES,
  Fields
>;

/** Graphs in attributes in nodes in graphs: five graphs deep, and what a graph holds. */
const MOST_DEPTH = 20;
/** Numbers, and messages at MESSAGE numbers each: about 50 bytes apiece once decoded. */
const MOST_PARTS = 16_000_000;
const MESSAGE = 8;
const BYTES = 3;

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

/**
 * Walks a file's wire format before it is decoded: a few bytes can ask the decoder for gigabytes, or for a stack without
 * end; and a message that stands twice is merged by one reader and replaced by another.
 * @throws OnnxRefused ONNX_UNREADABLE, ONNX_TOO_LARGE, ONNX_INVALID
 */
export function scanWire(file: Uint8Array): void {
  new WireScan(file).message('model', 0, file.length, 0);
}

class WireScan {
  #parts = 0;

  constructor(private readonly file: Uint8Array) {}

  message(name: keyof typeof MESSAGES, from: number, end: number, depth: number): void {
    if (depth > MOST_DEPTH) throw new OnnxRefused('ONNX_TOO_LARGE', 'its graphs are nested too deep');
    this.#count(MESSAGE);
    const seen = new Set<number>();
    for (let at = from; at < end;) {
      const [tag, value] = this.#varint(at, end);
      const [number, wire] = [Math.floor(tag / 8), tag % 8];
      const field = FIELDS[name][number];
      if (number === 0) throw cutOff('a field without number', at);
      if (wire === DELIMITED) {
        const [length, first] = this.#varint(value, end);
        at = first + length;
        if (at > end) throw cutOff('a length past its end', value);
        if (field) this.#delimited(field, number, first, at, depth, seen);
      } else {
        this.#count(1);
        at = this.#scalarEnd(wire, value, end);
      }
    }
  }

  #delimited(field: Field, number: number, from: number, end: number, depth: number, seen: Set<number>): void {
    if ('packed' in field)
      return this.#count(field.packed > 0 ? (end - from) / field.packed : this.#varints(from, end));
    if ('repeatedBytes' in field) return this.#count(BYTES);
    if (!field.repeated && seen.has(number)) {
      throw new OnnxRefused('ONNX_INVALID', `it has two ${field.message}s where there is one`);
    }
    seen.add(number);
    this.message(field.message, from, end, depth + 1);
  }

  #count(parts: number): void {
    this.#parts += parts;
    if (this.#parts > MOST_PARTS) throw new OnnxRefused('ONNX_TOO_LARGE', `it has more than ${MOST_PARTS} parts`);
  }

  #scalarEnd(wire: number, at: number, end: number): number {
    if (wire === VARINT) return this.#varint(at, end)[1];
    if (wire !== FIXED32 && wire !== FIXED64) throw cutOff(`wire type ${wire}`, at);
    const next = at + (wire === FIXED32 ? 4 : 8);
    if (next > end) throw cutOff('a number past its end', at);
    return next;
  }

  /** @returns the value, inexact past 2^53, and where it ends */
  #varint(at: number, end: number): [value: number, next: number] {
    let value = 0;
    for (let i = 0; i < 10; i += 1) {
      if (at + i >= end) throw cutOff('a number past its end', at);
      const byte = this.file[at + i]!;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return [value, at + i + 1];
    }
    throw cutOff('a number of more than 10 bytes', at);
  }

  /** Each varint ends with the one byte of it that is below 128. */
  #varints(from: number, end: number): number {
    let count = 0;
    for (let at = from; at < end; at += 1) if (this.file[at]! < 0x80) count += 1;
    return count;
  }
}

function cutOff(what: string, at: number): OnnxRefused {
  return new OnnxRefused('ONNX_UNREADABLE', `it is no ONNX file, or cut off: ${what} at byte ${at}`);
}

import { OnnxRefused } from './onnx-refusal.js';

type Message =
  | 'model'
  | 'graph'
  | 'node'
  | 'attribute'
  | 'tensor'
  | 'valueInfo'
  | 'type'
  | 'tensorType'
  | 'shape'
  | 'dimension'
  | 'entry'
  | 'opset';
type Numbers = 'varint' | 'fixed32' | 'fixed64';
/** `bytes` are a text or an opaque message; a star: any number of them. */
type Kind = Numbers | `${Numbers}*` | 'bytes' | 'bytes*' | Message | `${Message}*`;

/** onnx-proto's schema, by field number. */
const SCHEMA: Readonly<Record<Message, Readonly<Record<number, Kind>>>> = {
  model: {
    ...{ 1: 'varint', 2: 'bytes', 3: 'bytes', 4: 'bytes', 5: 'varint', 6: 'bytes', 7: 'graph', 8: 'opset*' },
    ...{ 14: 'entry*', 20: 'bytes*', 25: 'bytes*' },
  },
  graph: {
    ...{ 1: 'node*', 2: 'bytes', 5: 'tensor*', 11: 'valueInfo*', 12: 'valueInfo*', 13: 'valueInfo*', 15: 'bytes*' },
  },
  node: { 1: 'bytes*', 2: 'bytes*', 3: 'bytes', 4: 'bytes', 5: 'attribute*', 7: 'bytes', 8: 'bytes' },
  attribute: {
    ...{ 1: 'bytes', 2: 'fixed32', 3: 'varint', 4: 'bytes', 5: 'tensor', 6: 'graph', 7: 'fixed32*', 8: 'varint*' },
    ...{ 9: 'bytes*', 10: 'tensor*', 11: 'graph*', 14: 'bytes', 20: 'varint', 21: 'bytes', 22: 'bytes' },
  },
  tensor: {
    ...{ 1: 'varint*', 2: 'varint', 4: 'fixed32*', 5: 'varint*', 6: 'bytes*', 7: 'varint*', 8: 'bytes', 9: 'bytes' },
    ...{ 10: 'fixed64*', 11: 'varint*', 13: 'entry*', 14: 'varint' },
  },
  valueInfo: { 1: 'bytes', 2: 'type' },
  type: { 1: 'tensorType', 4: 'bytes', 5: 'bytes', 9: 'bytes' },
  tensorType: { 1: 'varint', 2: 'shape' },
  shape: { 1: 'dimension*' },
  dimension: { 1: 'varint', 2: 'bytes' },
  entry: { 1: 'bytes', 2: 'bytes' },
  opset: { 1: 'bytes', 2: 'varint' },
};

const WIRE: Readonly<Record<Numbers, number>> = { varint: 0, fixed64: 1, fixed32: 5 };
const DELIMITED = 2;

/** A graph in an attribute of a node is three messages deeper; what lies in the innermost is four. */
const MOST_DEPTH = 20;
/** Numbers; texts and messages count as some: about 50 bytes apiece once decoded. */
const MOST_PARTS = 10_000_000;
const TEXT = 3;
const MESSAGE = 8;

/**
 * Walks a file's wire format before it is decoded. A few bytes can ask the decoder for gigabytes, or for a stack without
 * end; a message that stands twice is merged by one reader and replaced by another; a field of another wire type than its
 * own is skipped by one and misread by another.
 * @throws OnnxRefused ONNX_UNREADABLE, ONNX_TOO_LARGE, ONNX_INVALID
 */
export function scanWire(file: Uint8Array): void {
  new WireScan(file).message('model', 0, file.length, 0);
}

class WireScan {
  #parts = 0;

  constructor(private readonly file: Uint8Array) {}

  message(name: Message, from: number, end: number, depth: number): void {
    if (depth > MOST_DEPTH) throw new OnnxRefused('ONNX_TOO_LARGE', 'its graphs are nested too deep');
    this.#count(MESSAGE);
    const singles = new Set<Message>();
    for (let at = from; at < end;) {
      const [tag, value] = this.#varint(at, end);
      const [number, wire] = [Math.floor(tag / 8), tag % 8];
      const kind = SCHEMA[name][number];
      if (number === 0 || (kind && !mayBe(kind, wire))) throw unreadable(`a ${name} with field ${number}:${wire}`, at);
      const [first, next] = this.#extent(wire, value, end);
      if (wire !== DELIMITED || kind === undefined) this.#count(1);
      else if (!isMessage(kind)) this.#count(kind.startsWith('bytes') ? TEXT : this.#numbers(kind, first, next));
      else {
        const inner = kind.replace('*', '') as Message;
        if (inner === kind && singles.has(inner))
          throw new OnnxRefused('ONNX_INVALID', `a ${name} has two of ${inner}`);
        singles.add(inner);
        this.message(inner, first, next, depth + 1);
      }
      at = next;
    }
  }

  #count(parts: number): void {
    this.#parts += parts;
    if (this.#parts > MOST_PARTS) throw new OnnxRefused('ONNX_TOO_LARGE', `it has more than ${MOST_PARTS} parts`);
  }

  /** @returns where a field's contents begin and end */
  #extent(wire: number, at: number, end: number): [first: number, next: number] {
    if (wire === WIRE.varint) return [at, this.#varint(at, end)[1]];
    const [length, first] = wire === DELIMITED ? this.#varint(at, end) : [wire === WIRE.fixed32 ? 4 : 8, at];
    if (wire !== DELIMITED && wire !== WIRE.fixed32 && wire !== WIRE.fixed64) throw unreadable(`wire type ${wire}`, at);
    if (first + length > end) throw unreadable('a field past its end', at);
    return [first, first + length];
  }

  /** @returns the value, inexact past 2^53, and where it ends */
  #varint(at: number, end: number): [value: number, next: number] {
    let value = 0;
    for (let i = 0; i < 10; i += 1) {
      if (at + i >= end) throw unreadable('a number past its end', at);
      const byte = this.file[at + i]!;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return [value, at + i + 1];
    }
    throw unreadable('a number of more than 10 bytes', at);
  }

  /** @returns how many numbers are packed there: a varint ends with the one byte of it that is below 128 */
  #numbers(kind: Kind, from: number, end: number): number {
    if (kind === 'fixed32*') return (end - from) / 4;
    if (kind === 'fixed64*') return (end - from) / 8;
    let count = 0;
    for (let at = from; at < end; at += 1) if (this.file[at]! < 0x80) count += 1;
    return count;
  }
}

const isMessage = (kind: Kind): boolean => kind.replace('*', '') in SCHEMA;

/** Several numbers are packed into one field, or each has its own. */
function mayBe(kind: Kind, wire: number): boolean {
  const own = WIRE[kind.replace('*', '') as Numbers];
  if (own === undefined) return wire === DELIMITED;
  return wire === own || (wire === DELIMITED && kind.endsWith('*'));
}

function unreadable(what: string, at: number): OnnxRefused {
  return new OnnxRefused('ONNX_UNREADABLE', `it is no ONNX file, or cut off: ${what} at byte ${at}`);
}

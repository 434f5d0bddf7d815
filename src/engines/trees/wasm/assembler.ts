import type { Float } from '../tree-ensemble.js';

/**
 * Enough of WebAssembly's binary format (core specification 2.0, section 5) to write the tree kernel in TypeScript, so
 * that neither a compiler nor a binary file is needed. Code is a list of bytes; an operator takes the code of its operands.
 */
export type Code = readonly number[];

const TYPE = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
type Type = (typeof TYPE)[keyof typeof TYPE];

/** LEB128, unsigned. */
function unsigned(value: number): Code {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 128);
  }
}

/** LEB128, signed, 32 bits. */
function signed(value: number): Code {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    const last = rest & 127;
    if (rest >> 6 === 0 || rest >> 6 === -1) return [...bytes, last];
    bytes.push(last | 128);
  }
}

const name = (text: string): Code => [...unsigned(text.length), ...Array.from(text, (char) => char.charCodeAt(0))];
const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const sized = (bytes: Code): Code => [...unsigned(bytes.length), ...bytes];
const SIMD = (op: number): Code => [0xfd, ...unsigned(op)];

const binary =
  (...op: number[]) =>
  (a: Code, b: Code): Code => [...a, ...b, ...op];
const unary =
  (...op: number[]) =>
  (a: Code): Code => [...a, ...op];
/** `offset` is added to the address; no alignment is promised. */
const load =
  (...op: number[]) =>
  (address: Code, offset = 0): Code => [...address, ...op, 0, ...unsigned(offset)];
const store =
  (...op: number[]) =>
  (address: Code, value: Code, offset = 0): Code => [...address, ...value, ...op, 0, ...unsigned(offset)];

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  load: load(0x28),
  load8S: load(0x2c),
  load8U: load(0x2d),
  store: store(0x36),
  store8: store(0x3a),
  ltU: binary(0x49),
  add: binary(0x6a),
  sub: binary(0x6b),
  or: binary(0x72),
  xor: binary(0x73),
  shl: binary(0x74),
  shrU: binary(0x76),
};

const f32 = { load: load(0x2a), store: store(0x38), le: binary(0x5f), add: binary(0x92), log2Bytes: 2 };
const f64 = { load: load(0x2b), store: store(0x39), le: binary(0x65), add: binary(0xa0), log2Bytes: 3 };
export const realOf = (float: Float) => (float === 'float32' ? f32 : f64);

export const v128 = {
  load: load(...SIMD(0)),
  /** The byte at an address, sixteen times. */
  load8Splat: load(...SIMD(7)),
  store: store(...SIMD(11)),
  zero: [...SIMD(12), ...new Array<number>(16).fill(0)] as Code,
  and: binary(...SIMD(78)),
  or: binary(...SIMD(80)),
  xor: binary(...SIMD(81)),
};

export const i8x16 = {
  splat: unary(...SIMD(15)),
  eq: binary(...SIMD(35)),
  gtS: binary(...SIMD(39)),
  /** Sixteen signed 16-bit numbers to bytes 0 to 255, those beyond to the nearest. */
  narrowU: binary(...SIMD(102)),
  maxU: binary(...SIMD(121)),
};

export const i16x8 = {
  /** Eight signed 32-bit numbers to 16 bits, those beyond to the nearest. */
  narrowS: binary(...SIMD(134)),
};

export const i32x4 = { splat: unary(...SIMD(17)), ltS: binary(...SIMD(57)), sub: binary(...SIMD(177)) };

/** `yes` where the condition is not 0; both are computed. */
export const select = (condition: Code, yes: Code, no: Code): Code => [...yes, ...no, ...condition, 0x1b];

/** Runs the body until the condition, asked after it, is 0. */
export const repeatWhile = (condition: Code, ...body: Code[]): Code => [
  ...[0x03, 0x40],
  ...body.flat(),
  ...condition,
  ...[0x0d, 0, 0x0b],
];

/** Runs the body as long as the condition, asked before it, is not 0. */
export const whileDo = (condition: Code, ...body: Code[]): Code => [
  ...condition,
  ...[0x04, 0x40],
  ...repeatWhile(condition, ...body),
  0x0b,
];

export interface Local {
  readonly get: Code;
  set(value: Code): Code;
  /** Adds to an i32. */
  advance(by: number | Code): Code;
}

/** The parameters and locals of one routine. */
export class Scope {
  readonly locals: Type[] = [];

  constructor(private readonly params: number) {}

  i32(): Local {
    return this.#declare(TYPE.i32);
  }

  v128(): Local {
    return this.#declare(TYPE.v128);
  }

  real(float: Float): Local {
    return this.#declare(float === 'float32' ? TYPE.f32 : TYPE.f64);
  }

  #declare(type: Type): Local {
    this.locals.push(type);
    return local(this.params + this.locals.length - 1);
  }
}

function local(index: number): Local {
  const get: Code = [0x20, ...unsigned(index)];
  const set = (value: Code): Code => [...value, 0x21, ...unsigned(index)];
  return { get, set, advance: (by) => set(i32.add(get, typeof by === 'number' ? i32.const(by) : by)) };
}

export interface Routine {
  readonly name: string;
  readonly params: number;
  readonly code: Code;
}

/** A routine that takes `params` i32 and returns nothing. */
export function routine(
  name: string,
  params: number,
  write: (scope: Scope, ...params: Local[]) => readonly Code[],
): Routine {
  const scope = new Scope(params);
  const body = write(scope, ...Array.from({ length: params }, (_, i) => local(i))).flat();
  return { name, params, code: sized([...list(scope.locals.map((type) => [1, type])), ...body, 0x0b]) };
}

/** @returns a module that imports `host.memory` and exports the routines */
export function assemble(routines: readonly Routine[]): Uint8Array<ArrayBuffer> {
  const section = (id: number, items: readonly Code[]): Code => [id, ...sized(list(items))];
  const header = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const types = routines.map(({ params }): Code => [0x60, ...list(new Array<Code>(params).fill([TYPE.i32])), 0]);
  const memory: Code = [...name('host'), ...name('memory'), 2, 0, 1];
  const typeOf = routines.map((_, i) => unsigned(i));
  const exported = routines.map(({ name: text }, i): Code => [...name(text), 0, ...unsigned(i)]);
  const bodies = routines.map(({ code }) => code);
  return Uint8Array.from([
    ...header,
    ...section(1, types),
    ...section(2, [memory]),
    ...section(3, typeOf),
    ...section(7, exported),
    ...section(10, bodies),
  ]);
}

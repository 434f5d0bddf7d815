import type { Float } from '../tree-ensemble.js';
import { assemble } from './assembler.js';
import { rankRoutine } from './rank-routine.js';
import { sweepRoutine } from './sweep-routine.js';
import { LANES, TILE } from './tile.js';
import { walkRoutine } from './walk-routine.js';

/** What we use of the one global that the kernel needs; Node has it, its type declarations do not. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  readonly Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
};

export const PAGE_BYTES = 65_536;
/** Vectors of 16 rows that a sweep is written for: few rows do not pay for a whole tile. */
const SWEEPS = [1, 2, 4, 8] as const;

type Routine = (...params: number[]) => void;

export interface TreeRoutines {
  readonly memory: ArrayBuffer;
  readonly rank: Routine;
  readonly walk: Routine;
  /** @returns the sweep for so many rows of a tile */
  sweepFor(rows: number): Routine;
}

/** The routines depend on nothing but the arithmetic: all models share their code, and what V8 has learned of it. */
const modules = new Map<Float, object>();

/** @param bytes of memory that the routines work on; it does not grow */
export function treeRoutines(float: Float, bytes: number): TreeRoutines {
  const pages = Math.ceil(bytes / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { exports } = new WebAssembly.Instance(moduleOf(float), { host: { memory } });
  const { rank, walk, ...rest } = exports as Record<string, Routine>;
  const sweeps = SWEEPS.map((vectors) => rest[`sweep${vectors}`]!);
  const byVector = Array.from({ length: TILE / LANES }, (_, i) => sweeps[SWEEPS.findIndex((vectors) => vectors > i)]!);
  return { memory: memory.buffer, rank: rank!, walk: walk!, sweepFor: (rows) => byVector[(rows - 1) >> 4]! };
}

function moduleOf(float: Float): object {
  const known = modules.get(float);
  if (known) return known;
  const sweeps = SWEEPS.map((vectors) => sweepRoutine(float, vectors));
  const module = new WebAssembly.Module(assemble([rankRoutine(float), walkRoutine(float), ...sweeps]));
  modules.set(float, module);
  return module;
}

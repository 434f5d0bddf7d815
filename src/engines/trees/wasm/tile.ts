/** Rows that go through the trees together: what is known of them lies in the first-level cache, and a node is read once for all. */
export const TILE = 128;
/** Bytes of one SIMD register: rows that one instruction answers for. */
export const LANES = 16;
/** Trees that `walk` goes down at once: the loads of one hide behind those of the others. */
export const WALKERS = 8;

/** [TILE] int32: each row's rank among the cuts of the column at hand. */
export const RANKS = 0;
/** The leaf that each row has come to: `sweep` [TILE] bytes, of one tree; `walk` [WALKERS][TILE] int32. */
export const LABELS = RANKS + 4 * TILE;
/** What lies behind is laid out by a model's size. */
export const SCRATCH_END = LABELS + 4 * TILE * WALKERS;

export const each = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

import { TINY } from './columns.js';
import { nextBelow } from './next-below.js';
import { MODE, type TreeEnsemble } from './tree-ensemble.js';

/** Cuts that a byte tells apart. */
const PLANE_CUTS = 255;
/** Bytes that a table answers with: at or before any cut, beyond all. */
export const YES = -128;
export const NO = 127;
/** The cut that tells YES from NO. */
const MEMBER_CUT = 0;

/** One byte a row; the nodes that ask it compare the byte with their cut: not greater is yes. */
interface Plane {
  readonly index: number;
  readonly missingYes: boolean;
}

/** Where a row's number lies among 255 successive cuts of its column, −128 to 127. */
export interface Level extends Plane {
  /** Index of the first of them. */
  readonly firstCut: number;
}

/** Whether a row's number is in a set. */
export interface Member extends Plane {
  /** The ranks of the set's numbers. */
  readonly ranks: readonly number[];
}

/** What is asked of one column. A number's rank is how many cuts it is not at or before. */
export interface RankColumn {
  readonly feature: number;
  /** Ascending, each once, exact in the ensemble's type; a NaN, which each number is beyond, comes first. */
  readonly cuts: Float64Array;
  readonly levels: readonly Level[];
  readonly members: readonly Member[];
}

/**
 * An ensemble's questions with the numbers taken out: each number is ranked once among the cuts of its column, whatever
 * its type, and a node compares bytes. Exact, as ranks keep the order: x ≤ cut i exactly where rank(x) ≤ i; x < t is
 * x ≤ the number before t; x = c is the rank between the number before c and c; a column asked both ways about NaN has
 * planes for both.
 */
export interface RankPlanes {
  readonly columns: readonly RankColumn[];
  readonly count: number;
  /** [nodes] the plane that the node asks, and the byte it compares with; 0 in a leaf. */
  readonly plane: Int32Array;
  readonly cut: Int8Array;
}

/** @param flushTiny numbers within ±1e-35 count as 0; the cuts see to it, the numbers stay as they are */
export function rankPlanes(ensemble: TreeEnsemble, flushTiny: boolean): RankPlanes {
  const cutter = new Cutter(ensemble, flushTiny);
  const columns = columnsOf(ensemble, cutter);
  const plane = new Int32Array(ensemble.mode.length);
  const cut = new Int8Array(ensemble.mode.length);
  let count = 0;
  for (let node = 0; node < plane.length; node += 1) {
    if (ensemble.mode[node] === MODE.LEAF) continue;
    const column = columns.get(ensemble.feature[node])!;
    const missingYes = ensemble.missingYes[node] === 1;
    const asked =
      ensemble.mode[node] === MODE.MEMBER
        ? column.member(ensemble.threshold[node], missingYes, count)
        : column.level(cutter.cutOf(node), missingYes, count);
    plane[node] = asked.plane;
    cut[node] = asked.cut;
    count = Math.max(count, asked.plane + 1);
  }
  return { columns: [...columns.values()], count, plane, cut };
}

function columnsOf(ensemble: TreeEnsemble, cutter: Cutter): Map<number, Column> {
  const found = new Map<number, number[]>();
  const seen = new Set<number>();
  for (let node = 0; node < ensemble.mode.length; node += 1) {
    if (ensemble.mode[node] === MODE.LEAF) continue;
    const feature = ensemble.feature[node];
    const cuts = found.get(feature) ?? [];
    found.set(feature, cuts);
    if (ensemble.mode[node] !== MODE.MEMBER) {
      cuts.push(cutter.cutOf(node));
      continue;
    }
    const set = ensemble.threshold[node];
    const pair = feature * ensemble.sets.length + set;
    if (seen.has(pair)) continue;
    seen.add(pair);
    for (const category of cutter.categoriesOf(set)) cuts.push(cutter.before(category), cutter.at(category));
  }
  const ascending = [...found].sort(([a], [b]) => a - b);
  return new Map(ascending.map(([feature, cuts]) => [feature, new Column(feature, cuts, cutter)]));
}

/** Numbers to cuts, in the ensemble's arithmetic. */
class Cutter {
  constructor(
    private readonly ensemble: TreeEnsemble,
    private readonly flushTiny: boolean,
  ) {}

  /** @returns c such that a number of the type is at or before c exactly where the flushed number is at or before x */
  at(x: number): number {
    if (!this.flushTiny || !(x >= -TINY && x < TINY)) return x + 0;
    return x >= 0 ? TINY : nextBelow(-TINY, this.ensemble.float);
  }

  before(x: number): number {
    return this.at(nextBelow(x, this.ensemble.float));
  }

  cutOf(node: number): number {
    const { mode, threshold } = this.ensemble;
    return mode[node] === MODE.LEQ ? this.at(threshold[node]) : this.before(threshold[node]);
  }

  /** @returns a set's categories that a number of the type can equal */
  categoriesOf(set: number): Int32Array {
    const { float, sets } = this.ensemble;
    return float === 'float64' ? sets[set] : sets[set].filter((category) => Math.fround(category) === category);
  }
}

class Column implements RankColumn {
  readonly cuts: Float64Array;
  readonly levels: Level[] = [];
  readonly members: Member[] = [];
  readonly #indexes: Map<number, number>;
  readonly #levelPlanes = new Map<number, number>();
  readonly #memberPlanes = new Map<number, number>();

  constructor(
    readonly feature: number,
    cuts: readonly number[],
    private readonly cutter: Cutter,
  ) {
    const numbers = Float64Array.from(cuts.filter((cut) => !Number.isNaN(cut))).sort();
    const distinct = numbers.filter((cut, i) => i === 0 || cut !== numbers[i - 1]);
    this.cuts = numbers.length < cuts.length ? Float64Array.of(NaN, ...distinct) : distinct;
    this.#indexes = new Map(Array.from(this.cuts, (cut, i) => [cut, i]));
  }

  /** @returns the plane to ask and the byte to compare with; `next` is the plane's index if it is a new one */
  level(cut: number, missingYes: boolean, next: number): { plane: number; cut: number } {
    const rank = this.#indexes.get(cut)!;
    const firstCut = rank - (rank % PLANE_CUTS);
    const key = 2 * firstCut + Number(missingYes);
    const plane = this.#levelPlanes.get(key) ?? next;
    if (plane === next) {
      this.#levelPlanes.set(key, plane);
      this.levels.push({ index: plane, missingYes, firstCut });
    }
    return { plane, cut: rank - firstCut - 128 };
  }

  member(set: number, missingYes: boolean, next: number): { plane: number; cut: number } {
    const key = 2 * set + Number(missingYes);
    const plane = this.#memberPlanes.get(key) ?? next;
    if (plane === next) {
      const ranks = Array.from(this.cutter.categoriesOf(set), (category) =>
        this.#indexes.get(this.cutter.at(category))!,
      );
      this.#memberPlanes.set(key, plane);
      this.members.push({ index: plane, missingYes, ranks });
    }
    return { plane, cut: MEMBER_CUT };
  }
}

import { NO, rankPlanes, YES, type RankColumn, type RankPlanes } from './rank-planes.js';
import { MODE, type TreeEnsemble } from './tree-ensemble.js';
import type { TreeModel } from './tree-model.js';
import { treeShapes, type TreeShapes } from './tree-shapes.js';
import { ADD_BYTES } from './wasm/add-leaves.js';
import { COLUMN_BYTES, PLANE_BYTES } from './wasm/rank-routine.js';
import { MOST_LEAVES, NODE_BYTES, TREE_BYTES } from './wasm/sweep-routine.js';
import { SCRATCH_END, TILE, WALKERS } from './wasm/tile.js';
import { GROUP_BYTES, GROUP_ENDS, GROUP_ROOTS, STEP_BYTES } from './wasm/walk-routine.js';

/** Cache lines; what is read in one piece begins at one. */
const LINE = 64;

interface Span {
  readonly at: number;
  readonly end: number;
}

/** A model as the routines read it: what it is made of, and where each part lies. */
export interface KernelMemory {
  readonly ensemble: TreeEnsemble;
  readonly planes: RankPlanes;
  readonly shapes: TreeShapes;
  /** Bytes of a number. */
  readonly size: 4 | 8;
  /** Whether `sweep` can take all trees. */
  readonly swept: boolean;

  /** [TILE][features] numbers, row after row. */
  readonly tile: Span;
  /** [targets][TILE] numbers. */
  readonly sums: Span;
  /** [planes][TILE] bytes. */
  readonly bytes: Span;
  /** The descriptions that the routines run along. */
  readonly columns: Span;
  readonly nodes: Span;
  readonly trees: Span;
  readonly steps: Span;
  readonly groups: Span;
  readonly additions: Span;
  /** What those point to: cuts of each column, tables of its members, weights by label. */
  readonly cuts: readonly Span[];
  readonly tables: readonly (readonly Span[])[];
  readonly weights: Span;
  readonly end: number;
}

/** Targets that a tree adds to. */
const targetsOf = ({ treeTarget, targets }: TreeEnsemble, tree: number): number => (treeTarget[tree] < 0 ? targets : 1);

/** Cuts with their spare ones, such that the last of 2^k ranks is left to NaN. */
const ranksOf = ({ cuts }: RankColumn): number => Math.max(2, 2 ** Math.ceil(Math.log2(cuts.length + 2)));

export function kernelMemory({ ensemble, rules }: TreeModel): KernelMemory {
  const planes = rankPlanes(ensemble, rules.flushTiny);
  const shapes = treeShapes(ensemble);
  const { float, features, targets, treeTarget, mode } = ensemble;
  const size = float === 'float32' ? 4 : 8;
  const swept = shapes.leaves.every((leaves) => leaves <= MOST_LEAVES);
  const additions = treeTarget.reduce((sum, _, tree) => sum + targetsOf(ensemble, tree), 0);
  const weights = shapes.leaves.reduce((sum, leaves, tree) => sum + leaves * targetsOf(ensemble, tree), 0);
  const described = planes.columns.map(({ levels, members }) => levels.length + members.length);
  const columns = described.reduce((sum, count) => sum + COLUMN_BYTES + PLANE_BYTES * count, 0);
  let end = SCRATCH_END;
  const take = (bytes: number): Span => {
    const at = end;
    end = Math.ceil((at + bytes) / LINE) * LINE;
    return { at, end: at + bytes };
  };
  return {
    ...{ ensemble, planes, shapes, size, swept },
    tile: take(TILE * features * size),
    sums: take(TILE * targets * size),
    bytes: take(TILE * Math.max(1, planes.count)),
    columns: take(columns),
    nodes: take(swept ? shapes.branches * NODE_BYTES : 0),
    trees: take(swept ? treeTarget.length * TREE_BYTES : 0),
    steps: take((mode.length + 1) * STEP_BYTES),
    groups: take(Math.ceil(treeTarget.length / WALKERS) * GROUP_BYTES),
    additions: take(additions * ADD_BYTES),
    cuts: planes.columns.map((column) => take((ranksOf(column) - 1) * size)),
    tables: planes.columns.map((column) => column.members.map(() => take(ranksOf(column)))),
    weights: take(weights * size),
    end,
  };
}

/** The memory as numbers of each kind; addresses are in bytes. */
class Words {
  readonly #int32: Int32Array;
  readonly bytes: Int8Array;
  readonly reals: Float32Array | Float64Array;

  constructor(
    memory: ArrayBuffer,
    readonly size: 4 | 8,
  ) {
    this.#int32 = new Int32Array(memory);
    this.bytes = new Int8Array(memory);
    this.reals = size === 4 ? new Float32Array(memory) : new Float64Array(memory);
  }

  put(at: number, ...values: number[]): void {
    for (let i = 0; i < values.length; i += 1) this.#int32[at / 4 + i] = values[i];
  }
}

/** Writes the model into the memory of its routines. */
export function fillMemory(layout: KernelMemory, memory: ArrayBuffer): void {
  const words = new Words(memory, layout.size);
  fillColumns(layout, words);
  fillTrees(layout, words);
  fillGroups(layout, words);
}

function fillColumns({ planes, size, tile, bytes, columns, cuts, tables }: KernelMemory, words: Words): void {
  let at = columns.at;
  planes.columns.forEach((column, i) => {
    const ranks = ranksOf(column);
    words.reals.fill(Infinity, cuts[i].at / size, cuts[i].end / size);
    words.reals.set(column.cuts, cuts[i].at / size);
    const levels = at + COLUMN_BYTES + PLANE_BYTES * column.levels.length;
    const members = levels + PLANE_BYTES * column.members.length;
    words.put(at, tile.at + column.feature * size, cuts[i].at, (ranks / 2) * size, levels, members);
    at += COLUMN_BYTES;
    for (const { index, firstCut, missingYes } of column.levels) {
      words.put(at, bytes.at + TILE * index, firstCut, missingYes ? 0 : -1);
      at += PLANE_BYTES;
    }
    column.members.forEach(({ index, ranks: inside, missingYes }, j) => {
      const table = tables[i][j];
      words.bytes.fill(NO, table.at, table.end);
      for (const rank of inside) words.bytes[table.at + rank] = YES;
      words.bytes[table.end - 1] = missingYes ? YES : NO;
      words.put(at, bytes.at + TILE * index, table.at, 0);
      at += PLANE_BYTES;
    });
  });
}

/** Nodes and trees for `sweep`, weights and additions for both. */
function fillTrees(layout: KernelMemory, words: Words): void {
  const { ensemble, planes, shapes, size, swept, sums } = layout;
  const { mode, no, leaf, roots, treeTarget } = ensemble;
  let [node, add, weights] = [layout.nodes.at, layout.additions.at, layout.weights.at];
  for (let tree = 0; tree < treeTarget.length; tree += 1) {
    const targets = targetsOf(ensemble, tree);
    const stride = shapes.leaves[tree] * size;
    for (let i = roots[tree]; i < roots[tree + 1]; i += 1) {
      if (mode[i] === MODE.LEAF) {
        const at = (weights + shapes.leftmost[i] * size) / size;
        for (let t = 0; t < targets; t += 1) words.reals[at + t * shapes.leaves[tree]] = ensemble.weights[leaf[i] + t];
      } else if (swept) {
        words.put(node, layout.bytes.at + TILE * planes.plane[i]);
        words.bytes[node + 4] = planes.cut[i];
        words.bytes[node + 5] = shapes.leftmost[i];
        words.bytes[node + 6] = shapes.leftmost[no[i]];
        node += NODE_BYTES;
      }
    }
    for (let t = 0; t < targets; t += 1) {
      const target = targets === 1 ? Math.max(0, treeTarget[tree]) : t;
      words.put(add, weights, sums.at + TILE * target * size);
      weights += stride;
      add += ADD_BYTES;
    }
    if (swept) words.put(layout.trees.at + tree * TREE_BYTES, node, add);
  }
}

/** Steps and groups for `walk`. The walkers that the last group has too many stand at a leaf of their own. */
function fillGroups(layout: KernelMemory, words: Words): void {
  const { ensemble, planes, shapes, steps, bytes } = layout;
  const { mode, yes, roots, treeTarget } = ensemble;
  const idle = steps.end - STEP_BYTES;
  words.put(idle, bytes.at, NO, idle, 0);
  let add = layout.additions.at;
  for (let first = 0; first < treeTarget.length; first += WALKERS) {
    const group = layout.groups.at + (first / WALKERS) * GROUP_BYTES;
    const trees = Math.min(WALKERS, treeTarget.length - first);
    const nearest = Math.min(...shapes.nearest.subarray(first, first + trees));
    const farthest = Math.max(...shapes.farthest.subarray(first, first + trees));
    words.put(group, nearest, farthest - nearest, trees);
    for (let i = 0; i < WALKERS; i += 1) words.put(group + GROUP_ROOTS + 4 * i, idle);
    for (let i = 0; i < trees; i += 1) {
      const tree = first + i;
      const root = steps.at + STEP_BYTES * roots[tree];
      add += ADD_BYTES * targetsOf(ensemble, tree);
      words.put(group + GROUP_ROOTS + 4 * i, root);
      words.put(group + GROUP_ENDS + 4 * i, add);
      for (let node = roots[tree]; node < roots[tree + 1]; node += 1) {
        const at = root + STEP_BYTES * shapes.place[node];
        if (mode[node] === MODE.LEAF) words.put(at, bytes.at, NO, at, shapes.leftmost[node]);
        else
          words.put(
            at,
            bytes.at + TILE * planes.plane[node],
            planes.cut[node],
            root + STEP_BYTES * shapes.place[yes[node]],
            0,
          );
      }
    }
  }
}

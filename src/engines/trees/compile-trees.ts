import type { Floats } from '../inference.engine.js';
import { applyRules } from './columns.js';
import { fillMemory, kernelMemory, type KernelMemory } from './kernel-memory.js';
import type { TreeModel } from './tree-model.js';
import { TILE } from './wasm/tile.js';
import { treeRoutines } from './wasm/tree-routines.js';

/** Beyond it a model is left to ONNX Runtime. */
const MOST_BYTES = 512 * 1024 * 1024;
/** What a step of `walk` costs, in nodes of a sweep over 16 rows; measured where both take as long (bench tree). */
const STEP_IN_NODES = 1.3;

/** A model ready to run. All its memory is its own, taken at once and given back with it. */
export interface TreeKernel {
  /** Of memory, whatever the number of rows. */
  readonly bytes: number;
  /**
   * Applies the column rules and the trees: the margins of `applyRules` and `walk`, bit for bit, however rows are batched.
   * @param input at least rows × features numbers, row after row
   * @param margins filled with rows × targets numbers, row after row
   */
  run(rows: number, input: Floats, margins: Floats): void;
}

/**
 * Lays a tree model out for the WebAssembly routines of `wasm/`. Relies on one global, `WebAssembly`, with baseline SIMD
 * (Node 16.4 and newer), and on a little-endian machine.
 * @throws Error where the model needs more memory than a kernel may have
 */
export function compileTrees(model: TreeModel): TreeKernel {
  const layout = kernelMemory(model);
  if (layout.end > MOST_BYTES) {
    const needed = Math.ceil(layout.end / 1024 / 1024);
    throw new Error(`the trees need ${needed} MiB of memory, ${MOST_BYTES / 1024 / 1024} at most`);
  }
  return new Kernel(model, layout);
}

class Kernel implements TreeKernel {
  readonly bytes: number;
  readonly #routines: ReturnType<typeof treeRoutines>;
  readonly #tile: Floats;
  readonly #sums: Floats;
  /** The tile's rows, of a model whose columns ask for more than other cuts. */
  readonly #ruled: readonly Floats[];
  /** From so many rows on a sweep is faster than a walk for each. */
  readonly #sweepFrom: number;

  constructor(
    private readonly model: TreeModel,
    private readonly layout: KernelMemory,
  ) {
    const { ensemble, rules } = model;
    const { size, tile, sums, shapes, swept } = layout;
    this.#routines = treeRoutines(ensemble.float, layout.end);
    this.bytes = this.#routines.memory.byteLength;
    fillMemory(layout, this.#routines.memory);
    const reals = size === 4 ? new Float32Array(this.#routines.memory) : new Float64Array(this.#routines.memory);
    this.#tile = reals.subarray(tile.at / size, tile.end / size);
    this.#sums = reals.subarray(sums.at / size, sums.end / size);
    const { features } = ensemble;
    const plain = rules.zeroIsMissing.length === 0 && !rules.categories;
    this.#ruled = Array.from({ length: plain ? 0 : TILE }, (_, i) =>
      this.#tile.subarray(i * features, (i + 1) * features),
    );
    const steps = shapes.farthest.reduce((sum, levels) => sum + levels, 0);
    this.#sweepFrom = swept ? shapes.branches / (STEP_IN_NODES * Math.max(1, steps)) : Infinity;
  }

  run(rows: number, input: Floats, margins: Floats): void {
    for (let first = 0; first < rows; first += TILE) this.#score(first, Math.min(TILE, rows - first), input, margins);
  }

  #score(first: number, rows: number, input: Floats, margins: Floats): void {
    const { features, targets } = this.model.ensemble;
    const { columns, trees, nodes, groups, additions, size } = this.layout;
    this.#tile.set(input.subarray(first * features, (first + rows) * features));
    for (let row = 0; row < Math.min(rows, this.#ruled.length); row += 1) {
      applyRules(this.model.rules, this.model.ensemble.float, this.#ruled[row]);
    }
    this.#sums.fill(0);
    const { rank, walk, sweepFor } = this.#routines;
    rank(columns.at, columns.end, features * size, rows);
    if (rows < this.#sweepFrom) walk(groups.at, groups.end, additions.at, rows);
    else sweepFor(rows)(trees.at, trees.end, nodes.at, additions.at);
    for (let row = 0; row < rows; row += 1) {
      for (let target = 0; target < targets; target += 1) {
        margins[(first + row) * targets + target] = this.#sums[target * TILE + row];
      }
    }
  }
}

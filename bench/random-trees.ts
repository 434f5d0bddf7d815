import { MODE, type Float, type TreeEnsemble } from '../src/engines/trees/tree-ensemble.js';

/** What the trees of an ensemble look like. */
export interface Forest {
  readonly float: Float;
  readonly features: number;
  readonly trees: number;
  /** Leaves parted at random at each branch; `depth`: complete trees instead. */
  readonly size: { readonly leaves: number } | { readonly depth: number };
  readonly targets?: number;
  /** Share of trees whose leaves carry a weight for each target, 0..1. */
  readonly vectors?: number;
  /**
   * Comparisons, one drawn a branch; by default both. A library writes one only, and where a model has both ONNX Runtime
   * takes 1.36 times as long: a fair measure names one.
   */
  readonly modes?: readonly number[];
  /** Sets to ask for; a quarter of the branches then does. */
  readonly sets?: readonly Int32Array[];
  /** A threshold; by default between −1 and 1. */
  readonly threshold?: (random: () => number) => number;
  /** How nodes follow one another; by default depth first, yes before no. */
  readonly order?: 'depth' | 'breadth';
}

/** mulberry32 @returns 0 ≤ x < 1 */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Trees that ask at random: the worst for whoever predicts branches. */
export function randomTrees(forest: Forest, seed: number): TreeEnsemble {
  const { float, features, trees, targets = 1, vectors = 0, sets = [] } = forest;
  const random = seeded(seed);
  const grown = new Growth(forest, random);
  const [roots, treeTarget]: number[][] = [[], []];
  for (let tree = 0; tree < trees; tree += 1) {
    const vector = random() < vectors;
    roots.push(grown.mode.length);
    treeTarget.push(vector ? -1 : Math.floor(random() * targets));
    grown.tree(vector ? targets : 1);
  }
  return {
    ...{ float, features, targets, sets },
    roots: Int32Array.of(...roots, grown.mode.length),
    treeTarget: Int32Array.from(treeTarget),
    mode: Uint8Array.from(grown.mode),
    feature: Int32Array.from(grown.feature),
    threshold: Float64Array.from(grown.threshold),
    yes: Int32Array.from(grown.yes),
    no: Int32Array.from(grown.no),
    missingYes: Uint8Array.from(grown.missingYes),
    leaf: Int32Array.from(grown.leaf),
    weights: Float64Array.from(grown.weights),
  };
}

interface Seedling {
  readonly leaves: number;
  readonly parent: number;
  readonly side: 'yes' | 'no';
}

class Growth {
  readonly mode: number[] = [];
  readonly feature: number[] = [];
  readonly threshold: number[] = [];
  readonly yes: number[] = [];
  readonly no: number[] = [];
  readonly missingYes: number[] = [];
  readonly leaf: number[] = [];
  readonly weights: number[] = [];

  constructor(
    private readonly forest: Forest,
    private readonly random: () => number,
  ) {}

  /** @param width weights of a leaf */
  tree(width: number): void {
    const { size, order } = this.forest;
    const leaves = 'depth' in size ? 2 ** size.depth : size.leaves;
    const pending: Seedling[] = [{ leaves, parent: -1, side: 'yes' }];
    for (let next = pending.pop(); next; next = order === 'breadth' ? pending.shift() : pending.pop()) {
      const node = this.mode.length;
      if (next.parent >= 0) this[next.side][next.parent] = node;
      this.#add();
      if (next.leaves === 1) {
        this.leaf[node] = this.weights.length;
        for (let i = 0; i < width; i += 1) this.weights.push(this.#round((this.random() - 0.5) / 50));
        continue;
      }
      this.#ask(node);
      const left = 'depth' in size ? next.leaves / 2 : 1 + this.#pick(next.leaves - 1);
      const right = { leaves: next.leaves - left, parent: node, side: 'no' } as const;
      pending.push(right, { leaves: left, parent: node, side: 'yes' });
    }
  }

  #add(): void {
    for (const field of [this.mode, this.feature, this.threshold, this.missingYes]) field.push(0);
    for (const field of [this.yes, this.no, this.leaf]) field.push(-1);
  }

  #ask(node: number): void {
    const { features, modes = [MODE.LEQ, MODE.LT], sets = [], threshold = (random) => random() * 2 - 1 } = this.forest;
    const member = sets.length > 0 && this.random() < 0.25;
    this.mode[node] = member ? MODE.MEMBER : modes[this.#pick(modes.length)];
    this.feature[node] = this.#pick(features);
    this.threshold[node] = member ? this.#pick(sets.length) : this.#round(threshold(this.random));
    this.missingYes[node] = this.#pick(2);
  }

  #pick(count: number): number {
    return Math.floor(this.random() * count);
  }

  #round(x: number): number {
    return this.forest.float === 'float32' ? Math.fround(x) : x;
  }
}

/** Rows of numbers between −1 and 1, one in twenty missing. */
export function randomRows(rows: number, { float, features }: TreeEnsemble, seed: number): Float32Array | Float64Array {
  const random = seeded(seed);
  const values = Array.from({ length: rows * features }, () => (random() < 0.05 ? NaN : random() * 2 - 1));
  return float === 'float32' ? Float32Array.from(values) : Float64Array.from(values);
}

import { MODE, type Float, type TreeEnsemble } from '../trees/tree-ensemble.js';

/** A TreeEnsemble as a reader grows it, node by node, tree after tree. */
export class EnsembleDraft {
  readonly #roots: number[] = [];
  readonly #treeTarget: number[] = [];
  readonly #mode: number[] = [];
  readonly #feature: number[] = [];
  readonly #threshold: number[] = [];
  readonly #yes: number[] = [];
  readonly #no: number[] = [];
  readonly #missingYes: number[] = [];
  readonly #leaf: number[] = [];
  readonly #weights: number[] = [];
  readonly #sets: Int32Array[] = [];

  constructor(
    private readonly float: Float,
    private readonly features: number,
    private readonly targets: number,
  ) {}

  get nodes(): number {
    return this.#mode.length;
  }

  /** @param target −1: each leaf carries a weight for each target */
  tree(target: number): void {
    this.#roots.push(this.nodes);
    this.#treeTarget.push(target);
  }

  leaf(weights: ArrayLike<number>): number {
    this.#leaf.push(this.#weights.length);
    for (let i = 0; i < weights.length; i += 1) this.#weights.push(weights[i]!);
    return this.#node(MODE.LEAF, 0, 0, 0);
  }

  /** Its children are told by `join`, once they have their places. */
  branch(mode: number, feature: number, threshold: number, missingYes: boolean): number {
    this.#leaf.push(-1);
    return this.#node(mode, feature, threshold, missingYes ? 1 : 0);
  }

  /** @returns the threshold of a MEMBER branch that asks for this set */
  set(categories: Iterable<number>): number {
    const ascending = [...new Set(categories)].sort((a, b) => a - b);
    return this.#sets.push(Int32Array.from(ascending)) - 1;
  }

  join(branch: number, yes: number, no: number): void {
    this.#yes[branch] = yes;
    this.#no[branch] = no;
  }

  done(): TreeEnsemble {
    return {
      ...{ float: this.float, features: this.features, targets: this.targets },
      roots: Int32Array.from([...this.#roots, this.nodes]),
      treeTarget: Int32Array.from(this.#treeTarget),
      mode: Uint8Array.from(this.#mode),
      feature: Int32Array.from(this.#feature),
      threshold: Float64Array.from(this.#threshold),
      yes: Int32Array.from(this.#yes),
      no: Int32Array.from(this.#no),
      missingYes: Uint8Array.from(this.#missingYes),
      leaf: Int32Array.from(this.#leaf),
      weights: Float64Array.from(this.#weights),
      sets: this.#sets,
    };
  }

  #node(mode: number, feature: number, threshold: number, missingYes: number): number {
    this.#feature.push(feature);
    this.#threshold.push(threshold);
    this.#missingYes.push(missingYes);
    this.#yes.push(-1);
    this.#no.push(-1);
    return this.#mode.push(mode) - 1;
  }
}

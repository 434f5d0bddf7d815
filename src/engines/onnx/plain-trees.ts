import { MODE, type Float, type TreeEnsemble } from '../trees/tree-ensemble.js';
import { V5_MODE } from './tree-ensemble-node.js';
import { readable } from './unreadable.js';

/** The mode of a leaf, beside V5_MODE's. */
export const LEAF = 255;

/** Trees as ONNX's operators hold them: any comparison, leaves with the weights of some targets. */
export interface PlainTrees {
  readonly targets: number;
  /** [trees] first node of each, in the order of their sum. */
  readonly roots: readonly number[];
  /** [nodes] V5_MODE or LEAF. */
  readonly mode: ArrayLike<number>;
  readonly feature: ArrayLike<number>;
  readonly split: ArrayLike<number>;
  /** [nodes] node index where the answer is yes, and where it is no. */
  readonly yes: ArrayLike<number>;
  readonly no: ArrayLike<number>;
  /** [nodes] 1: NaN goes to `yes`. */
  readonly missingYes: ArrayLike<number>;
  /** By node index, of MEMBER. */
  readonly members: ReadonlyMap<number, readonly number[]>;
  /** [nodes + 1] where a node's weights begin in the two lists below. */
  readonly weightsFrom: ArrayLike<number>;
  readonly weightTarget: ArrayLike<number>;
  readonly weight: ArrayLike<number>;
}

interface Shape {
  readonly float: Float;
  readonly features: number;
}

/** A node's place in the ensemble, and the parent that must learn of it. */
interface Visit {
  readonly node: number;
  readonly parent: number;
  readonly answer: 'yes' | 'no';
}

/** What a node asks, in the terms of TreeEnsemble. */
interface Question {
  readonly mode: number;
  readonly threshold: number;
  readonly members?: readonly number[];
  readonly yes: number;
  readonly no: number;
  readonly missingYes: number;
}

/**
 * One ensemble of them: each tree's nodes depth first, `yes` before `no`, a set a MEMBER node.
 * @throws Unreadable where a tree shares its branches, is not finite, or asks what TreeEnsemble cannot say
 */
export function ensembleOf(trees: PlainTrees, shape: Shape): TreeEnsemble {
  const made = new Growth(trees, shape);
  trees.roots.forEach((root, tree) => made.tree(root, tree));
  return made.ensemble();
}

class Growth {
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
  readonly #seen: Uint8Array;

  constructor(
    private readonly trees: PlainTrees,
    private readonly shape: Shape,
  ) {
    this.#seen = new Uint8Array(trees.mode.length);
  }

  tree(root: number, tree: number): void {
    const first = this.#mode.length;
    this.#roots.push(first);
    const leaves: number[] = [];
    const pending: Visit[] = [{ node: root, parent: -1, answer: 'yes' }];
    for (let visit = pending.pop(); visit; visit = pending.pop()) {
      const { node, parent, answer } = visit;
      const at = this.#mode.length;
      if (parent >= 0) (answer === 'yes' ? this.#yes : this.#no)[parent] = at;
      if (this.trees.mode[node] === LEAF) {
        leaves.push(node);
        this.#node({ mode: MODE.LEAF, threshold: 0, yes: -1, no: -1, missingYes: 0 }, 0);
        continue;
      }
      readable(!this.#seen[node], `tree ${tree} shares a branch between two parents`);
      this.#seen[node] = 1;
      const question = questionOf(this.trees, node);
      const feature = this.trees.feature[node]!;
      readable(feature >= 0 && feature < this.shape.features, `it asks column ${feature} of ${this.shape.features}`);
      this.#node(question, feature);
      pending.push({ node: question.no, parent: at, answer: 'no' }, { node: question.yes, parent: at, answer: 'yes' });
    }
    this.#weigh(first, leaves);
  }

  ensemble(): TreeEnsemble {
    return {
      ...this.shape,
      targets: this.trees.targets,
      roots: Int32Array.from([...this.#roots, this.#mode.length]),
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

  #node({ mode, threshold, members, missingYes }: Question, feature: number): void {
    this.#mode.push(mode);
    this.#feature.push(feature);
    this.#threshold.push(members ? this.#sets.push(Int32Array.from(members)) - 1 : threshold);
    this.#missingYes.push(missingYes);
    this.#yes.push(-1);
    this.#no.push(-1);
    this.#leaf.push(-1);
  }

  /** One target: where each leaf weighs that one alone. Else a leaf's weights of all targets, 0 where it has none. */
  #weigh(first: number, leaves: readonly number[]): void {
    const { targets, weightsFrom, weightTarget, weight } = this.trees;
    const target = weightTarget[weightsFrom[leaves[0]!]!]!;
    const alone = leaves.every((leaf) => weightsFrom[leaf + 1]! - weightsFrom[leaf]! === 1);
    const single = alone && leaves.every((leaf) => weightTarget[weightsFrom[leaf]!] === target);
    this.#treeTarget.push(single ? target : -1);
    let at = first;
    for (const leaf of leaves) {
      while (this.#mode[at] !== MODE.LEAF) at += 1;
      this.#leaf[at++] = this.#weights.length;
      const all = new Array<number | undefined>(targets).fill(undefined);
      readable(weightsFrom[leaf + 1]! > weightsFrom[leaf]!, 'a leaf has no weight');
      for (let i = weightsFrom[leaf]!; i < weightsFrom[leaf + 1]!; i += 1) {
        readable(all[weightTarget[i]!] === undefined, 'a leaf has two weights for one target');
        readable(Number.isFinite(weight[i]), 'a weight is not finite');
        all[weightTarget[i]!] = weight[i];
      }
      if (single) this.#weights.push(all[target]!);
      else for (const one of all) this.#weights.push(one ?? 0);
    }
  }
}

/** `>` and `>=` are `<=` and `<` with the children exchanged. NaN differs from every number: NEQ sends it to `yes`. */
function questionOf(trees: PlainTrees, node: number): Question {
  const [yes, no] = [trees.yes[node]!, trees.no[node]!];
  const threshold = trees.split[node]!;
  const missingYes = trees.missingYes[node] === 1 ? 1 : 0;
  const as = { threshold, yes, no, missingYes };
  const exchanged = { threshold, yes: no, no: yes, missingYes: 1 - missingYes };
  const mode = trees.mode[node];
  if (mode === V5_MODE.MEMBER) return { ...as, mode: MODE.MEMBER, members: categories(trees.members.get(node) ?? []) };
  readable(!Number.isNaN(threshold), 'a threshold is not a number');
  switch (mode) {
    case V5_MODE.LEQ:
      return { ...as, mode: MODE.LEQ };
    case V5_MODE.LT:
      return { ...as, mode: MODE.LT };
    case V5_MODE.GT:
      return { ...exchanged, mode: MODE.LEQ };
    case V5_MODE.GTE:
      return { ...exchanged, mode: MODE.LT };
    case V5_MODE.EQ:
      return { ...as, mode: MODE.MEMBER, members: categories([threshold]) };
    case V5_MODE.NEQ:
      return { ...exchanged, mode: MODE.MEMBER, members: categories([threshold]), missingYes: 0 };
    default:
      return readable(false, `a node's mode is ${mode}`) as never;
  }
}

function categories(members: readonly number[]): number[] {
  for (const one of members) {
    readable(
      Number.isInteger(one) && one >= 0 && one < 2 ** 31,
      `it asks whether a number is ${one}, which is no category`,
    );
  }
  return [...new Set(members)].sort((a, b) => a - b);
}

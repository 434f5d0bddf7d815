import { MODE, type Float, type TreeEnsemble } from '../../trees/tree-ensemble.js';
import { V5_MODE } from './v5-mode.js';
import { readable, Unreadable } from './unreadable.js';

/** A row's margins are held for each row of a batch. */
export const MOST_TARGETS = 4096;

/** A leaf that weighs some targets is held with a weight for each. */
const MOST_WEIGHTS = 2 ** 24;

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
  /** [targets] added after the trees; empty: nothing is. */
  readonly base: readonly number[];
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
 * @param vectorLeaves trees of the ensemble that stand here once a target
 * @throws Unreadable where a tree shares its branches, is not finite, or asks what TreeEnsemble cannot say
 */
export function ensembleOf(
  trees: PlainTrees,
  shape: Shape,
  vectorLeaves: ReadonlySet<number> = new Set(),
): TreeEnsemble {
  readable(trees.targets > 0 && trees.targets <= MOST_TARGETS, `it has ${trees.targets} targets`);
  readable(trees.roots.length > 0, 'it has no tree');
  const made = new Growth(trees, shape);
  let at = 0;
  for (let tree = 0; at < trees.roots.length; tree += 1) {
    const vector = vectorLeaves.has(tree);
    const copies = vector ? trees.targets : 1;
    made.tree(trees.roots.slice(at, at + copies), vector);
    at += copies;
  }
  if (trees.base.length > 0) made.base(trees.base);
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
  /** Targets that a leaf weighs, whatever the row. */
  readonly #weighed = new Set<number>();
  readonly #seen: Uint8Array;

  constructor(
    private readonly trees: PlainTrees,
    private readonly shape: Shape,
  ) {
    this.#seen = new Uint8Array(trees.mode.length);
  }

  /** @param roots of the tree; of a tree that stands once a target, all of them */
  tree([root, ...copies]: readonly number[], vector: boolean): void {
    const first = this.#mode.length;
    const leaves: number[] = [];
    const pending: Visit[] = [{ node: root!, parent: -1, answer: 'yes' }];
    for (let visit = pending.pop(); visit; visit = pending.pop()) {
      const { node, parent, answer } = visit;
      const at = this.#mode.length;
      if (parent >= 0) (answer === 'yes' ? this.#yes : this.#no)[parent] = at;
      if (this.trees.mode[node] === LEAF) {
        leaves.push(node);
        this.#node({ mode: MODE.LEAF, threshold: 0, missingYes: 0 }, 0);
        continue;
      }
      const question = this.#visit(node);
      this.#node(question, this.trees.feature[node]!);
      pending.push({ node: question.no, parent: at, answer: 'no' }, { node: question.yes, parent: at, answer: 'yes' });
    }
    const columns = copies.map((copy) => this.#leavesUnder(copy, leaves.length));
    this.#roots.push(first);
    const weighed = leaves.map((leaf, i) => [leaf, ...columns.map((column) => column[i]!)]);
    this.#weigh(first, weighed, vector);
  }

  /** Of several targets, the runtime may leave out the base value of one that no leaf of a row weighs. */
  base(values: readonly number[]): void {
    const bare = values.findIndex((value, target) => value !== 0 && values.length > 1 && !this.#weighed.has(target));
    readable(bare < 0, `target ${bare} has a base value, and there is no tree of which each leaf weighs it`);
    this.#roots.push(this.#mode.length);
    this.#treeTarget.push(values.length === 1 ? 0 : -1);
    this.#node({ mode: MODE.LEAF, threshold: 0, missingYes: 0 }, 0);
    this.#leaf[this.#leaf.length - 1] = this.#weights.length;
    for (const value of values) this.#weights.push(finite(value));
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

  #node({ mode, threshold, members, missingYes }: Omit<Question, 'yes' | 'no'>, feature: number): void {
    this.#mode.push(mode);
    this.#feature.push(feature);
    this.#threshold.push(members ? this.#sets.push(Int32Array.from(members)) - 1 : threshold);
    this.#missingYes.push(missingYes);
    this.#yes.push(-1);
    this.#no.push(-1);
    this.#leaf.push(-1);
  }

  #visit(node: number): Question {
    readable(this.#seen[node] === 0, 'two branches share a child');
    this.#seen[node] = 1;
    const feature = this.trees.feature[node]!;
    readable(feature >= 0 && feature < this.shape.features, `it asks column ${feature} of ${this.shape.features}`);
    return questionOf(this.trees, node);
  }

  /** The leaves of a tree's copy, in the order of the tree's own. */
  #leavesUnder(root: number, expected: number): number[] {
    const leaves: number[] = [];
    const pending = [root];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (this.trees.mode[node] === LEAF) leaves.push(node);
      else {
        const { yes, no } = this.#visit(node);
        pending.push(no, yes);
      }
    }
    readable(leaves.length === expected, 'the copies of a tree differ');
    return leaves;
  }

  /**
   * One target: where each leaf weighs that one alone. Else a leaf's weights of all targets, 0 where it has none.
   * @param leaves each with its copies
   */
  #weigh(first: number, leaves: readonly (readonly number[])[], vector: boolean): void {
    const weights = leaves.map((leaf) => this.#weightsOf(leaf));
    const [target] = weights[0]!.keys();
    const single = !vector && weights.every((one) => one.size === 1 && one.has(target!));
    this.#treeTarget.push(single ? target! : -1);
    const targets = single ? [target!] : Array.from({ length: this.trees.targets }, (_, t) => t);
    const count = this.#weights.length + weights.length * targets.length;
    readable(count <= MOST_WEIGHTS, `its leaves would have ${count} weights`);
    for (const t of targets) if (weights.every((one) => one.has(t))) this.#weighed.add(t);
    let at = first;
    for (const one of weights) {
      while (this.#mode[at] !== MODE.LEAF) at += 1;
      this.#leaf[at++] = this.#weights.length;
      for (const t of targets) this.#weights.push(one.get(t) ?? 0);
    }
  }

  /** @returns a leaf's weights by target, at least one */
  #weightsOf(leaf: readonly number[]): Map<number, number> {
    const { weightsFrom, weightTarget, weight } = this.trees;
    const weights = new Map<number, number>();
    for (const one of leaf) {
      for (let i = weightsFrom[one]!; i < weightsFrom[one + 1]!; i += 1) {
        readable(!weights.has(weightTarget[i]!), 'a leaf has two weights for one target');
        weights.set(weightTarget[i]!, finite(weight[i]!));
      }
    }
    readable(weights.size > 0, 'a leaf has no weight');
    return weights;
  }
}

function finite(weight: number): number {
  readable(Number.isFinite(weight), `a weight is ${weight}`);
  return weight;
}

/** `>` and `>=` are `<=` and `<` with the children exchanged. NaN differs from every number: NEQ sends it to `yes`. */
function questionOf(trees: PlainTrees, node: number): Question {
  const [yes, no] = [trees.yes[node]!, trees.no[node]!];
  const threshold = trees.split[node]!;
  const missingYes = trees.missingYes[node] === 1 ? 1 : 0;
  const as = { threshold, yes, no, missingYes };
  const exchanged = { threshold, yes: no, no: yes, missingYes: 1 - missingYes };
  readable(!Number.isNaN(threshold), 'a threshold is not a number');
  switch (trees.mode[node]) {
    case V5_MODE.MEMBER:
      return { ...as, mode: MODE.MEMBER, members: categories(trees.members.get(node) ?? []) };
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
      throw new Unreadable(`a node's mode is ${trees.mode[node]}`);
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

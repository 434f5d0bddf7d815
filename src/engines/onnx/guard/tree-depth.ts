import { Attributes } from '../onnx-node.js';
import type { OnnxNode } from '../onnx-proto.js';
import { OnnxRefused } from './onnx-refusal.js';
import { tensorFault, tensorValues } from '../onnx-tensor.js';
import { MOST_TARGETS } from '../tree-model/plain-trees.js';
import { V5_MODE } from '../tree-model/v5-mode.js';

/**
 * ONNX Runtime builds a tree by a call a level: past some 5,000 it overruns a worker's stack of 4 MiB, and the process is
 * gone. A set counts as many levels as it has members, for a small one becomes a chain of comparisons.
 */
const MOST_LEVELS = 2_000;

interface Branches {
  readonly roots: readonly number[];
  /** Levels of a branch; 0 of a leaf. */
  levels(node: number): number;
  /** Branches and leaves below a branch; −1 is none. */
  children(node: number): readonly [number, number];
}

/** @throws OnnxRefused for a tree operator that would take the process with it */
export function judgeTrees(node: OnnxNode): void {
  const attributes = new Attributes(node);
  const targets = attributes.int('n_targets', 0);
  if (targets > MOST_TARGETS) {
    throw new OnnxRefused('ONNX_TOO_LARGE', `${node.op_type} has ${targets} targets, at most ${MOST_TARGETS} are run`);
  }
  const branches = node.op_type === 'TreeEnsemble' ? branchesV5(attributes) : branchesV3(attributes);
  const depth = new Map<number, number>();
  for (const root of branches.roots) {
    const levels = depthOf(branches, root, depth);
    if (levels <= MOST_LEVELS) continue;
    const deep =
      levels === Infinity ? 'a tree that goes round' : `a tree of ${levels} levels, at most ${MOST_LEVELS} are run`;
    throw new OnnxRefused(levels === Infinity ? 'ONNX_INVALID' : 'ONNX_TOO_LARGE', `${node.op_type} has ${deep}`);
  }
}

const OPEN = -1;

/**
 * @param depth of the nodes that are known already
 * @returns the levels of the longest way down; Infinity where a node is below itself
 */
function depthOf({ levels, children }: Branches, root: number, depth: Map<number, number>): number {
  const pending = [root];
  while (pending.length > 0) {
    const at = pending.at(-1)!;
    const below = levels(at) === 0 ? [] : children(at).filter((child) => child >= 0);
    if (depth.get(at) === undefined) {
      depth.set(at, OPEN);
      for (const child of below) {
        if (depth.get(child) === OPEN) return Infinity;
        if (!depth.has(child)) pending.push(child);
      }
    } else {
      pending.pop();
      depth.set(at, levels(at) + Math.max(0, ...below.map((child) => depth.get(child)!)));
    }
  }
  return depth.get(root)!;
}

/** Lists that are too short leave holes: the runtime names them, and refuses the file. */
function branchesV5(attributes: Attributes): Branches {
  const modes = numbers(attributes, 'nodes_modes');
  const [yes, yesIsLeaf] = [attributes.ints('nodes_truenodeids'), attributes.ints('nodes_trueleafs')];
  const [no, noIsLeaf] = [attributes.ints('nodes_falsenodeids'), attributes.ints('nodes_falseleafs')];
  const sizes = setSizes(modes, numbers(attributes, 'membership_values'));
  return {
    roots: attributes.ints('tree_roots'),
    levels: (node) => (node in modes ? (sizes.get(node) ?? 1) : 0),
    children: (node) => [yesIsLeaf[node] === 0 ? (yes[node] ?? -1) : -1, noIsLeaf[node] === 0 ? (no[node] ?? -1) : -1],
  };
}

function setSizes(modes: ArrayLike<number>, members: ArrayLike<number>): Map<number, number> {
  const sizes = new Map<number, number>();
  let at = 0;
  for (let node = 0; node < modes.length; node += 1) {
    if (modes[node] !== V5_MODE.MEMBER) continue;
    const from = at;
    while (at < members.length && !Number.isNaN(members[at])) at += 1;
    sizes.set(node, Math.min(30, Math.max(1, at - from)));
    at += 1;
  }
  return sizes;
}

function branchesV3(attributes: Attributes): Branches {
  const trees = attributes.ints('nodes_treeids');
  const ids = attributes.ints('nodes_nodeids');
  const modes = attributes.texts('nodes_modes');
  const [yes, no] = [attributes.ints('nodes_truenodeids'), attributes.ints('nodes_falsenodeids')];
  const places = new Map(trees.map((tree, i) => [`${tree}/${ids[i]}`, i]));
  const place = (tree: number, id: number | undefined): number => places.get(`${tree}/${id}`) ?? -1;
  return {
    roots: trees.flatMap((tree, i) => (i === 0 || trees[i - 1] !== tree ? [i] : [])),
    levels: (node) => (modes[node] === undefined || modes[node] === 'LEAF' ? 0 : 1),
    children: (node) => [place(trees[node]!, yes[node]), place(trees[node]!, no[node])],
  };
}

function numbers(attributes: Attributes, name: string): ArrayLike<number> {
  const tensor = attributes.tensor(name);
  if (!tensor || tensorFault(tensor)) return [];
  return tensorValues(tensor).values as ArrayLike<number>;
}

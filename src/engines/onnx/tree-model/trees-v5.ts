import { Attributes } from '../onnx-node.js';
import { TYPE, type OnnxNode } from '../onnx-proto.js';
import { tensorFault, tensorValues } from '../onnx-tensor.js';
import { LEAF, type PlainTrees } from './plain-trees.js';
import { NEVER, type SetForm } from './set-form.js';
import { V5_MODE } from './v5-mode.js';
import { readable } from './unreadable.js';

/**
 * The trees of a TreeEnsemble node (ai.onnx.ml version 5); its leaves, a list of their own there, follow its branches.
 * @param type TYPE of its input: of its thresholds and weights too
 * @throws Unreadable
 */
export function treesV5(node: OnnxNode, type: number, form: SetForm = 'plain'): PlainTrees {
  const attributes = new Attributes(node);
  const mode = numbers(attributes, 'nodes_modes', TYPE.UINT8);
  const branches = mode.length;
  const list = (name: string, length: number): number[] => {
    const found = attributes.ints(name);
    readable(found.length === length, `${name} has ${found.length} entries, expected ${length}`);
    return found;
  };
  const weight = numbers(attributes, 'leaf_weights', type);
  const leaves = weight.length;
  const child = (answer: 'true' | 'false'): number[] => {
    const isLeaf = list(`nodes_${answer}leafs`, branches);
    return list(`nodes_${answer}nodeids`, branches).map((id, i) => {
      readable(id >= 0 && id < (isLeaf[i] ? leaves : branches), `nodes_${answer}nodeids leads to ${id}`);
      return isLeaf[i] ? branches + id : id;
    });
  };
  const targets = attributes.int('n_targets', 0);
  const weightTarget = list('leaf_targetids', leaves);
  readable(
    weightTarget.every((target) => target >= 0 && target < targets),
    `a leaf's target is none of ${targets}`,
  );
  const [yes, no] = [child('true'), child('false')];
  const missing = attributes.has('nodes_missing_value_tracks_true');
  const split = numbers(attributes, 'nodes_splits', type);
  readable(split.length === branches, `nodes_splits has ${split.length} entries, expected ${branches}`);
  return {
    targets,
    roots: rootsOf(attributes.ints('tree_roots'), { yes, no, branches }),
    mode: [...mode, ...new Array<number>(leaves).fill(LEAF)],
    feature: list('nodes_featureids', branches),
    split,
    yes,
    no,
    missingYes: missing ? list('nodes_missing_value_tracks_true', branches) : [],
    members: membersOf(
      mode,
      attributes.has('membership_values') ? numbers(attributes, 'membership_values', type) : [],
      form,
    ),
    weightsFrom: Array.from({ length: branches + leaves + 1 }, (_, i) => Math.max(0, i - branches)),
    weightTarget,
    weight,
    base: [],
  };
}

/** A root whose two answers are one leaf is that leaf. */
function rootsOf(roots: number[], { yes, no, branches }: { yes: number[]; no: number[]; branches: number }): number[] {
  return roots.map((root) => {
    readable(root >= 0 && root < branches, `a tree begins at ${root}`);
    return yes[root] === no[root] && yes[root]! >= branches ? yes[root]! : root;
  });
}

/** The sets follow one another in the order of their nodes, NaN between them. */
function membersOf(mode: ArrayLike<number>, values: ArrayLike<number>, form: SetForm): Map<number, number[]> {
  const members = new Map<number, number[]>();
  let at = 0;
  for (let node = 0; node < mode.length; node += 1) {
    if (mode[node] !== V5_MODE.MEMBER) continue;
    const set: number[] = [];
    for (; at < values.length && !Number.isNaN(values[at]); at += 1) {
      if (form === 'plain' || values[at] !== NEVER) set.push(values[at]!);
    }
    at += 1;
    readable(set.length > 0, 'a set is empty');
    members.set(node, set);
  }
  return members;
}

function numbers(attributes: Attributes, name: string, type: number): ArrayLike<number> & Iterable<number> {
  const tensor = attributes.tensor(name);
  readable(tensor !== undefined, `${name} is missing`);
  readable(tensor.data_type === type, `${name} is of type ${tensor.data_type}, expected ${type}`);
  const fault = tensorFault(tensor);
  readable(fault === undefined, `${name} ${fault}`);
  return tensorValues(tensor).values as Float64Array;
}

import { Attributes } from '../onnx-node.js';
import type { OnnxNode } from '../onnx-proto.js';
import { LEAF, type PlainTrees } from './plain-trees.js';
import { V5_MODE } from './v5-mode.js';
import { readable } from './unreadable.js';

const MODES: ReadonlyMap<string, number> = new Map([
  ['BRANCH_LEQ', V5_MODE.LEQ],
  ['BRANCH_LT', V5_MODE.LT],
  ['BRANCH_GTE', V5_MODE.GTE],
  ['BRANCH_GT', V5_MODE.GT],
  ['BRANCH_EQ', V5_MODE.EQ],
  ['BRANCH_NEQ', V5_MODE.NEQ],
  ['LEAF', LEAF],
]);

/** Where a node's list of weights goes: `target_ids` of a regressor, `class_ids` of a classifier. */
export type WeightPrefix = 'target' | 'class';

/**
 * The trees of a TreeEnsembleRegressor or a TreeEnsembleClassifier (ai.onnx.ml versions 1 and 3) with float32 attributes.
 * A tree begins with its first node.
 * @throws Unreadable
 */
export function treesV3(node: OnnxNode, prefix: WeightPrefix, targets: number): PlainTrees {
  const attributes = new Attributes(node);
  for (const name of ['nodes_values_as_tensor', `${prefix}_weights_as_tensor`, 'base_values_as_tensor']) {
    readable(!attributes.has(name), `${name} makes float64 sums of which it gives float32`);
  }
  const trees = attributes.ints('nodes_treeids');
  const list = <T>(name: string, found: T[], optional = false): T[] => {
    const fits = found.length === trees.length || (optional && found.length === 0);
    readable(fits, `${name} has ${found.length} entries, expected ${trees.length}`);
    return found;
  };
  const ints = (name: string, optional = false): number[] => list(name, attributes.ints(name), optional);
  const places = placesOf(trees, ints('nodes_nodeids'));
  const mode = list('nodes_modes', attributes.texts('nodes_modes')).map((name) => MODES.get(name) ?? -1);
  const child = (name: string): number[] =>
    ints(name).map((id, i) => (mode[i] === LEAF ? -1 : places.of(trees[i]!, id)));
  return {
    targets,
    roots: places.roots,
    mode,
    feature: ints('nodes_featureids'),
    split: list('nodes_values', attributes.floats('nodes_values')),
    yes: child('nodes_truenodeids'),
    no: child('nodes_falsenodeids'),
    missingYes: ints('nodes_missing_value_tracks_true', true),
    members: new Map(),
    base: attributes.floats('base_values'),
    ...weightsOf(attributes, prefix, { targets, mode, places }),
  };
}

interface Places {
  readonly roots: number[];
  /** @returns the node's index @throws Unreadable where there is none */
  of(tree: number, id: number): number;
}

function placesOf(trees: readonly number[], ids: readonly number[]): Places {
  const byTree = new Map<number, Map<number, number>>();
  const roots: number[] = [];
  trees.forEach((tree, i) => {
    if (i === 0 || trees[i - 1] !== tree) {
      readable(!byTree.has(tree), `the nodes of tree ${tree} are not together`);
      byTree.set(tree, new Map());
      roots.push(i);
    }
    const nodes = byTree.get(tree)!;
    readable(!nodes.has(ids[i]!), `tree ${tree} has two nodes ${ids[i]}`);
    nodes.set(ids[i]!, i);
  });
  const of = (tree: number, id: number): number => {
    const place = byTree.get(tree)?.get(id);
    readable(place !== undefined, `tree ${tree} has no node ${id}`);
    return place;
  };
  return { roots, of };
}

function weightsOf(
  attributes: Attributes,
  prefix: WeightPrefix,
  { targets, mode, places }: { targets: number; mode: readonly number[]; places: Places },
): Pick<PlainTrees, 'weightsFrom' | 'weightTarget' | 'weight'> {
  const weight = attributes.floats(`${prefix}_weights`);
  const [ids, nodes, trees] = ['ids', 'nodeids', 'treeids'].map((name) => {
    const found = attributes.ints(`${prefix}_${name}`);
    readable(
      found.length === weight.length,
      `${prefix}_${name} has ${found.length} entries, expected ${weight.length}`,
    );
    return found;
  }) as [number[], number[], number[]];
  const owners = nodes.map((id, i) => places.of(trees[i]!, id));
  readable(
    owners.every((owner) => mode[owner] === LEAF),
    'a branch has a weight',
  );
  readable(
    ids.every((id) => id >= 0 && id < targets),
    `a weight's target is none of ${targets}`,
  );
  const order = owners.map((_, i) => i).sort((a, b) => owners[a]! - owners[b]!);
  const weightsFrom = new Int32Array(mode.length + 1);
  for (const owner of owners) weightsFrom[owner + 1] += 1;
  for (let i = 0; i < mode.length; i += 1) weightsFrom[i + 1] += weightsFrom[i];
  return { weightsFrom, weightTarget: order.map((i) => ids[i]!), weight: order.map((i) => weight[i]!) };
}

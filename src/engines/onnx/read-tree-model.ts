import type { Transform } from '../trees/link-kinds.js';
import type { TreeEnsemble } from '../trees/tree-ensemble.js';
import { NO_RULES, type TreeModel } from '../trees/tree-model.js';
import { ensembleOfLists } from './listed-trees.js';
import { Attributes } from './onnx-node.js';
import { integer, TYPE, type OnnxGraph, type OnnxModel, type OnnxNode } from './onnx-proto.js';
import { NoTreeModel } from './no-tree-model.js';
import { linkOf, NOTES_KEY, treeModelNotes } from './tree-model-notes.js';
import { ensembleOfNode } from './tree-ensemble-values.js';

export type ReadTreeModel = { readonly model: TreeModel } | { readonly reason: string };

const TREE_OPS = new Set(['TreeEnsemble', 'TreeEnsembleRegressor', 'TreeEnsembleClassifier']);

/**
 * Reads back what `writeTreeModel` wrote; and trees of other tools, where the graph is one tree operator over its input with
 * at most a softmax or sigmoid behind it, in exactly ONNX Runtime's float32 or float64 arithmetic.
 * @param onnx a model that has passed the guard
 * @returns the model, or why it is none: ONNX Runtime alone then runs it
 */
export function readTreeModel(onnx: OnnxModel): ReadTreeModel {
  try {
    const graph = onnx.graph;
    if (!graph) throw new NoTreeModel('it has no graph');
    const trees = graph.node.filter(({ op_type, domain }) => domain === 'ai.onnx.ml' && TREE_OPS.has(op_type));
    if (trees.length !== 1) throw new NoTreeModel(`its graph has ${trees.length} tree operators, not one`);
    const note = onnx.metadata_props.find(({ key }) => key === NOTES_KEY)?.value;
    return { model: note === undefined ? foreign(graph, trees[0]!) : ours(graph, trees[0]!, note) };
  } catch (error) {
    if (error instanceof NoTreeModel) return { reason: error.message };
    throw error;
  }
}

function ours(graph: OnnxGraph, node: OnnxNode, note: string): TreeModel {
  const notes = treeModelNotes.safeParse(jsonOf(note));
  if (!notes.success) throw new NoTreeModel(`its ${NOTES_KEY} cannot be read: ${notes.error.issues[0]?.message}`);
  const { rules, featureNames, wideTrees } = notes.data;
  const { features } = inputOf(graph);
  const named = [...rules.zeroIsMissing, ...(rules.categories?.columns ?? [])];
  if (featureNames.length !== features || named.some((column) => column >= features))
    throw new NoTreeModel(`its ${NOTES_KEY} speaks of other columns than its ${features}`);
  const ensemble = ensembleOfNode(node, features, new Set(wideTrees));
  return { ensemble, rules, link: linkOf(notes.data), featureNames };
}

function foreign(graph: OnnxGraph, node: OnnxNode): TreeModel {
  const { name, features, double } = inputOf(graph);
  if (node.input[0] !== name) throw new NoTreeModel(`its trees read ${node.input[0]}, not its input ${name}`);
  const { ensemble, transform } = ensembleIn(node, features, double);
  const scores = node.output.at(-1)!;
  const behind = transformBehind(graph, scores);
  if (transform !== 'identity' && behind.kind !== 'identity')
    throw new NoTreeModel(`its trees end in ${transform} and a ${behind.kind} follows`);
  const link: Transform = transform === 'identity' ? behind : kindOf(transform);
  const featureNames = Array.from({ length: features }, (_, i) => `x${i}`);
  return { ensemble, rules: NO_RULES, link, featureNames };
}

type Ending = 'identity' | 'softmax' | 'sigmoid';
const kindOf = (ending: Ending): Transform => (ending === 'sigmoid' ? { kind: ending, scale: 1 } : { kind: ending });

function ensembleIn(node: OnnxNode, features: number, double: boolean): { ensemble: TreeEnsemble; transform: Ending } {
  if (node.op_type !== 'TreeEnsemble') return ensembleOfLists(node, features, double);
  // The runtime's two numbers for softmax and logistic are exchanged against its own schema: neither is trusted.
  if (new Attributes(node).int('post_transform', 0) !== 0)
    throw new NoTreeModel('its TreeEnsemble has a post_transform');
  return { ensemble: ensembleOfNode(node, features, new Set()), transform: 'identity' };
}

/** Follows the scores to the graph's end. What hangs on the labels beside them does not matter. */
function transformBehind({ node }: OnnxGraph, scores: string): Transform {
  const next = node.filter(({ input }) => input.includes(scores));
  if (next.length === 0) return { kind: 'identity' };
  if (next.length > 1) throw new NoTreeModel(`${next.length} operators read its scores`);
  const [follower] = next as [OnnxNode];
  const attributes = new Attributes(follower);
  switch (follower.op_type) {
    case 'Identity':
    case 'ZipMap':
      return transformBehind({ node } as OnnxGraph, follower.output[0]!);
    case 'Softmax':
      if (![1, -1].includes(attributes.int('axis', -1))) break;
      return endedBy(node, follower, { kind: 'softmax' });
    case 'Sigmoid':
      return endedBy(node, follower, { kind: 'sigmoid', scale: 1 });
  }
  throw new NoTreeModel(`a ${follower.op_type} reads its scores`);
}

function endedBy(node: OnnxNode[], follower: OnnxNode, transform: Transform): Transform {
  const rest = transformBehind({ node } as OnnxGraph, follower.output[0]!);
  if (rest.kind !== 'identity') throw new NoTreeModel(`a ${rest.kind} follows a ${transform.kind}`);
  return transform;
}

function inputOf({ input, initializer }: OnnxGraph): { name: string; features: number; double: boolean } {
  const weights = new Set(initializer.map(({ name }) => name));
  const inputs = input.filter(({ name }) => !weights.has(name));
  if (inputs.length !== 1) throw new NoTreeModel(`its graph has ${inputs.length} inputs`);
  const { name, type } = inputs[0]!;
  const tensor = type?.tensor_type;
  const columns = tensor?.shape?.dim[1]?.dim_value;
  if (tensor?.shape?.dim.length !== 2 || columns == null || integer(columns) < 1)
    throw new NoTreeModel(`its input ${name} is not [rows, a known number of columns]`);
  if (tensor.elem_type !== TYPE.FLOAT && tensor.elem_type !== TYPE.DOUBLE)
    throw new NoTreeModel(`its input ${name} is neither float nor double`);
  return { name, features: integer(columns), double: tensor.elem_type === TYPE.DOUBLE };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import type { Link, Transform } from '../trees/link.js';
import { NO_RULES, type TreeModel } from '../trees/tree-model.js';
import { MOST_STEPS, readEnd } from './tree-model/graph-end.js';
import { Attributes } from './onnx-node.js';
import { encodeModel, integer, TYPE, type Draft, type OnnxGraph, type OnnxModel, type OnnxNode } from './onnx-proto.js';
import { ensembleOf } from './tree-model/plain-trees.js';
import { NOTE_KEY, parseNote } from './tree-model/tree-model-note.js';
import { scoresOf, type TreeScores } from './tree-model/tree-scores.js';
import { treesV5 } from './tree-model/trees-v5.js';
import { readable, Unreadable } from './tree-model/unreadable.js';
import { modelFault, writeTreeModel } from './write-tree-model.js';

export type ReadTreeModel =
  | {
      readonly model: TreeModel;
      /** The graph's tensor that the model's predictions are. */
      readonly output: string;
    }
  | { readonly reason: string };

const TREE_OPERATORS = new Set(['TreeEnsemble', 'TreeEnsembleRegressor', 'TreeEnsembleClassifier']);

/**
 * Reads back what `writeTreeModel` wrote; and another tool's graph that is one tree operator over its input, a softmax or
 * a sigmoid behind it at most, in ONNX Runtime's arithmetic: its margins are the same bit for bit.
 * @param onnx a model that has passed the guard
 * @returns the model, or why it is none that we can compute ourselves: ONNX Runtime alone then runs it
 */
export function readTreeModel(onnx: OnnxModel): ReadTreeModel {
  try {
    const { graph, metadata_props } = onnx;
    readable(graph !== null, 'it has no graph');
    const trees = graph.node.filter(({ op_type, domain }) => domain === 'ai.onnx.ml' && TREE_OPERATORS.has(op_type));
    readable(trees.length === 1, `it has ${trees.length} tree operators, not one`);
    const note = metadata_props.find(({ key }) => key === NOTE_KEY)?.value;
    return note === undefined ? foreign(graph, trees[0]!) : written(onnx, trees[0]!, note);
  } catch (error) {
    if (error instanceof Unreadable) return { reason: error.message };
    throw error;
  }
}

/** The note is believed only where writing its model again gives the same graph: it cannot say other than the operators. */
function written(onnx: OnnxModel, node: OnnxNode, text: string): ReadTreeModel {
  const note = parseNote(text);
  readable(note !== undefined, `its ${NOTE_KEY} is of another version`);
  const { float, featureNames, rules, vectorLeaves } = note;
  const form = note.format === 2 ? 'parted' : 'plain';
  const trees = treesV5(node, float === 'float32' ? TYPE.FLOAT : TYPE.DOUBLE, form);
  const ensemble = ensembleOf(trees, { float, features: featureNames.length }, new Set(vectorLeaves));
  const model: TreeModel = { ensemble, rules, link: note.link, featureNames };
  const fault = modelFault(model);
  readable(fault === undefined, `its ${NOTE_KEY} does not fit its trees: ${fault}`);
  const again = writeTreeModel(model, { version: onnx.producer_version }, form);
  const same = Buffer.compare(again, encodeModel(onnx as Draft<OnnxModel>)) === 0;
  readable(same, `its graph is not the one that its ${NOTE_KEY} tells of`);
  return { model, output: 'predictions' };
}

function foreign(graph: OnnxGraph, node: OnnxNode): ReadTreeModel {
  const { features, type } = inputOf(graph, node);
  const { trees, scores, link: last } = scoresOf(node, type);
  const { output, transform } = readEnd(graph, scores, type);
  const link = linked(last, transform);
  const ensemble = ensembleOf(trees, { float: type === TYPE.FLOAT ? 'float32' : 'float64', features });
  const featureNames = Array.from({ length: features }, (_, i) => `x${i}`);
  return { model: { ensemble, rules: NO_RULES, link, featureNames }, output };
}

function linked(last: TreeScores['link'], transform: Transform): Link {
  if (last.kind === 'average') return { ...last, then: transform };
  if (last.kind === 'identity') return transform;
  readable(transform.kind === 'identity', `a ${transform.kind} follows the ${last.kind} of its trees`);
  return last;
}

/** Between the graph's input and its trees there may be a cast to float32: what a float32 model does to a row anyway. */
function inputOf({ node: nodes, input, initializer }: OnnxGraph, trees: OnnxNode): { features: number; type: number } {
  const weights = new Set(initializer.map(({ name }) => name));
  const inputs = input.filter(({ name }) => !weights.has(name));
  readable(inputs.length === 1, `it has ${inputs.length} inputs`);
  const { name, type: declared } = inputs[0]!;
  const tensor = declared?.tensor_type;
  const columns = tensor?.shape?.dim.length === 2 ? tensor.shape.dim[1]!.dim_value : null;
  readable(columns != null && integer(columns) > 0, `its input ${name} is not [rows, a known number of columns]`);
  let type = tensor!.elem_type;
  readable(type === TYPE.FLOAT || type === TYPE.DOUBLE, `its input ${name} is neither float32 nor float64`);
  let at = trees.input[0]!;
  for (let steps = 0; at !== name; steps += 1) {
    const maker = nodes.find(({ output }) => output[0] === at);
    readable(maker !== undefined && steps < MOST_STEPS, `its trees do not read its input ${name}`);
    const cast = maker.op_type === 'Cast' ? new Attributes(maker).int('to', 0) : undefined;
    readable(maker.op_type === 'Identity' || cast === TYPE.FLOAT, `a ${maker.op_type} is before its trees`);
    if (cast !== undefined) type = cast;
    at = maker.input[0]!;
  }
  return { features: integer(columns), type };
}

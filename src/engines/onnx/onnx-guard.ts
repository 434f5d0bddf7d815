import { Attributes } from './onnx-node.js';
import {
  ATTRIBUTE,
  decodeModel,
  integer,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
} from './onnx-proto.js';
import { elementsOf, tensorFault } from './onnx-tensor.js';

/** Why a file is not shown to ONNX Runtime. Codes are stable: users alert on them. */
export const ONNX_CODES = [
  'ONNX_UNREADABLE', // no protobuf message of ONNX, or cut off
  'ONNX_TOO_LARGE', // more bytes, nodes or nesting than is read, or constants that grow beyond it
  'ONNX_EXTERNAL_DATA', // names another file
  'ONNX_OPERATOR_UNSUPPORTED', // functions, training, sparse weights, operators of an unknown domain
  'ONNX_INVALID', // it contradicts itself
] as const;
export type OnnxCode = (typeof ONNX_CODES)[number];

export interface OnnxRefusal {
  readonly code: OnnxCode;
  readonly message: string;
}

const MAX_BYTES = 256 * 1024 * 1024;
const MAX_NODES = 100_000;
const MAX_DEPTH = 4;
/** Numbers that constants may name without holding them: ConstantOfShape, Expand, Tile, Range. */
const MAX_GROWN = 16 * 1024 * 1024;
const DOMAINS = new Set(['', 'ai.onnx', 'ai.onnx.ml']);
const GROWING = new Set([
  'ConstantOfShape',
  'Expand',
  'Tile',
  'Range',
  'RandomNormal',
  'RandomUniform',
  'OneHot',
  'EyeLike',
]);

class Refuse extends Error {
  constructor(
    readonly code: OnnxCode,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Judges a file before ONNX Runtime sees it: size, nesting, other files, operators, tensors that hold what they claim.
 * @returns the decoded model, or why it is refused; never throws
 */
export function guardModel(bytes: Uint8Array): { readonly model: OnnxModel } | OnnxRefusal {
  try {
    if (bytes.length > MAX_BYTES)
      throw new Refuse('ONNX_TOO_LARGE', `it has ${bytes.length} bytes, at most ${MAX_BYTES} are read`);
    const model = decoded(bytes);
    checkModel(model);
    checkGraph(model.graph!, { depth: 0, nodes: 0, budget: MAX_GROWN });
    return { model };
  } catch (error) {
    if (error instanceof Refuse) return { code: error.code, message: error.message };
    return { code: 'ONNX_UNREADABLE', message: (error as Error).message };
  }
}

function decoded(bytes: Uint8Array): OnnxModel {
  try {
    return decodeModel(bytes);
  } catch (error) {
    throw new Refuse('ONNX_UNREADABLE', `it is no ONNX file, or cut off (${(error as Error).message})`);
  }
}

function checkModel({ ir_version, opset_import, graph, functions, training_info }: OnnxModel): void {
  if (!graph || graph.node.length === 0) throw new Refuse('ONNX_UNREADABLE', 'it is no ONNX file: it has no graph');
  if (functions.length > 0)
    throw new Refuse('ONNX_OPERATOR_UNSUPPORTED', 'it defines functions: export it with them inlined');
  if (training_info.length > 0) throw new Refuse('ONNX_OPERATOR_UNSUPPORTED', 'it carries training');
  const ir = integer(ir_version);
  if (!(ir >= 3 && ir <= 64)) throw new Refuse('ONNX_INVALID', `its IR version is ${ir}`);
  if (opset_import.length === 0) throw new Refuse('ONNX_INVALID', 'it imports no operators');
}

interface Spent {
  readonly depth: number;
  nodes: number;
  budget: number;
}

function checkGraph(graph: OnnxGraph, spent: Spent): void {
  if (spent.depth > MAX_DEPTH) throw new Refuse('ONNX_TOO_LARGE', `graphs lie in graphs more than ${MAX_DEPTH} deep`);
  spent.nodes += graph.node.length;
  if (spent.nodes > MAX_NODES) throw new Refuse('ONNX_TOO_LARGE', `it has more than ${MAX_NODES} nodes`);
  if (graph.sparse_initializer.length > 0) throw new Refuse('ONNX_OPERATOR_UNSUPPORTED', 'it has sparse weights');
  graph.initializer.forEach((tensor) => checkTensor(tensor));
  const made = new Set<string>();
  for (const node of graph.node) {
    if (!DOMAINS.has(node.domain))
      throw new Refuse('ONNX_OPERATOR_UNSUPPORTED', `${node.op_type} is of the domain ${node.domain}`);
    for (const name of node.output.filter((one) => one !== '')) {
      if (made.has(name)) throw new Refuse('ONNX_INVALID', `two nodes make "${name}"`);
      made.add(name);
    }
    spent.budget -= grownBy(node, graph);
    if (spent.budget < 0)
      throw new Refuse('ONNX_TOO_LARGE', `${node.op_type} "${node.name}" would make more than ${MAX_GROWN} numbers`);
    node.attribute.forEach((attribute) => checkAttribute(attribute, spent));
  }
}

function checkAttribute({ name, type, t, tensors, g, graphs }: OnnxAttribute, spent: Spent): void {
  for (const tensor of [...(t ? [t] : []), ...tensors]) checkTensor(tensor);
  if (type === ATTRIBUTE.TENSOR && !t)
    throw new Refuse('ONNX_INVALID', `attribute ${name} is a tensor, and holds none`);
  for (const graph of [...(g ? [g] : []), ...graphs]) {
    const inside = { ...spent, depth: spent.depth + 1 };
    checkGraph(graph, inside);
    [spent.nodes, spent.budget] = [inside.nodes, inside.budget];
  }
}

function checkTensor(tensor: OnnxTensor): void {
  const name = `tensor "${tensor.name}"`;
  if (tensor.data_location !== 0 || tensor.external_data.length > 0)
    throw new Refuse('ONNX_EXTERNAL_DATA', `${name} lies in another file: save the model with its weights inside`);
  const fault = tensorFault(tensor);
  if (fault) throw new Refuse('ONNX_INVALID', `${name} ${fault}`);
}

/** @returns how many numbers an operator makes out of a constant that only names them; 0 where the size is not constant */
function grownBy(node: OnnxNode, graph: OnnxGraph): number {
  if (!GROWING.has(node.op_type)) return 0;
  const shapes = node.input.map((name) => constantOf(name, graph)).filter((values) => values !== undefined);
  const named = [...shapes, new Attributes(node).ints('shape')];
  const sizes = named.map((dims) => (node.op_type === 'Range' ? Math.max(0, ...dims.map(Math.abs)) : elementsOf(dims)));
  return Math.max(0, ...sizes.map((size) => (Number.isNaN(size) ? Infinity : size)));
}

function constantOf(name: string, { initializer, node }: OnnxGraph): number[] | undefined {
  const held =
    initializer.find((tensor) => tensor.name === name) ??
    node
      .find(({ op_type, output }) => op_type === 'Constant' && output[0] === name)
      ?.attribute.find((one) => one.name === 'value')?.t;
  if (!held || held.data_type !== 7 || held.raw_data.length > 256) return undefined;
  if (held.raw_data.length === 0) return held.int64_data.map(integer);
  const view = new DataView(held.raw_data.buffer, held.raw_data.byteOffset, held.raw_data.byteLength);
  return Array.from({ length: held.raw_data.byteLength >> 3 }, (_, i) => Number(view.getBigInt64(i * 8, true)));
}

import { Attributes } from '../../engines/onnx/onnx-node.js';
import { TYPE, type OnnxGraph, type OnnxNode, type OnnxValueInfo } from '../../engines/onnx/onnx-proto.js';
import { bodiesOf } from './graph-order.js';
import { FOLLOWERS, FULL, LAYERS } from './operators.js';

/** Tensor → its TYPE; what is not known is absent. */
export type ElementTypes = ReadonlyMap<string, number>;

const GIVES_INDICES = new Set(['Shape', 'Size', 'ArgMax', 'ArgMin', 'NonZero', 'NonMaxSuppression']);
const GIVES_TRUTH = new Set([
  ...['Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual', 'And', 'Or', 'Xor', 'Not', 'IsNaN', 'IsInf'],
]);
/** Which input's type the outputs have, where it is not the first one's. */
const TYPE_FROM = new Map([
  ['Where', 1],
  ['OneHot', 2],
  ['CastLike', 1],
  ['DequantizeLinear', 1],
]);
/** Type of the second output, where it is not the first one's. */
const SECOND = new Map<string, number>([
  ['TopK', TYPE.INT64],
  ['MaxPool', TYPE.INT64],
  ['Dropout', TYPE.BOOL],
]);
/** Their type is an attribute's, or another than any input's: what the file states is believed. */
const STATED_ONLY = new Set([
  ...[
    'QuantizeLinear',
    'DynamicQuantizeLinear',
    'RandomNormal',
    'RandomNormalLike',
    'RandomUniform',
    'RandomUniformLike',
  ],
  ...['Multinomial', 'Bernoulli', 'EyeLike', 'MelWeightMatrix', 'TfIdfVectorizer'],
]);

/**
 * The types of a graph's tensors, so far as the standard's rules and the file's own statements give them.
 * @param order the graph's nodes, each after what it reads
 */
export function elementTypes(graph: OnnxGraph, order: readonly OnnxNode[]): ElementTypes {
  const types = new Map<string, number>();
  for (const info of [...graph.value_info, ...graph.output, ...graph.input]) state(types, info.name, statedType(info));
  for (const { name, data_type } of graph.initializer) types.set(name, data_type);
  for (const node of order) {
    for (const [index, name] of node.output.entries()) {
      if (name !== '') state(types, name, outputType(node, index, types));
    }
  }
  return types;
}

function state(types: Map<string, number>, name: string, type: number | undefined): void {
  if (type) types.set(name, type);
}

function statedType({ type }: OnnxValueInfo): number | undefined {
  return type?.tensor_type?.elem_type;
}

function outputType(node: OnnxNode, index: number, types: ElementTypes): number | undefined {
  const { op_type: operator, domain, input } = node;
  if (bodiesOf(node).length > 0) return bodyType(node, index);
  if (domain !== '' && domain !== 'ai.onnx') return undefined;
  if (GIVES_INDICES.has(operator)) return TYPE.INT64;
  if (GIVES_TRUTH.has(operator)) return TYPE.BOOL;
  if (index === 1 && SECOND.has(operator)) return SECOND.get(operator);
  const attributes = new Attributes(node);
  if (operator === 'Cast') return attributes.int('to', 0);
  if (operator === 'Constant') return constantType(attributes);
  if (operator === 'ConstantOfShape') return attributes.tensor('value')?.data_type ?? TYPE.FLOAT;
  const listed = LAYERS.has(operator) || FOLLOWERS.has(operator) || FULL.has(operator);
  return listed && !STATED_ONLY.has(operator) ? types.get(input[TYPE_FROM.get(operator) ?? 0] ?? '') : undefined;
}

function constantType(attributes: Attributes): number | undefined {
  if (attributes.has('value_float') || attributes.has('value_floats')) return TYPE.FLOAT;
  if (attributes.has('value_int') || attributes.has('value_ints')) return TYPE.INT64;
  return attributes.tensor('value')?.data_type;
}

/** A Loop's body gives its condition first; both branches of an If give the same types. */
function bodyType(node: OnnxNode, index: number): number | undefined {
  const [body] = bodiesOf(node);
  const output = body!.output[node.op_type === 'Loop' ? index + 1 : index];
  return output && statedType(output);
}

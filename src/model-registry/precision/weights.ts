import { toFiniteHalves, type Losses } from '../../engines/onnx/half.js';
import { Attributes } from '../../engines/onnx/onnx-node.js';
import { TYPE, type OnnxGraph, type OnnxNode, type OnnxTensor } from '../../engines/onnx/onnx-proto.js';
import { tensorFault, tensorValues } from '../../engines/onnx/onnx-tensor.js';

/** FP32 numbers that a model carries. */
export interface Weight {
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

export type Weights = ReadonlyMap<string, Weight>;

/** @returns the weights of a graph by name, its bodies' left out: initializers and Constant nodes in FP32 */
export function weightsOf({ initializer, node }: OnnxGraph): Weights {
  const weights = new Map<string, Weight>();
  for (const tensor of initializer) if (tensor.data_type === TYPE.FLOAT) weights.set(tensor.name, weightOf(tensor));
  for (const one of node) {
    const weight = constantOf(one);
    if (weight) weights.set(one.output[0]!, weight);
  }
  return weights;
}

/** @returns what is wrong with one of the graph's FP32 tensors, undefined where nothing is */
export function weightFault({ initializer, node }: OnnxGraph): string | undefined {
  const values = node.flatMap((one) => new Attributes(one).tensor('value') ?? []);
  for (const tensor of [...initializer, ...values]) {
    const fault = tensor.data_type === TYPE.FLOAT ? tensorFault(tensor) : undefined;
    if (fault) return `tensor ${tensor.name} ${fault}`;
  }
  return undefined;
}

/** @returns the number that a ConstantOfShape in FP32 repeats */
export function repeatedBy(node: OnnxNode): Weight {
  const tensor = new Attributes(node).tensor('value');
  return tensor ? weightOf(tensor) : { dims: [1], values: new Float32Array(1) };
}

/** @returns the weight in half, no finite number made infinite, and what it lost */
export function halvesOf({ values }: Weight): Losses & { readonly halves: Uint16Array } {
  const halves = new Uint16Array(values.length);
  return { ...toFiniteHalves(values, halves), halves };
}

function weightOf(tensor: OnnxTensor): Weight {
  const { dims, values } = tensorValues(tensor);
  return { dims, values: values as Float32Array };
}

function constantOf(node: OnnxNode): Weight | undefined {
  if (node.op_type !== 'Constant') return undefined;
  const attributes = new Attributes(node);
  const tensor = attributes.tensor('value');
  if (tensor) return tensor.data_type === TYPE.FLOAT ? weightOf(tensor) : undefined;
  if (attributes.has('value_floats')) {
    const values = Float32Array.from(attributes.floats('value_floats'));
    return { dims: [values.length], values };
  }
  const single = node.attribute.find(({ name }) => name === 'value_float');
  return single && { dims: [], values: Float32Array.of(single.f) };
}

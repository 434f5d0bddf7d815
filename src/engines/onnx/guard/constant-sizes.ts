import { Attributes } from '../onnx-node.js';
import { TYPE, type OnnxNode, type OnnxTensor } from '../onnx-proto.js';
import { elementsOf, tensorFault, tensorValues } from '../onnx-tensor.js';

const MOST_VALUES = 256;

/** Short lists of numbers that do not depend on a graph's input, by tensor name: what sizes are told in. */
export class Constants {
  readonly #own = new Map<string, readonly number[] | undefined>();

  /** @param outer of the graph around, whose names an inner graph sees */
  constructor(private readonly outer?: Constants) {}

  get(name: string): readonly number[] | undefined {
    return this.#own.has(name) ? this.#own.get(name) : this.outer?.get(name);
  }

  /** @param values undefined: unknown, and a name of the graph around is hidden; so are too many */
  set(name: string, values: readonly number[] | undefined): void {
    this.#own.set(name, values && values.length <= MOST_VALUES ? values : undefined);
  }
}

/** Numbers that a node makes of sizes which the file only names; 0 where its size depends on the input. */
export function namedSize(node: OnnxNode, constants: Constants): number {
  const attributes = new Attributes(node);
  const [first, second, third, fourth] = node.input.map((name) => constants.get(name));
  const product = (sizes: readonly number[] | undefined): number => (sizes ? sizeOf(sizes) : 0);
  switch (node.op_type) {
    case 'ConstantOfShape':
    case 'HannWindow':
    case 'HammingWindow':
    case 'BlackmanWindow':
      return product(first);
    case 'Expand':
    case 'Tile':
    case 'OneHot':
    case 'CenterCropPad':
      return product(second);
    case 'MaxUnpool':
      return product(third);
    case 'Pad':
      return product((second ?? attributes.ints('pads')).map((pad) => Math.max(pad, 0) + 1));
    case 'Upsample':
      return product(second);
    case 'Resize':
      return Math.max(product(third), product(fourth));
    case 'Range':
      return first && second && third ? Math.max(0, Math.ceil((second[0]! - first[0]!) / third[0]!)) || 0 : 0;
    default:
      return Math.max(...SIZES.map((name) => roomFor(attributes.ints(name))));
  }
}

/** Attributes of convolutions and pools that make room without weights to fill it. */
const SIZES = ['pads', 'kernel_shape', 'dilations', 'strides', 'output_shape', 'output_padding', 'shape'];

function roomFor(sizes: readonly number[]): number {
  return sizes.length === 0 ? 0 : sizeOf(sizes.map((size) => Math.abs(size) + 1));
}

/** A negative size is the runtime's to refuse: it makes no room. */
function sizeOf(sizes: readonly number[]): number {
  const size = elementsOf(sizes.map((one) => Math.max(0, Math.ceil(one))));
  return Number.isNaN(size) ? Infinity : size;
}

/** Adds what a node makes of constants alone: the detours that exporters and liars take to a size. */
export function fold(node: OnnxNode, constants: Constants): void {
  const made = node.op_type === 'Constant' ? constantIn(node) : foldedBy(node, constants);
  if (node.output[0]) constants.set(node.output[0], made);
}

function constantIn(node: OnnxNode): readonly number[] | undefined {
  const attributes = new Attributes(node);
  const tensor = attributes.tensor('value');
  if (tensor) return valuesOf(tensor);
  if (attributes.has('value_int')) return [attributes.int('value_int', 0)];
  return attributes.has('value_ints') ? attributes.ints('value_ints') : undefined;
}

function foldedBy(node: OnnxNode, constants: Constants): readonly number[] | undefined {
  const inputs = node.input.map((name) => constants.get(name));
  const [first, second] = inputs;
  switch (node.op_type) {
    case 'Identity':
    case 'Cast':
    case 'Reshape':
    case 'Squeeze':
    case 'Unsqueeze':
    case 'Flatten':
      return first;
    case 'Concat':
      return joined(inputs);
    case 'Gather':
      return first && second?.map((index) => first[index < 0 ? index + first.length : index] ?? 0);
    case 'Add':
      return pairwise(first, second, (a, b) => a + b);
    case 'Sub':
      return pairwise(first, second, (a, b) => a - b);
    case 'Mul':
      return pairwise(first, second, (a, b) => a * b);
    case 'Div':
      return pairwise(first, second, (a, b) => Math.trunc(a / b));
    case 'Pow':
      return pairwise(first, second, (a, b) => a ** b);
    case 'ReduceProd':
      return first && [first.reduce((product, one) => product * one, 1)];
    default:
      return undefined;
  }
}

function joined(lists: readonly (readonly number[] | undefined)[]): readonly number[] | undefined {
  const whole: number[] = [];
  for (const list of lists) {
    if (!list || whole.length > MOST_VALUES) return undefined;
    whole.push(...list);
  }
  return whole;
}

function pairwise(
  a: readonly number[] | undefined,
  b: readonly number[] | undefined,
  of: (a: number, b: number) => number,
): readonly number[] | undefined {
  if (!a || !b || (a.length !== b.length && a.length !== 1 && b.length !== 1)) return undefined;
  const length = a.length === 1 ? b.length : a.length;
  return Array.from({ length }, (_, i) => of(a[a.length === 1 ? 0 : i]!, b[b.length === 1 ? 0 : i]!));
}

/** @returns the numbers of a small sound tensor */
export function valuesOf(tensor: OnnxTensor): readonly number[] | undefined {
  if (tensorFault(tensor) || tensor.data_type === TYPE.STRING || tensor.data_type === TYPE.FLOAT16) return undefined;
  if (elementsOf(tensor.dims.map(Number)) > MOST_VALUES) return undefined;
  return Array.from(tensorValues(tensor).values, Number);
}

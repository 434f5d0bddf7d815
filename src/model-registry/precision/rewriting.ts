import {
  Attributes,
  int,
  node as nodeOf,
  tensor as tensorAttribute,
  type AttributeDraft,
} from '../../engines/onnx/onnx-node.js';
import {
  TYPE,
  type Draft,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from '../../engines/onnx/onnx-proto.js';
import { tensorOf } from '../../engines/onnx/onnx-tensor.js';
import { bodiesOf, namesIn, readBy } from './graph-order.js';
import { INDIFFERENT, takesFull } from './operators.js';
import type { Plan } from './plan.js';
import { halvesOf, repeatedBy, type Weight } from './weights.js';

type Width = 'half' | 'full';

/**
 * Writes a graph as its plan says. A tensor keeps its name in full precision; in half it has a name of its own. Each is
 * made once, when its first reader asks for it: a weight that both kinds of node read lies in the file twice, and a tensor
 * that both read is cast once, never there and back.
 */
export class Rewriting {
  readonly nodes: Draft<OnnxNode>[] = [];
  readonly initializers: Draft<OnnxTensor>[] = [];
  /** Names of weights with numbers that were clamped. */
  readonly clampedIn: string[] = [];
  clamped = 0;
  flushed = 0;

  readonly #taken: Set<string>;
  readonly #initializers: ReadonlyMap<string, OnnxTensor>;
  readonly #inFull = new Set<string>();
  readonly #inHalf = new Map<string, string>();
  /** Nodes that are made in the width of their reader: constants, and casts of what is no FP32 number. */
  readonly #sources = new Map<string, OnnxNode>();

  constructor(
    private readonly graph: OnnxGraph,
    private readonly plan: Plan,
  ) {
    this.#taken = namesIn(graph);
    this.#initializers = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
    for (const { name } of graph.input) if (!this.#initializers.has(name)) this.#inFull.add(name);
    for (const node of plan.order) this.#add(node);
    for (const { name } of graph.output) this.#need(name, 'full');
  }

  /** What the source states of its tensors, and of their halves. */
  valueInfo(): Draft<OnnxValueInfo>[] {
    return this.graph.value_info.flatMap((info) => {
      const half = this.#inHalf.get(info.name);
      const kept = this.#inFull.has(info.name) ? [info as Draft<OnnxValueInfo>] : [];
      return half && this.plan.types.get(half) === undefined ? [...kept, halfInfo(info, half)] : kept;
    });
  }

  #add(node: OnnxNode): void {
    if (this.#isSource(node)) {
      this.#sources.set(node.output[0]!, node);
      return;
    }
    const half = this.plan.half.has(node);
    const input = node.input.map((name, i) => this.#read(node, name, half && !takesFull(node.op_type, i)));
    if (!half) {
      for (const name of readBy(node)) if (bodiesOf(node).length > 0) this.#need(name, 'full');
      for (const name of node.output) this.#inFull.add(name);
      this.nodes.push({ ...(node as Draft<OnnxNode>), input });
      return;
    }
    const output = node.output.map((name) => (this.#isFloat(name) ? this.#half(name) : this.#plain(name)));
    this.nodes.push({ ...(inHalf(node) as Draft<OnnxNode>), input, output });
  }

  #read(node: OnnxNode, name: string, half: boolean): string {
    if (name === '' || !this.#isFloat(name)) return this.#need(name, 'full');
    const asItIs = INDIFFERENT.has(node.op_type) && !this.#inFull.has(name) && this.#inHalf.has(name);
    return this.#need(name, half || asItIs || this.#goesBack(node, name) ? 'half' : 'full');
  }

  /** A cast to FP16 of what was FP16 before the source cast it to FP32: the numbers are the same without the detour. */
  #goesBack(node: OnnxNode, name: string): boolean {
    const source = this.#sources.get(name);
    const wasHalf = source?.op_type === 'Cast' && this.plan.types.get(source.input[0]!) === TYPE.FLOAT16;
    return wasHalf && node.op_type === 'Cast' && new Attributes(node).int('to', 0) === TYPE.FLOAT16;
  }

  #isFloat(name: string): boolean {
    return this.plan.types.get(name) === TYPE.FLOAT;
  }

  #isSource({ op_type: operator, domain, input, output }: OnnxNode): boolean {
    if (domain !== '' && domain !== 'ai.onnx') return false;
    if (operator === 'Cast') return this.#isFloat(output[0]!) && !this.#isFloat(input[0]!);
    return operator === 'Constant' || (operator === 'ConstantOfShape' && this.#isFloat(output[0]!));
  }

  /** @returns the tensor's name in that width, made now where nobody has asked for it before */
  #need(name: string, width: Width): string {
    if (name === '') return name;
    return width === 'full' ? this.#needFull(name) : (this.#inHalf.get(name) ?? this.#makeHalf(name));
  }

  #needFull(name: string): string {
    if (this.#inFull.has(name)) return name;
    this.#inFull.add(name);
    const tensor = this.#initializers.get(name);
    const source = this.#sources.get(name);
    if (tensor) this.initializers.push(tensor as Draft<OnnxTensor>);
    else if (source)
      this.nodes.push({ ...(source as Draft<OnnxNode>), input: source.input.map((one) => this.#needFull(one)) });
    else this.#cast(this.#inHalf.get(name)!, name, TYPE.FLOAT);
    return name;
  }

  #makeHalf(name: string): string {
    const weight = this.plan.weights.get(name);
    const source = this.#sources.get(name);
    if (weight) this.initializers.push(this.#narrowed(name, this.#half(name), weight));
    else if (source?.op_type === 'Cast') return this.#castInHalf(name, source.input[0]!);
    else if (source) {
      const shape = this.#needFull(source.input[0]!);
      const value = tensorAttribute(this.#narrowed(name, '', repeatedBy(source)));
      this.#make('ConstantOfShape', shape, this.#half(name), { value });
    } else this.#cast(this.#needFull(name), this.#half(name), TYPE.FLOAT16);
    return this.#inHalf.get(name)!;
  }

  /** A cast to FP32 whose reader is in half: straight to FP16, or nothing where it was FP16 to begin with. */
  #castInHalf(name: string, from: string): string {
    const read = this.#needFull(from);
    if (this.plan.types.get(from) === TYPE.FLOAT16) this.#inHalf.set(name, read);
    else this.#cast(read, this.#half(name), TYPE.FLOAT16);
    return this.#inHalf.get(name)!;
  }

  #cast(from: string, to: string, type: number): void {
    this.#make('Cast', from, to, { to: int(type) });
  }

  /** Nodes need names of their own, as tensors do. */
  #make(operator: string, input: string, output: string, attributes: Readonly<Record<string, AttributeDraft>>): void {
    this.nodes.push({ ...nodeOf(operator, [input], [output], attributes), name: this.#free(`make_${output}`) });
  }

  #narrowed(name: string, as: string, weight: Weight): Draft<OnnxTensor> {
    const { halves, clamped, flushed } = halvesOf(weight);
    if (clamped > 0) this.clampedIn.push(name);
    this.clamped += clamped;
    this.flushed += flushed;
    return tensorOf(as, weight.dims, halves, TYPE.FLOAT16);
  }

  /** Gives a tensor its name in half. */
  #half(name: string): string {
    const half = this.#free(`${name}_half`);
    this.#inHalf.set(name, half);
    return half;
  }

  /** @returns the name, made longer where it is taken */
  #free(name: string): string {
    let free = name;
    for (let n = 2; this.#taken.has(free); n += 1) free = `${name}_${n}`;
    this.#taken.add(free);
    return free;
  }

  #plain(name: string): string {
    this.#inFull.add(name);
    return name;
  }
}

/** The node with the FP32 that it names made FP16. */
function inHalf(node: OnnxNode): OnnxNode {
  if (node.op_type !== 'Cast' || new Attributes(node).int('to', 0) !== TYPE.FLOAT) return node;
  return { ...node, attribute: node.attribute.map((one) => (one.name === 'to' ? { ...one, i: TYPE.FLOAT16 } : one)) };
}

function halfInfo({ type }: OnnxValueInfo, name: string): Draft<OnnxValueInfo> {
  const tensor_type = { ...type!.tensor_type!, elem_type: TYPE.FLOAT16 };
  return { name, type: { ...type, tensor_type } as Draft<OnnxValueInfo['type']> };
}

import { float, int, ints, node, tensorInfo, text } from '../src/engines/onnx/onnx-node.js';
import { encodeModel, TYPE, type Draft, type OnnxNode, type OnnxTensor } from '../src/engines/onnx/onnx-proto.js';
import { tensorOf } from '../src/engines/onnx/onnx-tensor.js';

/** An ONNX file `x` → `y` [rows, 3], opset 17, with seeded weights: what a net computes does not matter here, how much does. */
export interface SeededNet {
  readonly name: string;
  /** Sizes, in words. */
  readonly size: string;
  /** 1: x is [rows, features]; more: [rows, window, features]. */
  readonly window: number;
  readonly features: number;
  readonly bytes: Uint8Array;
}

type Nodes = Draft<OnnxNode>[];

/** Weights of one file: uniform, ±√(3 / fan-in), as training begins with them. */
class Weights {
  readonly all: Draft<OnnxTensor>[] = [];
  #state = 2026;

  /** @returns the name */
  add(name: string, dims: readonly number[], fanIn: number): string {
    const count = dims.reduce((product, size) => product * size, 1);
    const reach = Math.sqrt(3 / fanIn);
    this.all.push(
      tensorOf(
        name,
        dims,
        Float32Array.from({ length: count }, () => reach * this.#next()),
      ),
    );
    return name;
  }

  whole(name: string, ...values: readonly number[]): string {
    this.all.push(tensorOf(name, [values.length], BigInt64Array.from(values, BigInt)));
    return name;
  }

  filled(name: string, dims: readonly number[], value: number): string {
    const count = dims.reduce((product, size) => product * size, 1);
    this.all.push(tensorOf(name, dims, new Float32Array(count).fill(value)));
    return name;
  }

  /** −1..1, a linear congruential generator */
  #next(): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return this.#state / 2 ** 31 - 1;
  }
}

function dense(weights: Weights, from: string, to: string, [inputs, outputs]: readonly [number, number]): Nodes {
  const matrix = weights.add(`${to}_w`, [outputs, inputs], inputs);
  return [node('Gemm', [from, matrix, weights.add(`${to}_b`, [outputs], inputs)], [to], { transB: int(1) })];
}

/** [rows, width] → three probabilities. */
function head(weights: Weights, from: string, width: number): Nodes {
  return [...dense(weights, from, 'margins', [width, 3]), node('Softmax', ['margins'], ['y'], { axis: int(1) })];
}

function encoded(nodes: Nodes, weights: Weights, input: readonly (number | string)[]): Uint8Array {
  return encodeModel({
    ...{ ir_version: 8, opset_import: [{ domain: '', version: 17 }], producer_name: 'alphapulse-bench' },
    graph: {
      ...{ name: 'net', node: nodes, initializer: weights.all },
      input: [tensorInfo('x', TYPE.FLOAT, input)],
      output: [tensorInfo('y', TYPE.FLOAT, ['rows', 3])],
    },
  });
}

/** Dense layers with ReLU. @param widths of the input and the hidden layers */
export function mlp(...widths: readonly number[]): SeededNet {
  const weights = new Weights();
  const nodes: Nodes = [];
  widths.slice(1).forEach((width, i) => {
    nodes.push(...dense(weights, i === 0 ? 'x' : `out_${i - 1}`, `layer_${i}`, [widths[i]!, width]));
    nodes.push(node('Relu', [`layer_${i}`], [`out_${i}`]));
  });
  nodes.push(...head(weights, `out_${widths.length - 2}`, widths.at(-1)!));
  const bytes = encoded(nodes, weights, ['rows', widths[0]!]);
  return { name: 'MLP', size: `${widths.join('-')}-3`, window: 1, features: widths[0]!, bytes };
}

/** Causal convolutions of width 3 over the window, each with twice the last one's dilation; the newest step is read. */
export function tcn(window: number, features: number, channels: number, levels: number): SeededNet {
  const weights = new Weights();
  const nodes: Nodes = [node('Transpose', ['x'], ['out_0'], { perm: ints([0, 2, 1]) })];
  for (let level = 0; level < levels; level += 1) {
    const inputs = level === 0 ? features : channels;
    const kernel = weights.add(`conv_${level}_w`, [channels, inputs, 3], inputs * 3);
    const bias = weights.add(`conv_${level}_b`, [channels], inputs * 3);
    const dilation = 2 ** level;
    const attributes = { kernel_shape: ints([3]), dilations: ints([dilation]), pads: ints([2 * dilation, 0]) };
    nodes.push(node('Conv', [`out_${level}`, kernel, bias], [`conv_${level}`], attributes));
    nodes.push(node('Relu', [`conv_${level}`], [`out_${level + 1}`]));
  }
  const newest = weights.whole('newest', window - 1);
  nodes.push(
    node('Gather', [`out_${levels}`, newest], ['step'], { axis: int(2) }),
    node('Flatten', ['step'], ['flat']),
  );
  nodes.push(...head(weights, 'flat', channels));
  const size = `[${window}, ${features}], ${levels} levels of ${channels}`;
  return { name: 'TCN', size, window, features, bytes: encoded(nodes, weights, ['rows', window, features]) };
}

/** One recurrent layer over the window; its last state is read. */
export function recurrent(kind: 'GRU' | 'LSTM', window: number, features: number, hidden: number): SeededNet {
  const weights = new Weights();
  const gates = kind === 'GRU' ? 3 : 4;
  const attributes = { hidden_size: int(hidden), direction: text('forward') };
  const inputs = [
    'steps',
    weights.add('w', [1, gates * hidden, features], features),
    weights.add('r', [1, gates * hidden, hidden], hidden),
    weights.add('b', [1, 2 * gates * hidden], hidden),
  ];
  const nodes: Nodes = [
    node('Transpose', ['x'], ['steps'], { perm: ints([1, 0, 2]) }),
    node(kind, inputs, ['', 'last'], kind === 'GRU' ? { ...attributes, linear_before_reset: int(1) } : attributes),
    node('Squeeze', ['last', weights.whole('direction', 0)], ['state']),
    ...head(weights, 'state', hidden),
  ];
  nodes[1]!.name = 'recurrent';
  const size = `[${window}, ${features}], ${hidden} units`;
  return { name: kind, size, window, features, bytes: encoded(nodes, weights, ['rows', window, features]) };
}

/** Encoder blocks, norm first: attention in heads of 32, then a feed-forward layer of four times the width; mean over steps. */
export function transformer(window: number, features: number, width: number, blocks: number): SeededNet {
  const weights = new Weights();
  const nodes: Nodes = [node('MatMul', ['x', weights.add('embed_w', [features, width], features)], ['block_0'])];
  weights.whole('by_head', 0, 0, width / 32, 32);
  weights.whole('joined', 0, 0, width);
  weights.filled('scale', [], 1 / Math.sqrt(32));
  for (let block = 0; block < blocks; block += 1) nodes.push(...encoderBlock(weights, block, width));
  nodes.push(node('ReduceMean', [`block_${blocks}`], ['pooled'], { axes: ints([1]), keepdims: int(0) }));
  nodes.push(...head(weights, 'pooled', width));
  const size = `[${window}, ${features}], ${blocks} blocks of ${width}`;
  return { name: 'transformer', size, window, features, bytes: encoded(nodes, weights, ['rows', window, features]) };
}

function encoderBlock(weights: Weights, block: number, width: number): Nodes {
  const own = (name: string) => `${name}_${block}`;
  const matrix = (name: string, inputs: number, outputs: number) => weights.add(own(name), [inputs, outputs], inputs);
  const norm = (from: string, to: string) => {
    const [scale, shift] = [weights.filled(`${to}_scale`, [width], 1), weights.filled(`${to}_shift`, [width], 0)];
    return node('LayerNormalization', [from, scale, shift], [to], { axis: int(-1), epsilon: float(1e-5) });
  };
  const heads = (name: string, perm: readonly number[]) => [
    node('MatMul', [own('normed'), matrix(`${name}_w`, width, width)], [own(`${name}_flat`)]),
    node('Reshape', [own(`${name}_flat`), 'by_head'], [own(`${name}_heads`)]),
    node('Transpose', [own(`${name}_heads`)], [own(name)], { perm: ints(perm) }),
  ];
  return [
    norm(own('block'), own('normed')),
    ...[...heads('q', [0, 2, 1, 3]), ...heads('k', [0, 2, 3, 1]), ...heads('v', [0, 2, 1, 3])],
    node('MatMul', [own('q'), own('k')], [own('scores')]),
    node('Mul', [own('scores'), 'scale'], [own('scaled')]),
    node('Softmax', [own('scaled')], [own('attention')], { axis: int(-1) }),
    node('MatMul', [own('attention'), own('v')], [own('mixed')]),
    node('Transpose', [own('mixed')], [own('by_step')], { perm: ints([0, 2, 1, 3]) }),
    node('Reshape', [own('by_step'), 'joined'], [own('together')]),
    node('MatMul', [own('together'), matrix('o_w', width, width)], [own('attended')]),
    node('Add', [own('block'), own('attended')], [own('between')]),
    norm(own('between'), own('normed_again')),
    node('MatMul', [own('normed_again'), matrix('up_w', width, 4 * width)], [own('up')]),
    node('Relu', [own('up')], [own('up_out')]),
    node('MatMul', [own('up_out'), matrix('down_w', 4 * width, width)], [own('down')]),
    node('Add', [own('between'), own('down')], [`block_${block + 1}`]),
  ];
}

/** Reads three numbers of its input: what is left of a call when nothing is computed. */
export function slice(window: number, features: number): SeededNet {
  const weights = new Weights();
  const bounds = [weights.whole('from', 0), weights.whole('to', 3), weights.whole('axis', 1)];
  const nodes = [node('Flatten', ['x'], ['flat']), node('Slice', ['flat', ...bounds], ['y'])];
  const input = window > 1 ? ['rows', window, features] : ['rows', features];
  return { name: 'slice', size: '', window, features, bytes: encoded(nodes, weights, input) };
}

/** @returns rows of seeded numbers, −1..1, for any net */
export function inputsFor({ window, features }: SeededNet, rows: number): Float32Array {
  return Float32Array.from({ length: rows * window * features }, (_, i) => Math.sin(i * 12.9898));
}

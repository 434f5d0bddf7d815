import { int, ints, node, tensorInfo, text, type AttributeDraft } from '../../src/engines/onnx/onnx-node.js';
import {
  decodeModel,
  encodeModel,
  TYPE,
  type Draft,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from '../../src/engines/onnx/onnx-proto.js';
import { tensorOf } from '../../src/engines/onnx/onnx-tensor.js';

export interface Net {
  readonly nodes: Draft<OnnxNode>[];
  readonly weights?: Draft<OnnxTensor>[];
  /** Each an FP32 tensor unless it is a whole value info. */
  readonly inputs: Readonly<Record<string, readonly (number | string)[]>> | Draft<OnnxValueInfo>[];
  readonly outputs: Readonly<Record<string, readonly (number | string)[]>> | Draft<OnnxValueInfo>[];
  readonly stated?: Draft<OnnxValueInfo>[];
  readonly opset?: number;
}

/** @returns the model as it is read from a file */
export function modelOf({ nodes, weights = [], inputs, outputs, stated = [], opset = 17 }: Net): OnnxModel {
  const graph = {
    name: 'net',
    node: nodes,
    initializer: weights,
    input: infos(inputs),
    output: infos(outputs),
    value_info: stated,
  };
  const opset_import = [
    { domain: '', version: opset },
    { domain: 'ai.onnx.ml', version: 3 },
  ];
  return decodeModel(encodeModel({ ir_version: 8, opset_import, producer_name: 'small-nets', graph }));
}

function infos(named: Net['inputs']): Draft<OnnxValueInfo>[] {
  if (Array.isArray(named)) return named as Draft<OnnxValueInfo>[];
  return Object.entries(named).map(([name, dims]) => tensorInfo(name, TYPE.FLOAT, dims));
}

/** Numbers between −1 and 1 from a linear congruential generator: the same wherever the test runs. */
export function noise(count: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Numbers between −`by` and `by`. */
export function spread(name: string, dims: readonly number[], seed: number, by: number): Draft<OnnxTensor> {
  const count = dims.reduce((product, dim) => product * dim, 1);
  return tensorOf(
    name,
    dims,
    noise(count, seed).map((value) => value * by),
  );
}

/** A weight as training begins with it: uniform, ±√(3 / fan-in). */
export function weight(name: string, dims: readonly number[], seed: number, fanIn = dims.at(-1)!): Draft<OnnxTensor> {
  return spread(name, dims, seed, Math.sqrt(3 / fanIn));
}

export function integers(name: string, ...values: number[]): Draft<OnnxTensor> {
  return tensorOf(name, [values.length], BigInt64Array.from(values, BigInt));
}

/** features → standardise → dense, ReLU → dense, tanh → dense → softmax. */
export function mlp(features = 24, hidden = 48): OnnxModel {
  const dense = (from: string, layer: string, to: string) =>
    node('Gemm', [from, `${layer}_w`, `${layer}_b`], [to], { transB: int(1) });
  return modelOf({
    nodes: [
      node('Sub', ['x', 'mean'], ['centred']),
      node('Div', ['centred', 'std'], ['scaled']),
      dense('scaled', 'one', 'one'),
      node('Relu', ['one'], ['one_out']),
      dense('one_out', 'two', 'two'),
      node('Tanh', ['two'], ['two_out']),
      dense('two_out', 'three', 'margins'),
      node('Softmax', ['margins'], ['y'], { axis: int(1) }),
    ],
    weights: [
      tensorOf('mean', [features], noise(features, 1)),
      tensorOf(
        'std',
        [features],
        noise(features, 2).map((value) => 1 + value / 2),
      ),
      weight('one_w', [hidden, features], 3),
      weight('one_b', [hidden], 4),
      weight('two_w', [hidden, hidden], 5),
      weight('two_b', [hidden], 6),
      weight('three_w', [3, hidden], 7),
      weight('three_b', [3], 8, 3),
    ],
    inputs: { x: ['rows', features] },
    outputs: { y: ['rows', 3] },
  });
}

/** [rows, steps, features] → recurrent layer → last hidden state → dense → softmax. */
export function recurrent(kind: 'LSTM' | 'GRU', steps = 16, features = 12, hidden = 24): OnnxModel {
  const gates = kind === 'LSTM' ? 4 : 3;
  const attributes: Record<string, AttributeDraft> = { hidden_size: int(hidden), direction: text('forward') };
  if (kind === 'GRU') attributes['linear_before_reset'] = int(1);
  return modelOf({
    nodes: [
      node('Transpose', ['x'], ['steps'], { perm: ints([1, 0, 2]) }),
      // The first state as PyTorch's exporter writes it: zeros, as many as there are rows.
      node('Shape', ['x'], ['shape']),
      node('Gather', ['shape', 'first'], ['rows'], { axis: int(0) }),
      node('Concat', ['one', 'rows', 'size'], ['state_shape'], { axis: int(0) }),
      node('ConstantOfShape', ['state_shape'], ['zeros']),
      node(kind, ['steps', 'w', 'r', 'b', '', 'zeros'], ['', 'last'], attributes),
      node('Squeeze', ['last', 'axis'], ['state']),
      node('Gemm', ['state', 'head_w', 'head_b'], ['margins'], { transB: int(1) }),
      node('Softmax', ['margins'], ['y'], { axis: int(1) }),
    ],
    weights: [
      weight('w', [1, gates * hidden, features], 1),
      weight('r', [1, gates * hidden, hidden], 2),
      weight('b', [1, 2 * gates * hidden], 3, hidden),
      ...[integers('axis', 0), integers('first', 0), integers('one', 1)],
      integers('size', hidden),
      weight('head_w', [3, hidden], 4),
      weight('head_b', [3], 5, 3),
    ],
    inputs: { x: ['rows', steps, features] },
    outputs: { y: ['rows', 3] },
  });
}

/** One encoder block over [rows, steps, width]: attention in two heads, feed-forward, both behind a norm; mean → dense. */
export function transformer(steps = 8, width = 16, hidden = 32): OnnxModel {
  const heads = 2;
  const size = width / heads;
  const norm = (from: string, layer: string) =>
    node('LayerNormalization', [from, `${layer}_scale`, `${layer}_shift`], [`${layer}_out`], { axis: int(-1) });
  const projection = (name: string, perm: readonly number[]) => [
    node('MatMul', ['norm_1_out', `${name}_w`], [`${name}_all`]),
    node('Reshape', [`${name}_all`, 'by_head'], [`${name}_heads`]),
    node('Transpose', [`${name}_heads`], [name], { perm: ints(perm) }),
  ];
  return modelOf({
    nodes: [
      norm('x', 'norm_1'),
      ...projection('q', [0, 2, 1, 3]),
      ...projection('k', [0, 2, 3, 1]),
      ...projection('v', [0, 2, 1, 3]),
      node('MatMul', ['q', 'k'], ['scores']),
      node('Mul', ['scores', 'scale'], ['scaled']),
      node('Softmax', ['scaled'], ['attention'], { axis: int(-1) }),
      node('MatMul', ['attention', 'v'], ['mixed']),
      node('Transpose', ['mixed'], ['by_step'], { perm: ints([0, 2, 1, 3]) }),
      node('Reshape', ['by_step', 'joined'], ['together']),
      node('MatMul', ['together', 'o_w'], ['attended']),
      node('Add', ['x', 'attended'], ['residual_1']),
      norm('residual_1', 'norm_2'),
      node('MatMul', ['norm_2_out', 'up_w'], ['up']),
      node('Add', ['up', 'up_b'], ['up_biased']),
      node('Relu', ['up_biased'], ['up_out']),
      node('MatMul', ['up_out', 'down_w'], ['down']),
      node('Add', ['residual_1', 'down'], ['residual_2']),
      node('ReduceMean', ['residual_2'], ['pooled'], { axes: ints([1]), keepdims: int(0) }),
      node('MatMul', ['pooled', 'head_w'], ['margins']),
      node('Softmax', ['margins'], ['y'], { axis: int(1) }),
    ],
    weights: [
      ...['norm_1', 'norm_2'].flatMap((layer) => [
        tensorOf(`${layer}_scale`, [width], new Float32Array(width).fill(1)),
        tensorOf(`${layer}_shift`, [width], new Float32Array(width)),
      ]),
      ...['q_w', 'k_w', 'v_w', 'o_w'].map((name, i) => weight(name, [width, width], 10 + i)),
      tensorOf('scale', [], Float32Array.of(1 / Math.sqrt(size))),
      ...[integers('by_head', 0, 0, heads, size), integers('joined', 0, 0, width)],
      ...[weight('up_w', [width, hidden], 20, width), weight('up_b', [hidden], 21)],
      ...[weight('down_w', [hidden, width], 22, hidden), weight('head_w', [width, 3], 23, width)],
    ],
    inputs: { x: ['rows', steps, width] },
    outputs: { y: ['rows', 3] },
  });
}

/** Dense layers whose sums are larger than FP16 holds, and small again before the answer. */
export function overflowing(): OnnxModel {
  return modelOf({
    nodes: [
      node('MatMul', ['x', 'one_w'], ['one']),
      node('Relu', ['one'], ['one_out']),
      node('MatMul', ['one_out', 'two_w'], ['two']),
      node('MatMul', ['two', 'three_w'], ['three']),
      node('MatMul', ['three', 'head_w'], ['margins']),
      node('Softmax', ['margins'], ['y'], { axis: int(1) }),
    ],
    weights: [
      ...[spread('one_w', [8, 8], 1, 60_000), spread('two_w', [8, 8], 2, 1e-6)],
      ...[spread('three_w', [8, 8], 3, 5), weight('head_w', [8, 3], 4, 8)],
    ],
    inputs: { x: ['rows', 8] },
    outputs: { y: ['rows', 3] },
  });
}

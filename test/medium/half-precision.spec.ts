import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { float, int, ints, node, tensorInfo, text } from '../../src/engines/onnx/onnx-node.js';
import {
  ATTRIBUTE,
  decodeModel,
  encodeModel,
  TYPE,
  type Draft,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
} from '../../src/engines/onnx/onnx-proto.js';
import { tensorOf } from '../../src/engines/onnx/onnx-tensor.js';
import { agreementOf, type Agreement } from '../../src/model-registry/certification/agreement.js';
import { nextTrial } from '../../src/model-registry/precision/keep-in-full.js';
import { FOLLOWERS, LAYERS } from '../../src/model-registry/precision/operators.js';
import { toHalf, type Converted, type HalfOptions } from '../../src/model-registry/precision/to-half.js';
import { integers, mlp, modelOf, noise, overflowing, recurrent, transformer, weight } from '../builders/small-nets.js';

const WITH_HEAD = { headInFull: false };

function converted(model: OnnxModel, options: Partial<HalfOptions> = {}): Converted {
  const result = toHalf(model, options);
  if ('reason' in result) throw new Error(result.reason);
  return result;
}

/**
 * Runs on the CPU, where ONNX Runtime computes what is FP16 in FP32: weights are rounded, sums are not, and nothing
 * overflows. FP16 arithmetic itself is tried in webgpu.spec.ts.
 */
async function run(model: Draft<OnnxModel>, input: Float32Array, dims: readonly number[]): Promise<Float32Array> {
  const session = await InferenceSession.create(encodeModel(model), { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const [from, to] = [session.inputNames[0]!, session.outputNames[0]!];
  const answer = (await session.run({ [from]: new Tensor('float32', input, dims) }))[to]!;
  await session.release();
  expect(answer.type).toBe('float32');
  return answer.data as Float32Array;
}

async function compared(
  model: OnnxModel,
  half: Converted,
  input: Float32Array,
  dims: readonly number[],
  columns: number,
): Promise<Agreement> {
  const reference = await run(model as Draft<OnnxModel>, input, dims);
  return agreementOf(reference, await run(half.model, input, dims), columns);
}

const worst = ({ columns }: Agreement): number => Math.max(...columns.map(({ largestAbsolute }) => largestAbsolute));

interface Subject {
  readonly model: OnnxModel;
  /** Of one row. */
  readonly dims: readonly number[];
  /** Real rows; noise where there are none. */
  readonly rows?: Float32Array;
  readonly options?: Partial<HalfOptions>;
}

function shipped(name: string, dims: readonly number[], options: Partial<HalfOptions> = {}): Subject {
  const { inputs } = JSON.parse(readFileSync(`models/${name}/1.0.0/golden.json`, 'utf8')) as { inputs: number[][] };
  const model = decodeModel(readFileSync(`models/${name}/1.0.0/model.onnx`));
  return { model, dims, rows: Float32Array.from(inputs.flat()), options };
}

const SUBJECTS: Readonly<Record<string, Subject>> = {
  'MLP, random weights': { model: mlp(), dims: [24] },
  'LSTM, random weights': { model: recurrent('LSTM'), dims: [16, 12] },
  'GRU, random weights': { model: recurrent('GRU'), dims: [16, 12] },
  'transformer encoder, random weights': { model: transformer(), dims: [8, 16] },
  'TCN, as shipped': shipped('tcn', [32, 14]),
  'TCN, its head in half too': shipped('tcn', [32, 14], WITH_HEAD),
  'logistic regression, as shipped; its only layer is its head': shipped('logreg', [82], WITH_HEAD),
};
/** Of a probability: FP16 has 11 bits, and each of a few layers rounds to them. */
const BOUND = 1e-3;

describe('FP16 agrees with FP32 in probabilities to 0.001, and in the class but where two are that near', () => {
  const cases = Object.entries(SUBJECTS).flatMap(([name, subject]) =>
    [1, 3, 257].map((batch) => ({ name, subject, batch })),
  );
  it.each(cases)('$name, batch of $batch', async ({ subject: { model, dims, rows, options }, batch }) => {
    const width = dims.reduce((product, dim) => product * dim, 1);
    const input = rows ? tiled(rows, batch * width) : noise(batch * width, 42).map((value) => value * 2);
    const found = await compared(model, converted(model, options), input, [batch, ...dims], 3);
    expect(found.notFinite).toBe(0);
    expect(worst(found)).toBeLessThan(BOUND);
    expect(worst(found)).toBeGreaterThan(0);
    expect(found.labelFlips).toBeLessThanOrEqual(Math.floor(batch / 100));
    for (const { rankCorrelation } of batch === 257 ? found.columns : [])
      expect(rankCorrelation).toBeGreaterThan(0.999);
  });

  it('in half the bytes', () => {
    const { report } = converted(mlp(64, 256));
    expect(report.weightsAfter / report.weightsBefore).toBeLessThan(0.52);
  });
});

function tiled(values: Float32Array, length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => values[i % values.length]!);
}

/** x [2, 4, 4, 4] → a layer in half, `h` → the operator → `y`. */
interface OneOperator {
  readonly nodes: Draft<OnnxNode>[];
  readonly weights?: Draft<OnnxTensor>[];
  /** The oldest opset that has it, where that is not 13. */
  readonly since?: number;
}
const scalar = (name: string, value: number): Draft<OnnxTensor> => tensorOf(name, [], Float32Array.of(value));
const map = (operator: string, attributes = {}, since = 13): OneOperator => ({
  nodes: [node(operator, ['h'], ['y'], attributes)],
  since,
});
const positive = noise(64, 8).map((value) => value + 2);
const pair = (operator: string): OneOperator => ({
  nodes: [node(operator, ['h', 'other'], ['y'])],
  weights: [tensorOf('other', [4, 4, 4], positive)],
});
const indexed = (operator: string, indices: Draft<OnnxTensor>, attributes = {}): OneOperator => ({
  nodes: [node(operator, ['h', indices.name!], ['y'], attributes)],
  weights: [indices],
});
const layer = (operator: string, gates: number): OneOperator => ({
  nodes: [
    node('Reshape', ['h', 'steps'], ['sequence']),
    node(operator, ['sequence', 'kernel', 'again'], ['y'], { hidden_size: int(4), direction: text('forward') }),
  ],
  weights: [integers('steps', 4, 8, 4), weight('kernel', [1, gates * 4, 4], 3), weight('again', [1, gates * 4, 4], 4)],
});

const OPERATORS: Readonly<Record<string, OneOperator>> = {
  MatMul: { nodes: [node('MatMul', ['h', 'w'], ['y'])] },
  Gemm: { nodes: [node('Flatten', ['h'], ['flat'], { axis: int(3) }), node('Gemm', ['flat', 'w'], ['y'])] },
  Einsum: { nodes: [node('Einsum', ['h', 'w'], ['y'], { equation: text('abcd,de->abce') })] },
  Conv: { nodes: [node('Conv', ['h', 'kernel'], ['y'])], weights: [weight('kernel', [3, 4, 2, 2], 3, 16)] },
  ConvTranspose: {
    nodes: [node('ConvTranspose', ['h', 'kernel'], ['y'])],
    weights: [weight('kernel', [4, 3, 2, 2], 3, 16)],
  },
  LSTM: layer('LSTM', 4),
  GRU: layer('GRU', 3),
  RNN: layer('RNN', 1),

  ...Object.fromEntries(
    ['Identity', 'Transpose', 'Flatten', 'Neg', 'Abs', 'Sign', 'Floor', 'Ceil', 'Round', 'Relu', 'LeakyRelu', 'Elu']
      .concat(['Selu', 'ThresholdedRelu', 'Erf', 'Sigmoid', 'Tanh', 'HardSigmoid', 'Softsign'])
      .concat(['GlobalMaxPool', 'ReduceMax', 'ReduceMin'])
      .map((operator) => [operator, map(operator)]),
  ),
  HardSwish: map('HardSwish', {}, 14),
  Trilu: map('Trilu', {}, 14),
  Gelu: map('Gelu', {}, 20),
  Cast: map('Cast', { to: int(TYPE.FLOAT) }),
  DepthToSpace: map('DepthToSpace', { blocksize: int(2) }),
  SpaceToDepth: map('SpaceToDepth', { blocksize: int(2) }),
  MaxPool: map('MaxPool', { kernel_shape: ints([2, 2]) }),
  ...Object.fromEntries(['Add', 'Sub', 'Mul', 'Div', 'PRelu'].map((operator) => [operator, pair(operator)])),

  Reshape: indexed('Reshape', integers('shape', 2, -1)),
  Expand: indexed('Expand', integers('shape', 3, 1, 1, 1, 1)),
  Tile: indexed('Tile', integers('repeats', 1, 2, 1, 1)),
  Unsqueeze: indexed('Unsqueeze', integers('axes', 0)),
  Pad: indexed('Pad', integers('pads', 0, 0, 1, 1, 0, 0, 1, 1)),
  Gather: indexed('Gather', integers('at', 0, 2), { axis: int(1) }),
  GatherND: indexed('GatherND', tensorOf('at', [1, 2], BigInt64Array.of(1n, 2n))),
  GatherElements: indexed('GatherElements', tensorOf('at', [2, 4, 4, 1], new BigInt64Array(32)), { axis: int(3) }),
  Compress: indexed('Compress', tensorOf('kept', [4], Uint8Array.of(1, 0, 1, 0), TYPE.BOOL), { axis: int(1) }),
  Squeeze: {
    nodes: [node('Unsqueeze', ['h', 'axes'], ['wide']), node('Squeeze', ['wide', 'axes'], ['y'])],
    weights: [integers('axes', 0)],
  },
  Slice: {
    nodes: [node('Slice', ['h', 'from', 'to', 'axis'], ['y'])],
    weights: [integers('from', 1), integers('to', 3), integers('axis', 2)],
  },
  Split: {
    nodes: [node('Split', ['h', 'parts'], ['a', 'b'], { axis: int(1) }), node('Sub', ['a', 'b'], ['y'])],
    weights: [integers('parts', 2, 2)],
  },
  Concat: { nodes: [node('Concat', ['h', 'h'], ['y'], { axis: int(0) })] },
  Clip: { nodes: [node('Clip', ['h', 'low', 'high'], ['y'])], weights: [scalar('low', -0.5), scalar('high', 0.5)] },
  Dropout: { nodes: [node('Dropout', ['h', 'ratio'], ['y'])], weights: [scalar('ratio', 0.3)] },
  Where: {
    nodes: [node('Greater', ['x', 'zero'], ['up']), node('Where', ['up', 'h', 'zero'], ['y'])],
    weights: [scalar('zero', 0)],
  },
  ScatterElements: {
    nodes: [node('ScatterElements', ['h', 'at', 'value'], ['y'], { axis: int(3) })],
    weights: [tensorOf('at', [1, 1, 1, 1], BigInt64Array.of(2n)), tensorOf('value', [1, 1, 1, 1], Float32Array.of(5))],
  },
  ScatterND: {
    nodes: [node('ScatterND', ['h', 'at', 'value'], ['y'])],
    weights: [tensorOf('at', [1, 4], BigInt64Array.of(0n, 1n, 2n, 3n)), tensorOf('value', [1], Float32Array.of(5))],
  },
  ReverseSequence: {
    nodes: [node('ReverseSequence', ['h', 'lengths'], ['y'], { batch_axis: int(0), time_axis: int(1) })],
    weights: [integers('lengths', 3, 4)],
  },
  Resize: {
    nodes: [node('Resize', ['h', '', 'scales'], ['y'], { mode: text('linear') })],
    weights: [tensorOf('scales', [4], Float32Array.of(1, 1, 2, 2))],
  },
};

describe('each operator that may compute in half does, and answers as in full', () => {
  it('the table below is whole', () => {
    expect(Object.keys(OPERATORS).sort()).toEqual([...LAYERS, ...FOLLOWERS].sort());
  });

  const cases = Object.entries(OPERATORS).flatMap(([operator, one]) =>
    [13, 17, 21].filter((opset) => opset >= (one.since ?? 13)).map((opset) => ({ operator, opset, ...one })),
  );
  it.each(cases)('$operator, opset $opset', async ({ operator, opset, nodes, weights = [] }) => {
    const model = modelOf({
      nodes: [node('MatMul', ['x', 'w'], ['h']), ...nodes],
      weights: [weight('w', [4, 4], 1), ...weights],
      inputs: { x: [2, 4, 4, 4] },
      outputs: [{ name: 'y', type: { tensor_type: { elem_type: TYPE.FLOAT } } }],
      opset,
    });
    const half = converted(model, WITH_HEAD);
    expect(half.report.blocked.filter((blocked) => blocked.operator === operator)).toEqual([]);
    const found = await compared(model, half, noise(128, 7), [2, 4, 4, 4], 1);
    expect(found.notFinite).toBe(0);
    // Steps are where rounding shows whole.
    const steps = ['Sign', 'Floor', 'Ceil', 'Round'].includes(operator);
    expect(worst(found)).toBeLessThan(steps ? 1.001 : 5e-3);
  });
});

describe('graphs with what goes wrong', () => {
  const scoresOf = (nodes: Draft<OnnxNode>[], weights: Draft<OnnxTensor>[] = []): OnnxModel =>
    modelOf({
      nodes: [node('MatMul', ['x', 'w'], ['h']), ...nodes],
      weights: [weight('w', [4, 4], 1), ...weights],
      inputs: { x: ['rows', 4] },
      outputs: { y: ['rows', 4] },
    });
  const branch = (name: string, operator: string) => ({
    type: ATTRIBUTE.GRAPH,
    g: {
      name,
      node: [node(operator, ['h', 'bias'], [`${name}_y`])],
      output: [tensorInfo(`${name}_y`, TYPE.FLOAT, ['rows', 4])],
    },
  });
  const bias = tensorOf('bias', [4], noise(4, 9));

  it.each<[string, OnnxModel]>([
    [
      'casts inside: to FP32, to FP16 and back, from truth, from a count',
      scoresOf(
        [
          node('Cast', ['h'], ['same'], { to: int(TYPE.FLOAT) }),
          node('Cast', ['same'], ['narrow'], { to: int(TYPE.FLOAT16) }),
          node('Cast', ['narrow'], ['wide'], { to: int(TYPE.FLOAT) }),
          node('Greater', ['x', 'zero'], ['up']),
          node('Cast', ['up'], ['mask'], { to: int(TYPE.FLOAT) }),
          node('Size', ['x'], ['n']),
          node('Cast', ['n'], ['count'], { to: int(TYPE.FLOAT) }),
          node('Mul', ['wide', 'mask'], ['masked']),
          node('MatMul', ['masked', 'w'], ['g']),
          node('Div', ['g', 'count'], ['y']),
        ],
        [tensorOf('zero', [], new Float32Array(1))],
      ),
    ],
    [
      'a Range and a Resize',
      scoresOf(
        [
          node('Range', ['from', 'until', 'step'], ['counted']),
          node('Add', ['h', 'counted'], ['sum']),
          node('MatMul', ['sum', 'w'], ['g']),
          node('Reshape', ['g', 'image'], ['small']),
          node('Resize', ['small', '', 'scales'], ['large']),
          node('MaxPool', ['large'], ['pooled'], { kernel_shape: ints([2, 2]), strides: ints([2, 2]) }),
          node('Reshape', ['pooled', 'flat'], ['y']),
        ],
        [
          ...[scalar('from', 0), scalar('until', 4), scalar('step', 1)],
          tensorOf('scales', [4], Float32Array.of(1, 1, 2, 2)),
          ...[integers('image', -1, 1, 2, 2), integers('flat', -1, 4)],
        ],
      ),
    ],
    ['a weight that both widths read', scoresOf([node('Tanh', ['w'], ['t']), node('MatMul', ['h', 't'], ['y'])])],
    [
      'an If whose branches read from around them',
      scoresOf(
        [
          node('ReduceSum', ['x'], ['sum'], { keepdims: int(0) }),
          node('Greater', ['sum', 'zero'], ['up']),
          node('If', ['up'], ['chosen'], { then_branch: branch('then', 'Add'), else_branch: branch('else', 'Sub') }),
          node('MatMul', ['chosen', 'w'], ['y']),
        ],
        [tensorOf('zero', [], new Float32Array(1)), bias],
      ),
    ],
    [
      'constants of each kind',
      scoresOf([
        node('Constant', [], ['a'], { value_float: float(0.5) }),
        node('Shape', ['h'], ['shape']),
        node('ConstantOfShape', ['shape'], ['ones'], {
          value: { type: ATTRIBUTE.TENSOR, t: tensorOf('', [1], Float32Array.of(1)) },
        }),
        node('Mul', ['h', 'a'], ['scaled']),
        node('Add', ['scaled', 'ones'], ['y']),
      ]),
    ],
  ])('%s', async (_name, model) => {
    const half = converted(model, WITH_HEAD);
    for (const rows of [1, 3, 257]) {
      const found = await compared(model, half, noise(rows * 4, rows), [rows, 4], 4);
      expect(found.notFinite).toBe(0);
      expect(worst(found)).toBeLessThan(1e-2);
    }
  });

  it('a weight above 65504 is clamped, and the answer shows by how much', async () => {
    const values = new Float32Array(16).fill(0);
    values[0] = 80_000;
    const model = modelOf({
      nodes: [node('MatMul', ['x', 'w'], ['y'])],
      weights: [tensorOf('w', [4, 4], values)],
      inputs: { x: ['rows', 4] },
      outputs: { y: ['rows', 4] },
    });
    const half = converted(model, WITH_HEAD);
    expect(half.report.clamped).toBe(1);
    expect((await run(half.model, Float32Array.of(0.5, 0, 0, 0), [1, 4]))[0]).toBe(32752);
    expect(toHalf(model, { ...WITH_HEAD, clampLimit: 0 })).toMatchObject({ code: 'WEIGHTS_BEYOND_HALF' });
  });

  it('a layer whose weights all but vanish is found by measuring, and stays in FP32', async () => {
    const model = overflowing();
    const layers = converted(model).report.layers.map(({ name }) => name);
    const input = noise(800, 5).map((value) => value * 3);
    const errors: number[] = [];
    let trial = nextTrial(layers, errors, BOUND);
    while (trial.state === 'measure') {
      const half = converted(model, { keepInFull: new Set(trial.keepInFull) });
      errors.push(worst(await compared(model, half, input, [100, 8], 3)));
      trial = nextTrial(layers, errors, BOUND);
    }
    expect(errors[0]).toBeGreaterThan(BOUND);
    expect(trial).toMatchObject({ state: 'settled', keepInFull: ['two'] });
  });
});

import { describe, expect, it } from 'vitest';
import { converted, lines, weightsIn, WITH_HEAD } from '../../../test/builders/converted.js';
import { integers, mlp, modelOf, noise, weight, type Net } from '../../../test/builders/small-nets.js';
import { numberOf } from '../../engines/onnx/half.js';
import { float, floats, int, node, tensor, tensorInfo } from '../../engines/onnx/onnx-node.js';
import { ATTRIBUTE, TYPE, type Draft, type OnnxModel, type OnnxNode } from '../../engines/onnx/onnx-proto.js';
import { tensorOf, tensorValues } from '../../engines/onnx/onnx-tensor.js';
import { toHalf } from './to-half.js';

/** x [rows, 4] → `h`, a layer in half; then the nodes given. */
function after(nodes: Draft<OnnxNode>[], net: Partial<Net> = {}): OnnxModel {
  return modelOf({
    inputs: { x: ['rows', 4] },
    outputs: { y: ['rows', 4] },
    ...net,
    nodes: [node('MatMul', ['x', 'w'], ['h']), ...nodes],
    weights: [weight('w', [4, 4], 1), ...(net.weights ?? [])],
  });
}

describe('casts', () => {
  it.each<[string, OnnxModel, string[]]>([
    [
      'FP32 to FP32 in half becomes FP16 to FP16',
      after([node('Cast', ['h'], ['c'], { to: int(TYPE.FLOAT) }), node('MatMul', ['c', 'w'], ['y'])]),
      [
        'Cast10 x > x_half',
        'MatMul x_half w_half > h_half',
        'Cast10 h_half > c_half',
        'MatMul c_half w_half > y_half',
        'Cast1 y_half > y',
      ],
    ],
    [
      'truth goes straight to FP16 for a reader in half',
      after(
        [
          node('Greater', ['x', 'zero'], ['up']),
          node('Cast', ['up'], ['mask'], { to: int(TYPE.FLOAT) }),
          node('Mul', ['h', 'mask'], ['y']),
        ],
        { weights: [tensorOf('zero', [], new Float32Array(1))] },
      ),
      [
        'Cast10 x > x_half',
        'MatMul x_half w_half > h_half',
        'Greater x zero > up',
        'Cast10 up > mask_half',
        'Mul h_half mask_half > y_half',
        'Cast1 y_half > y',
      ],
    ],
    [
      'an integer stays FP32 for a map, and goes straight to FP16 for a layer',
      after([
        node('Size', ['x'], ['n']),
        node('Cast', ['n'], ['count'], { to: int(TYPE.FLOAT) }),
        node('Div', ['h', 'count'], ['y']),
      ]),
      [
        'Cast10 x > x_half',
        'Size x > n',
        'MatMul x_half w_half > h_half',
        'Cast1 h_half > h',
        'Cast1 n > count',
        'Div h count > y',
      ],
    ],
    [
      'what was FP16 in the source is read as it is',
      after([
        node('Cast', ['x'], ['narrow'], { to: int(TYPE.FLOAT16) }),
        node('Cast', ['narrow'], ['wide'], { to: int(TYPE.FLOAT) }),
        node('MatMul', ['wide', 'w'], ['g']),
        node('Add', ['g', 'h'], ['y']),
      ]),
      [
        'Cast10 x > x_half',
        'Cast10 x > narrow',
        'MatMul x_half w_half > h_half',
        'MatMul narrow w_half > g_half',
        'Add g_half h_half > y_half',
        'Cast1 y_half > y',
      ],
    ],
    [
      'what was FP16 in the source and goes back there does so without the detour',
      after([
        node('Cast', ['x'], ['narrow'], { to: int(TYPE.FLOAT16) }),
        node('Cast', ['narrow'], ['wide'], { to: int(TYPE.FLOAT) }),
        node('Cast', ['wide'], ['back'], { to: int(TYPE.FLOAT16) }),
        node('Cast', ['back'], ['wide_again'], { to: int(TYPE.FLOAT) }),
        node('Add', ['wide_again', 'h'], ['y']),
      ]),
      [
        'Cast10 x > x_half',
        'Cast10 x > narrow',
        'MatMul x_half w_half > h_half',
        'Cast10 narrow > back',
        'Add back h_half > y_half',
        'Cast1 y_half > y',
      ],
    ],
    [
      'to FP16 in the source takes what is in half already',
      after([node('Cast', ['h'], ['y'], { to: int(TYPE.FLOAT16) })], {
        outputs: [tensorInfo('y', TYPE.FLOAT16, ['rows', 4])],
      }),
      ['Cast10 x > x_half', 'MatMul x_half w_half > h_half', 'Cast10 h_half > y'],
    ],
  ])('%s', (_name, model, expected) => {
    expect(lines(converted(model).read).sort()).toEqual(expected.sort());
  });

  it('a tensor with many readers of both widths is cast once', () => {
    const model = after([
      node('Softmax', ['h'], ['a']),
      node('Exp', ['h'], ['b']),
      node('MatMul', ['h', 'w'], ['c']),
      node('MatMul', ['h', 'w'], ['d']),
      node('Sum', ['a', 'b', 'c', 'd'], ['y']),
    ]);
    const found = lines(converted(model).read).filter((line) => line.startsWith('Cast'));
    expect(found).toEqual(['Cast10 x > x_half', 'Cast1 h_half > h', 'Cast1 c_half > c', 'Cast1 d_half > d']);
  });
});

describe('weights', () => {
  it('that both widths read lie in the file twice', () => {
    const model = after([node('Exp', ['w'], ['e']), node('MatMul', ['h', 'e'], ['y'])]);
    const { read, report } = converted(model);
    expect(weightsIn(read)).toEqual(['w_half:10', 'w:1']);
    expect([report.weightsBefore, report.weightsAfter]).toEqual([64, 96]);
  });

  it('that are constants, in each of the ways to write one', () => {
    const model = after([
      node('Constant', [], ['a'], { value: tensor(tensorOf('', [], Float32Array.of(0.5))) }),
      node('Constant', [], ['b'], { value_float: float(0.25) }),
      node('Constant', [], ['c'], { value_floats: floats([1, 2, 3, 4]) }),
      node('Mul', ['h', 'a'], ['ha']),
      node('Mul', ['ha', 'b'], ['hab']),
      node('Mul', ['hab', 'c'], ['habc']),
      node('Softmax', ['habc'], ['s']),
      node('Mul', ['s', 'a'], ['y']),
    ]);
    const { read } = converted(model);
    expect(weightsIn(read)).toEqual(['w_half:10', 'a_half:10', 'b_half:10', 'c_half:10']);
    expect(lines(read).filter((line) => /Constant|Mul/.test(line))).toEqual([
      'MatMul x_half w_half > h_half',
      'Mul h_half a_half > ha_half',
      'Mul ha_half b_half > hab_half',
      'Mul hab_half c_half > habc_half',
      'Constant  > a',
      'Mul s a > y',
    ]);
    const values = read
      .graph!.initializer.slice(1)
      .map((one) => [...tensorValues(one).values].map((x) => numberOf(Number(x))));
    expect(values).toEqual([[0.5], [0.25], [1, 2, 3, 4]]);
  });

  it('that are inputs with a default are inputs no more', () => {
    const model = after([node('Relu', ['h'], ['y'])], { inputs: { x: ['rows', 4], w: [4, 4] } });
    const { read } = converted(model);
    expect(read.graph!.input.map(({ name }) => name)).toEqual(['x']);
    expect(weightsIn(read)).toEqual(['w_half:10']);
  });

  /** `count` weights that are too large, one that is too small. */
  const big = (count: number): OnnxModel => {
    const values = new Float32Array(16).fill(1);
    for (let i = 0; i < count; i += 1) values[i] = (-1) ** i * 70_000;
    values[15] = -1e-9;
    return modelOf({
      nodes: [node('MatMul', ['x', 'w'], ['y'])],
      weights: [tensorOf('w', [4, 4], values)],
      inputs: { x: ['rows', 4] },
      outputs: { y: ['rows', 4] },
    });
  };
  it('beyond ±65504 are clamped and counted, and what vanishes keeps its sign', () => {
    const { read, report } = converted(big(2), { ...WITH_HEAD, clampLimit: 2 });
    expect(report).toMatchObject({ clamped: 2, flushed: 1 });
    const values = [...tensorValues(read.graph!.initializer[0]!).values].map((x) => numberOf(Number(x)));
    expect([values[0], values[1], values[2], values[15]]).toEqual([65504, -65504, 1, -0]);
  });
  it('of which too many are beyond ±65504 are a refusal', () => {
    expect(toHalf(big(2), { ...WITH_HEAD, clampLimit: 1 })).toEqual({
      code: 'WEIGHTS_BEYOND_HALF',
      reason: '2 weights beyond ±65504 (in w), 1 are allowed',
    });
  });
  it('that divide and would vanish keep their node in full', () => {
    const model = after([node('Div', ['h', 'tiny'], ['y'])], {
      weights: [tensorOf('tiny', [], Float32Array.of(1e-9))],
    });
    const { read, report } = converted(model);
    expect(lines(read)).toContain('Div h tiny > y');
    expect(report.blocked).toEqual([
      { operator: 'Div', nodes: 1, because: 'divides by a number that FP16 takes for zero' },
    ]);
  });
});

describe('the rest of a graph', () => {
  it('inputs that are FP32 in any node: the scales of a Resize, the ratio of a Dropout', () => {
    const model = after(
      [
        node('Reshape', ['h', 'shape'], ['image']),
        node('Resize', ['image', '', 'scales'], ['large']),
        node('Dropout', ['large', 'ratio'], ['y']),
      ],
      {
        weights: [
          integers('shape', -1, 1, 2, 2),
          tensorOf('scales', [4], Float32Array.of(1, 1, 2, 2)),
          tensorOf('ratio', [], Float32Array.of(0.1)),
        ],
      },
    );
    const { read } = converted(model);
    expect(weightsIn(read)).toEqual(['w_half:10', 'shape:7', 'scales:1', 'ratio:1']);
    expect(lines(read)).toContain('Resize image_half  scales > large_half');
  });

  it('Range stays in full, and so does what it counts for', () => {
    const scalar = (name: string, value: number) => tensorOf(name, [], Float32Array.of(value));
    const model = after([node('Range', ['from', 'to', 'step'], ['r']), node('Add', ['h', 'r'], ['y'])], {
      weights: [scalar('from', 0), scalar('to', 4), scalar('step', 1)],
    });
    expect(lines(converted(model).read)).toEqual(expect.arrayContaining(['Range from to step > r', 'Add h r > y']));
  });

  const branch = (name: string, operator: string) => ({
    name,
    node: [node(operator, ['h', 'bias'], [`${name}_y`])],
    output: [tensorInfo(`${name}_y`, TYPE.FLOAT, ['rows', 4])],
  });
  const withIf = after(
    [
      node('ReduceSum', ['x'], ['sum'], { keepdims: int(0) }),
      node('Greater', ['sum', 'zero'], ['up']),
      node('If', ['up'], ['chosen'], {
        then_branch: { type: ATTRIBUTE.GRAPH, g: branch('then', 'Add') },
        else_branch: { type: ATTRIBUTE.GRAPH, g: branch('else', 'Sub') },
      }),
      node('MatMul', ['chosen', 'w'], ['y']),
    ],
    { weights: [tensorOf('zero', [], new Float32Array(1)), tensorOf('bias', [4], noise(4, 9))] },
  );
  it('a body reads from around it by name, in FP32', () => {
    const { read, report } = converted(withIf);
    expect(lines(read)).toEqual([
      ...['Cast10 x > x_half', 'MatMul x_half w_half > h_half', 'ReduceSum x > sum', 'Greater sum zero > up'],
      ...['Cast1 h_half > h', 'If up > chosen', 'Cast10 chosen > chosen_half', 'MatMul chosen_half w_half > y_half'],
      'Cast1 y_half > y',
    ]);
    expect(weightsIn(read)).toContain('bias:1');
    expect(report.blocked.map(({ operator }) => operator)).toEqual(['ReduceSum', 'Greater', 'If']);
  });

  it('new names keep clear of those that are there, in bodies too', () => {
    const model = after([
      node('Relu', ['h'], ['h_half']),
      node('MatMul', ['h_half', 'w'], ['w_half']),
      node('Relu', ['w_half'], ['y']),
    ]);
    expect(lines(converted(model).read)).toContain('MatMul h_half_half w_half_2 > w_half_half');
  });

  it('a graph out of order is put in order', () => {
    const model = mlp(4, 8);
    model.graph!.node.reverse();
    expect(lines(converted(model).read).sort()).toEqual(lines(converted(mlp(4, 8)).read).sort());
  });

  it('what the file states of a tensor is said of its half', () => {
    const stated = ['h', 'r', 's'].map((name) => tensorInfo(name, TYPE.FLOAT, ['rows', 4]));
    const model = after([node('Relu', ['h'], ['r']), node('Softmax', ['r'], ['s']), node('Mul', ['s', 's'], ['y'])], {
      stated,
    });
    const infos = converted(model).read.graph!.value_info.map(
      ({ name, type }) => `${name}:${type!.tensor_type!.elem_type}`,
    );
    expect(infos).toEqual(['h_half:10', 'r:1', 'r_half:10', 's:1']);
  });

  it('an operator that nobody knows stays in full', () => {
    const model = after([node('Unheard', ['h'], ['u']), node('MatMul', ['h', 'w'], ['y'])], {
      outputs: { y: ['rows', 4], u: ['rows', 4] },
    });
    const { read, report } = converted(model);
    expect(lines(read)).toContain('Unheard h > u');
    expect(report.blocked).toEqual([
      { operator: 'Unheard', nodes: 1, because: 'is not known to keep its meaning in FP16' },
    ]);
  });
});

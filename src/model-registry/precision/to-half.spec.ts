import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { converted, lines, WITH_HEAD } from '../../../test/builders/converted.js';
import { mlp, modelOf, recurrent, transformer, weight } from '../../../test/builders/small-nets.js';
import { int, node, tensorInfo } from '../../engines/onnx/onnx-node.js';
import {
  decodeModel,
  encodeModel,
  TYPE,
  type Draft,
  type OnnxModel,
  type OnnxNode,
} from '../../engines/onnx/onnx-proto.js';
import { tensorOf } from '../../engines/onnx/onnx-tensor.js';
import { inOrder } from './graph-order.js';
import { toHalf, type HalfOptions } from './to-half.js';

describe('a whole net', () => {
  it('computes its layers in half, what is delicate in full, and is FP32 at the edges', () => {
    const { read, report } = converted(mlp(4, 8), {});
    expect(lines(read)).toEqual([
      'Sub x mean > centred',
      'Div centred std > scaled',
      'Cast10 scaled > scaled_half',
      'Gemm scaled_half one_w_half one_b_half > one_half',
      'Relu one_half > one_out_half',
      'Gemm one_out_half two_w_half two_b_half > two_half',
      'Tanh two_half > two_out_half',
      'Cast1 two_out_half > two_out',
      'Gemm two_out three_w three_b > margins',
      'Softmax margins > y',
    ]);
    expect(report).toMatchObject({ converted: 4, clamped: 0, flushed: 0 });
    expect(report.layers.map(({ name, bytes }) => `${name} ${bytes}`)).toEqual(['two 288', 'one 160']);
    expect(report.blocked.map(({ operator, nodes }) => `${operator} ${nodes}`)).toEqual(['Gemm 1', 'Softmax 1']);
    const head = 4 * (3 * 8 + 3);
    expect([report.weightsBefore, report.weightsAfter]).toEqual([32 + head + 288 + 160, 32 + head + 144 + 80]);
  });

  it.each<[string, Partial<HalfOptions>, string[]]>([
    [
      'the head too, where it may',
      { headInFull: false },
      ['Gemm two_out_half three_w_half three_b_half > margins_half'],
    ],
    ['not what is to stay', { keepInFull: new Set(['one']) }, ['Gemm scaled one_w one_b > one', 'Relu one > one_out']],
  ])('%s', (_name, options, expected) => {
    expect(lines(converted(mlp(4, 8), options).read)).toEqual(expect.arrayContaining(expected));
  });

  it('a node to keep that is not there is a mistake of the caller', () => {
    expect(() => toHalf(mlp(), { keepInFull: new Set(['four']) })).toThrow('no node four to keep in FP32');
  });

  it('the first state of a recurrent layer is made in half', () => {
    const found = lines(converted(recurrent('GRU'), {}).read);
    expect(found).toContain('ConstantOfShape state_shape > zeros_half');
    expect(found).toContain('GRU steps_half w_half r_half b_half  zeros_half >  last_half');
  });

  it('a residual stream stays in FP32: its sums are wider than what is added', () => {
    const found = lines(converted(transformer(), {}).read);
    expect(found).toContain('Add x attended > residual_1');
    expect(found).toContain('Add up_half up_b_half > up_biased_half');
  });

  it('gives the same bytes for the same model', () => {
    const bytes = () => Buffer.from(encodeModel(converted(transformer()).model)).toString('hex');
    expect(bytes()).toBe(bytes());
  });

  it('leaves its source as it was', () => {
    const model = transformer();
    const before = encodeModel(model as Draft<OnnxModel>);
    toHalf(model);
    expect(encodeModel(model as Draft<OnnxModel>)).toEqual(before);
  });

  it.each([
    ['mlp', mlp()],
    ['gru', recurrent('GRU')],
    ['transformer', transformer()],
  ])('%s: what is converted has nothing left to convert', (_name, model) => {
    expect(toHalf(converted(model, {}).read)).toMatchObject({ code: 'NOTHING_TO_CONVERT' });
    expect(toHalf(converted(model, WITH_HEAD).read, WITH_HEAD)).toEqual({
      code: 'NOTHING_TO_CONVERT',
      reason: 'the arithmetic of its layers is FP16 already',
    });
  });
});

describe('refusals', () => {
  const file = (name: string) => decodeModel(readFileSync(`models/${name}/1.0.0/model.onnx`));
  const wide = (): OnnxModel =>
    modelOf({
      nodes: [node('MatMul', ['x', 'w'], ['y'])],
      weights: [tensorOf('w', [4, 4], new Float64Array(16))],
      inputs: [tensorInfo('x', TYPE.DOUBLE, ['rows', 4])],
      outputs: [tensorInfo('y', TYPE.DOUBLE, ['rows', 4])],
    });
  const graphOf = (nodes: Draft<OnnxNode>[]) =>
    modelOf({ nodes, inputs: { x: ['rows', 4] }, outputs: { y: ['rows', 4] } });
  const changed = (change: (model: OnnxModel) => void): OnnxModel => {
    const model = mlp();
    change(model);
    return model;
  };
  it.each<[string, OnnxModel, string, string]>([
    ['trees', file('gbt'), 'NOTHING_TO_CONVERT', 'the model is made of trees'],
    [
      'one layer, the last',
      file('logreg'),
      'NOTHING_TO_CONVERT',
      'Gemm margins is the last layer: what it rounds, the answer shows',
    ],
    ['FP64', wide(), 'NOTHING_TO_CONVERT', 'the arithmetic of its layers is FP64'],
    ['no layer', graphOf([node('Relu', ['x'], ['y'])]), 'NOTHING_TO_CONVERT', 'the model has no layer with weights'],
    [
      'an old opset',
      { ...mlp(), opset_import: [{ domain: '', version: 12 }] },
      'OPSET_TOO_OLD',
      'the model is of opset 12, FP16 needs 13',
    ],
    ['no opset', { ...mlp(), opset_import: [] }, 'OPSET_TOO_OLD', 'the model is of opset 1, FP16 needs 13'],
    ['no graph', { ...mlp(), graph: null }, 'GRAPH_INVALID', 'the model has no graph'],
    [
      'functions',
      { ...mlp(), functions: [new Uint8Array(1)] },
      'GRAPH_NOT_PLAIN',
      'the model has functions of its own',
    ],
    [
      'sparse weights',
      changed(({ graph }) => graph!.sparse_initializer.push(new Uint8Array(1))),
      'GRAPH_NOT_PLAIN',
      'the model has sparse weights',
    ],
    [
      'a circle',
      graphOf([node('Add', ['x', 'y'], ['a']), node('Relu', ['a'], ['y'])]),
      'GRAPH_INVALID',
      'the graph runs in a circle',
    ],
    ['an unmade input', graphOf([node('Add', ['x', 'z'], ['y'])]), 'GRAPH_INVALID', 'nothing in the graph makes z'],
    ['an unmade output', graphOf([node('Relu', ['x'], ['z'])]), 'GRAPH_INVALID', 'nothing in the graph makes y'],
    [
      'made twice',
      graphOf([node('Relu', ['x'], ['y']), node('Relu', ['x'], ['y'])]),
      'GRAPH_INVALID',
      'the graph makes y twice',
    ],
    ['a cast of nothing', graphOf([node('Cast', [], ['y'])]), 'GRAPH_INVALID', 'Cast y lacks an input or an output'],
    [
      'a short weight',
      changed(({ graph }) => (graph!.initializer[0]!.raw_data = new Uint8Array(3))),
      'GRAPH_INVALID',
      'tensor mean claims 96 bytes and holds 3',
    ],
    [
      'a weight elsewhere',
      changed(({ graph }) => (graph!.initializer[0]!.data_location = 1)),
      'GRAPH_INVALID',
      'tensor mean lies in another file',
    ],
  ])('%s', (_name, model, code, reason) => expect(toHalf(model)).toEqual({ code, reason }));
});

describe('any graph', () => {
  const OPERATORS = [
    'MatMul',
    'Add',
    'Div',
    'Relu',
    'Softmax',
    'Greater',
    'Cast',
    'Identity',
    'Shape',
    'Exp',
    'Where',
  ] as const;
  /** Nodes that read what came before them, types right or wrong. */
  const graphs = fc.array(
    fc.record({
      operator: fc.constantFrom(...OPERATORS),
      reads: fc.array(fc.nat(), { minLength: 3, maxLength: 3 }),
      to: fc.constantFrom(1, 7, 9, 10),
    }),
    { minLength: 1, maxLength: 25 },
  );
  const casts = (to: 1 | 10, from: number) => ({ operator: 'Cast' as const, reads: [from, 0, 0], to });
  /** x to FP16, to FP32 and to FP16 again, in the source. */
  const THERE_AND_BACK = [casts(10, 0), casts(1, 2), casts(10, 3)];

  it('becomes one in order, with names of its own and no cast there and back, whatever order it came in', () => {
    fc.assert(
      fc.property(graphs, fc.boolean(), (steps, reversed) => {
        const names = ['x', 'w'];
        const nodes = steps.map(({ operator, reads, to: type }, i) => {
          const count = { MatMul: 2, Add: 2, Div: 2, Greater: 2, Where: 3 }[operator as string] ?? 1;
          const input = reads.slice(0, count).map((at) => names[at % names.length]!);
          names.push(`t${i}`);
          return node(operator, input, [`t${i}`], operator === 'Cast' ? { to: int(type) } : {});
        });
        nodes.push(node('MatMul', ['x', 'w'], ['last']));
        const model = modelOf({
          nodes: reversed ? nodes.reverse() : nodes,
          weights: [weight('w', [4, 4], 1)],
          inputs: { x: ['rows', 4] },
          outputs: Object.fromEntries(
            [...names.slice(2), 'last'].filter((_, i) => i % 3 === 0 || i === steps.length).map((name) => [name, []]),
          ),
        });
        const { read, report } = converted(model);
        expect(inOrder(read.graph!)).toHaveLength(read.graph!.node.length);
        expect(report.converted).toBeGreaterThan(0);
      }),
      { numRuns: 500, examples: [[THERE_AND_BACK, false]] },
    );
  });

  it('broken in its bytes is converted or refused, never more', () => {
    const sources = [
      ...['tcn', 'logreg'].map((name) => readFileSync(`models/${name}/1.0.0/model.onnx`)),
      Buffer.from(encodeModel(transformer() as Draft<OnnxModel>)),
      Buffer.from(encodeModel(recurrent('LSTM') as Draft<OnnxModel>)),
    ];
    fc.assert(
      fc.property(
        fc.nat(sources.length - 1),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        (which, edits, atEnd) => {
          const bytes = Buffer.from(sources[which]!);
          // The names and the structure lie outside the weights: towards either end.
          for (const [at, value] of edits)
            bytes[atEnd ? bytes.length - 1 - (at % Math.min(900, bytes.length)) : at % Math.min(3000, bytes.length)] =
              value;
          let model: OnnxModel;
          try {
            model = decodeModel(bytes);
          } catch {
            return;
          }
          const result = toHalf(model, WITH_HEAD);
          if ('model' in result) encodeModel(result.model);
        },
      ),
      { numRuns: 5_000 },
    );
  });
});

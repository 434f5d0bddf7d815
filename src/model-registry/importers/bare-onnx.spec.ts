import { describe, expect, it } from 'vitest';
import { node, tensorInfo } from '../../engines/onnx/onnx-node.js';
import { decodeModel, encodeModel, TYPE, type Draft, type OnnxValueInfo } from '../../engines/onnx/onnx-proto.js';
import { shapeOf } from './bare-onnx.js';

const model = (input: Draft<OnnxValueInfo>[], output: Draft<OnnxValueInfo>[]) =>
  decodeModel(
    encodeModel({
      ir_version: 8,
      opset_import: [{ version: 17 }],
      graph: { node: [node('Identity', ['x'], ['y'])], input, output },
    }),
  );
const x = (...dims: (number | string)[]) => tensorInfo('x', TYPE.FLOAT, dims);
const y = (...dims: (number | string)[]) => tensorInfo('y', TYPE.FLOAT, dims);
const label = tensorInfo('label', TYPE.INT64, ['n']);

describe('an ONNX file that says nothing else of itself', () => {
  it.each<[string, Draft<OnnxValueInfo>[], Draft<OnnxValueInfo>[], object]>([
    ['rows of features', [x('n', 8)], [y('n', 3)], { input: { name: 'x', window: 1, features: 8 }, float: 'float32' }],
    ['rows of candles', [x('n', 32, 8)], [y('n', 3)], { input: { name: 'x', window: 32, features: 8 } }],
    ['labels are left out', [x('n', 8)], [label, y('n', 3)], { output: { name: 'y', columns: 3 } }],
  ])('is fed %s', (_, input, output, shape) => expect(shapeOf(model(input, output))).toMatchObject(shape));

  it.each<[string, Draft<OnnxValueInfo>[], Draft<OnnxValueInfo>[], RegExp]>([
    ['two inputs', [x('n', 8), tensorInfo('h', TYPE.FLOAT, ['n', 4])], [y('n', 3)], /2 inputs \("x", "h"\)/],
    ['a fixed number of rows', [x(1, 8)], [y(1, 3)], /fixes the number of rows at 1/],
    ['a free number of columns', [x('n', 'm')], [y('n', 3)], /expected \[rows, features\]/],
    ['four axes', [x('n', 3, 8, 8)], [y('n', 3)], /expected \[rows, features\]/],
    ['an input of words', [tensorInfo('x', TYPE.STRING, ['n', 8])], [y('n', 3)], /no float32 or float64/],
    ['labels alone', [x('n', 8)], [label], /no output is a float32 tensor/],
    ['an unknown number of answers', [x('n', 8)], [y('n', 'm')], /known number of columns/],
  ])('is refused with %s', (_, input, output, message) => {
    expect(() => shapeOf(model(input, output))).toThrowError(
      expect.objectContaining({ code: 'NOT_EXPRESSIBLE', message: expect.stringMatching(message) }),
    );
  });
});

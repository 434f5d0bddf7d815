import { describe, expect, it } from 'vitest';
import { decodeModel, encodeModel, TYPE, type Draft, type OnnxTensor } from './onnx-proto.js';
import { tensorFault, tensorOf, tensorValues, type TensorValues } from './onnx-tensor.js';

/** A tensor as it comes out of a file. */
function filed(tensor: Draft<OnnxTensor>): OnnxTensor {
  return decodeModel(encodeModel({ graph: { initializer: [tensor] } })).graph!.initializer[0]!;
}

const LARGE = 2n ** 63n - 1n;

describe('the values of a tensor', () => {
  it.each<[type: keyof typeof TYPE, values: TensorValues, field: Draft<OnnxTensor>]>([
    ['FLOAT', Float32Array.of(-0, 1e-45, NaN, Infinity), { float_data: [-0, 1e-45, NaN, Infinity] }],
    ['DOUBLE', Float64Array.of(0.1, -5e-324), { double_data: [0.1, -5e-324] }],
    ['INT32', Int32Array.of(-1, 2 ** 31 - 1), { int32_data: [-1, 2 ** 31 - 1] }],
    ['INT8', Int8Array.of(-128, 127), { int32_data: [-128, 127] }],
    ['UINT8', Uint8Array.of(0, 255), { int32_data: [0, 255] }],
    ['BOOL', Uint8Array.of(0, 1), { int32_data: [0, 1] }],
    ['FLOAT16', Uint16Array.of(0x3c00, 0xfc00), { int32_data: [0x3c00, 0xfc00] }],
    ['INT64', BigInt64Array.of(-1n, 7n), { int64_data: [-1, 7] }],
  ])('%s: the same raw and in the field of its type', (name, values, field) => {
    const [type, dims] = [TYPE[name], [values.length, 1]];
    expect(tensorValues(filed(tensorOf('t', dims, values, type)))).toEqual({ dims, type, values });
    expect(tensorValues(filed({ ...field, dims, data_type: type }))).toEqual({ dims, type, values });
  });

  it('keep all 64 bits of an integer', () => {
    expect(tensorValues(filed(tensorOf('t', [2], BigInt64Array.of(LARGE, -LARGE)))).values[1]).toBe(-LARGE);
  });

  it('are a copy, whatever the tensor is a view of', () => {
    const tensor = filed(tensorOf('t', [1], Float64Array.of(1.5)));
    const { values } = tensorValues(tensor);
    tensor.raw_data.fill(0);
    expect(values).toEqual(Float64Array.of(1.5));
  });

  it('of no dimensions are one, of an empty dimension none', () => {
    expect(tensorValues(filed(tensorOf('t', [], Float32Array.of(7)))).values).toEqual(Float32Array.of(7));
    expect(tensorValues(filed(tensorOf('t', [3, 0], new Float32Array(0)))).values).toEqual(new Float32Array(0));
  });
});

describe('a tensor that cannot be', () => {
  it.each<[fault: string, tensor: Draft<OnnxTensor>]>([
    ['has dimensions [-1]', { dims: [-1], data_type: TYPE.FLOAT }],
    ['has dimensions [4294967296, 4294967296]', { dims: [2 ** 32, 2 ** 32], data_type: TYPE.FLOAT }],
    ['has 65 dimensions', { dims: new Array<number>(65).fill(1), data_type: TYPE.FLOAT, float_data: [1] }],
    ['claims 2 values and holds 1', { dims: [2], data_type: TYPE.FLOAT, float_data: [1] }],
    ['claims 8 bytes and holds 7', { dims: [1], data_type: TYPE.INT64, raw_data: new Uint8Array(7) }],
    ['claims 1 strings and holds 0', { dims: [1], data_type: TYPE.STRING }],
    ['holds its values twice', { dims: [1], data_type: TYPE.INT32, raw_data: new Uint8Array(4), int32_data: [1] }],
    ['is of type 16, which is not supported', { dims: [1], data_type: 16, raw_data: new Uint8Array(2) }],
    ['lies in another file', { dims: [1], data_type: TYPE.FLOAT, data_location: 1 }],
  ])('%s', (fault, tensor) => {
    expect(tensorFault(filed(tensor))).toBe(fault);
    expect(() => tensorValues(filed({ ...tensor, name: 'w' }))).toThrow(`tensor w ${fault}`);
  });

  it('is not written', () => {
    expect(() => tensorOf('w', [2, 2], new Float32Array(3))).toThrow('w: 3 values for [2, 2]');
  });
});

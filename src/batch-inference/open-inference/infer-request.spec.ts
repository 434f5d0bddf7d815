import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ActiveModel } from '../../domain/model.js';
import { readJson, type Json } from '../../platform/http/json-body.js';
import { RequestRefused } from '../../platform/http/refusal.js';
import { CLASSIFIER } from '../../../test/builders/active-model.js';
import { headerLength, readInferRequest } from './infer-request.js';

const features = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ name: `f${i}`, mean: 0, std: 1, importance: 0 }));
const model: ActiveModel = {
  ...{ name: 'gbt', version: '1.0.0', file: '', timeframes: [], window: 1, ...CLASSIFIER },
  ...{ input: 'features', output: 'probabilities', variant: { engine: 'tree' }, features: features(2) },
};
const wide: ActiveModel = { ...model, dtype: { input: 'float64', output: 'float64' } };
const sequence: ActiveModel = { ...model, window: 3 };

function json(value: unknown): Json {
  const reading = readJson(
    value instanceof Uint8Array ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
  );
  for (;;) {
    const { done, value: read } = reading.next();
    if (done) return read;
  }
}
const bytes = (values: number[], wanted: 'float32' | 'float64' = 'float32') =>
  new Uint8Array((wanted === 'float32' ? Float32Array : Float64Array).from(values).buffer);
const NONE = new Uint8Array(0);
const input = (more: object = {}) => ({
  name: 'features',
  shape: [2, 2],
  datatype: 'FP32',
  data: [1, 2, 3, 4],
  ...more,
});
const binary = (size: number, more: object = {}) => ({
  ...input({ parameters: { binary_data_size: size }, ...more }),
  data: undefined,
});
const read = (body: unknown, tail = NONE, of = model) => readInferRequest(json(body), tail, of, 100);
function refusal(body: unknown, tail = NONE, of = model): RequestRefused {
  try {
    read(body, tail, of);
  } catch (error) {
    if (error instanceof RequestRefused) return error;
    throw error;
  }
  throw new Error('it was read');
}

describe('an inference request is read', () => {
  it.each<[string, object]>([
    ['flat', input()],
    ['nested as its shape is', input({ data: [[1, 2], [3, 4]] })], // prettier-ignore
    ['with parameters of somebody else', input({ parameters: { content_type: 'np' } })],
  ])('from JSON, %s', (_, tensor) => {
    const { rows, input: values } = read({ id: '7', inputs: [tensor] });
    expect(rows).toBe(2);
    expect(values).toEqual(Float32Array.of(1, 2, 3, 4));
  });

  it('from what Python writes of numbers that JSON has no word for', () => {
    const body = '{"inputs":[{"name":"features","shape":[1,2],"datatype":"FP32","data":[NaN,-Infinity]}]}';
    expect(read(body).input).toEqual(Float32Array.of(NaN, -Infinity));
  });

  it.each<[string, 'float32' | 'float64', ActiveModel, string]>([
    ['float32', 'float32', model, 'FP32'],
    ['float64', 'float64', wide, 'FP64'],
  ])('from binary %s, every bit of it', (_, dtype, of, datatype) => {
    const values = [0.1, NaN, -0, Infinity];
    const tail = bytes(values, dtype);
    const unaligned = new Uint8Array(tail.length + 1).subarray(1);
    unaligned.set(tail);
    const { input: found } = read({ inputs: [binary(tail.length, { datatype })] }, unaligned, of);
    expect(new Uint8Array(found.buffer)).toEqual(tail);
  });

  it('in windows', () => {
    const tensor = input({ shape: [1, 3, 2], data: [[[1, 2], [3, 4], [5, 6]]] }); // prettier-ignore
    expect(read({ inputs: [tensor] }, NONE, sequence)).toMatchObject({
      rows: 1,
      input: Float32Array.of(1, 2, 3, 4, 5, 6),
    });
  });

  it.each<[string, object, object]>([
    ['nothing: JSON', {}, { binary: false, classification: undefined }],
    ['everything in binary', { parameters: { binary_data_output: true } }, { binary: true, classification: undefined }],
    ['the output', { outputs: [{ name: 'probabilities' }] }, { binary: false, classification: undefined }],
    [
      'one output otherwise than the others',
      {
        parameters: { binary_data_output: true },
        outputs: [{ name: 'probabilities', parameters: { binary_data: false, classification: 2 } }],
      },
      { binary: false, classification: 2 },
    ],
  ])('that asks for %s', (_, asked, output) => {
    expect(read({ inputs: [input()], ...asked }).output).toEqual(output);
  });

  it('with its id, and its timeout in microseconds', () => {
    const read42 = read({ id: '42', parameters: { timeout: 25_000, priority: 1, mine: 'x' }, inputs: [input()] });
    expect(read42).toMatchObject({ id: '42', timeoutMs: 25 });
    expect(read({ inputs: [input()] })).toMatchObject({ id: undefined, timeoutMs: undefined });
  });
});

describe('an inference request is refused', () => {
  it.each<[string, unknown, string, string]>([
    ['no object', '"no"', 'INVALID_REQUEST', 'body'],
    ['numbers alone', [1], 'INVALID_REQUEST', 'body.inputs'],
    ['no inputs', {}, 'INVALID_REQUEST', 'body.inputs'],
    ['an input of another name', { inputs: [input({ name: 'x' })] }, 'INPUT_MISSING', 'body.inputs'],
    ['no input', { inputs: [] }, 'INPUT_MISSING', 'body.inputs'],
    ['an input more', { inputs: [input(), input({ name: 'x' })] }, 'INPUT_UNKNOWN', 'body.inputs.1.name'],
    ['an input before it', { inputs: [input({ name: 'x' }), input()] }, 'INPUT_UNKNOWN', 'body.inputs.0.name'],
    ['its input twice', { inputs: [input(), input()] }, 'INPUT_UNKNOWN', 'body.inputs.1.name'],
    ['another type', { inputs: [input({ datatype: 'FP64' })] }, 'DATATYPE_MISMATCH', 'body.inputs.0.datatype'],
    ['a type of no number', { inputs: [input({ datatype: 'BYTES' })] }, 'DATATYPE_MISMATCH', 'body.inputs.0.datatype'],
    ['a column more', { inputs: [input({ shape: [2, 3] })] }, 'SHAPE_MISMATCH', 'body.inputs.0.shape'],
    ['a dimension less', { inputs: [input({ shape: [4] })] }, 'SHAPE_MISMATCH', 'body.inputs.0.shape'],
    ['a dimension more', { inputs: [input({ shape: [2, 2, 1] })] }, 'SHAPE_MISMATCH', 'body.inputs.0.shape'],
    ['no rows', { inputs: [input({ shape: [0, 2] })] }, 'SHAPE_MISMATCH', 'body.inputs.0.shape'],
    ['half a row', { inputs: [input({ shape: [0.5, 2] })] }, 'INVALID_REQUEST', 'body.inputs.0.shape'],
    ['a shape of words', { inputs: [input({ shape: ['a'] })] }, 'INVALID_REQUEST', 'body.inputs.0.shape'],
    ['a shape in a shape', { inputs: [input({ shape: [[2, 2]] })] }, 'INVALID_REQUEST', 'body.inputs.0.shape'],
    ['a shape of nothing', { inputs: [input({ shape: [] })] }, 'INVALID_REQUEST', 'body.inputs.0.shape'],
    ['a billion rows', { inputs: [input({ shape: [1e9, 2] })] }, 'TOO_MANY_ROWS', 'body.inputs.0.shape'],
    ['fewer numbers', { inputs: [input({ data: [1, 2, 3] })] }, 'SIZE_MISMATCH', 'body.inputs.0.data'],
    ['more numbers', { inputs: [input({ data: [1, 2, 3, 4, 5] })] }, 'SIZE_MISMATCH', 'body.inputs.0.data'],
    [
      'numbers of another nesting',
      { inputs: [input({ data: [[1, 2, 3, 4]] })] },
      'SHAPE_MISMATCH',
      'body.inputs.0.data',
    ],
    ['no numbers', { inputs: [input({ data: undefined })] }, 'SIZE_MISMATCH', 'body.inputs.0.data'],
    ['words for numbers', { inputs: [input({ data: ['a'] })] }, 'INVALID_REQUEST', 'body.inputs.0.data'],
    ['an unknown output', { inputs: [input()], outputs: [{ name: 'x' }] }, 'OUTPUT_UNKNOWN', 'body.outputs.0.name'],
    [
      'its output twice',
      { inputs: [input()], outputs: [{ name: 'probabilities' }, { name: 'probabilities' }] },
      'OUTPUT_UNKNOWN',
      'body.outputs.1.name',
    ],
    [
      'more classes than there are',
      { inputs: [input()], outputs: [{ name: 'probabilities', parameters: { classification: 4 } }] },
      'CLASSIFICATION_INVALID',
      'body.outputs.0.parameters.classification',
    ],
    [
      'memory that we do not share',
      { inputs: [input({ data: undefined, parameters: { shared_memory_region: 'r' } })] },
      'SHARED_MEMORY_UNSUPPORTED',
      'body.inputs.0.parameters.shared_memory_region',
    ],
    [
      'a sequence',
      { inputs: [input()], parameters: { sequence_id: 3 } },
      'INVALID_REQUEST',
      'body.parameters.sequence_id',
    ],
    ['no time', { inputs: [input()], parameters: { timeout: 0 } }, 'INVALID_REQUEST', 'body.parameters.timeout'],
  ])('with %s', (_, body, code, field) => {
    const { status, code: found, faults } = refusal(body);
    expect({ status, found, fields: faults.map((fault) => fault.field) }).toEqual({
      status: 400,
      found: code,
      fields: [field],
    });
  });

  it.each<[string, number, number, object]>([
    ['cut short', 16, 15, {}],
    ['gone', 16, 0, {}],
    ['too long', 16, 17, {}],
    ['of half a row', 12, 12, {}],
    ['of fewer rows than its shape', 8, 8, {}],
    ['of a billion rows', 8e9, 16, {}],
    ['beside JSON', 16, 16, { data: [1, 2, 3, 4] }],
  ])('with binary data %s', (_, size, length, more) => {
    const tensor = { ...binary(size), ...more };
    expect(refusal({ inputs: [tensor] }, new Uint8Array(length)).code).toBe('SIZE_MISMATCH');
  });

  it('with binary data that belongs to no tensor', () => {
    expect(refusal({ inputs: [input()] }, new Uint8Array(4)).code).toBe('SIZE_MISMATCH');
  });

  it('or read, wherever its JSON is said to end, and whatever is cut off or written over its bytes', () => {
    const tail = bytes([1, 2, 3, 4]);
    const sound = Buffer.concat([Buffer.from(JSON.stringify({ inputs: [binary(16)] })), tail]);
    const edits = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { maxLength: 3 });
    const end = fc.oneof(fc.constant(sound.length - tail.length), fc.nat(sound.length + 5));
    const length = fc.oneof(fc.constant(sound.length), fc.nat(sound.length));
    fc.assert(
      fc.property(edits, end, length, (written, at, kept) => {
        const body = Buffer.from(sound.subarray(0, kept));
        for (const [place, byte] of written) if (place < kept) body[place] = byte;
        try {
          const split = headerLength(String(at), body.length);
          const { rows, input: values } = readInferRequest(
            json(body.subarray(0, split)),
            body.subarray(split),
            model,
            100,
          );
          expect(values.length).toBe(rows * 2);
        } catch (error) {
          expect(error).toBeInstanceOf(RequestRefused);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('or read, whatever is written over it', () => {
    const sound = JSON.stringify({
      ...{ id: '1', parameters: { timeout: 1000, binary_data_output: true } },
      ...{ inputs: [binary(16)], outputs: [{ name: 'probabilities', parameters: { binary_data: true } }] },
    });
    const edit = fc.tuple(fc.nat(sound.length - 1), fc.constantFrom(...'0123456789[]{}",:NIn-.e '));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 5 }), fc.nat(40), (edits, length) => {
        const text = [...sound];
        for (const [at, letter] of edits) text[at] = letter;
        try {
          const { rows, input: values } = read(text.join(''), new Uint8Array(length));
          expect(values.length).toBe(rows * 2);
          expect(values.byteLength).toBeLessThanOrEqual(length + sound.length * 8);
        } catch (error) {
          expect(error).toBeInstanceOf(RequestRefused);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('where the JSON of a body ends', () => {
  it.each([
    [undefined, 10, 10],
    ['0', 10, 0],
    ['7', 10, 7],
    ['10', 10, 10],
  ])('%s of %d is at %d', (header, length, end) => expect(headerLength(header, length)).toBe(end));

  it.each(['11', '-1', '1.5', '1e1', ' 7', '', '0x7', '99999999999999999999', 'seven'])(
    '%s of 10 is refused',
    (header) => {
      expect(() => headerLength(header, 10)).toThrow(expect.objectContaining({ code: 'HEADER_LENGTH_INVALID' }));
    },
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ActiveModel } from '../../domain/model.js';
import { RequestRefused } from '../../platform/http/refusal.js';
import { CLASSIFIER } from '../../../test/builders/active-model.js';
import { writeInferAnswer, type InferAnswer } from './infer-answer.js';

const model: ActiveModel = {
  ...{ name: 'gbt', version: '1.0.0', file: '', timeframes: [], window: 1, ...CLASSIFIER },
  ...{ input: 'features', output: 'probabilities', variant: { engine: 'tree' }, features: [] },
};
const wide: ActiveModel = { ...model, dtype: { input: 'float64', output: 'float64' }, classes: null, columns: 1 };
const json = { binary: false, classification: undefined };
const binary = { binary: true, classification: undefined };

function answer(of: ActiveModel, output: Float32Array | Float64Array, wanted = json as object, id?: string) {
  const request = { id, rows: output.length / of.columns, output: { ...json, ...wanted } };
  const writing = writeInferAnswer(of, request, output);
  for (let turns = 0; ; turns += 1) {
    const { done, value } = writing.next();
    if (done) return { ...(value as InferAnswer), turns };
  }
}

describe('an inference response', () => {
  it('is JSON, with the id of its request, an answer a row', () => {
    const { json: text, binary: none } = answer(
      model,
      Float32Array.of(0.5, 0.25, 0.25, 0.1, 0.2, 0.7),
      json,
      'a "data":[] b',
    );
    expect(none).toBeUndefined();
    expect(JSON.parse(text)).toEqual({
      ...{ model_name: 'gbt', model_version: '1.0.0', id: 'a "data":[] b' },
      outputs: [
        {
          ...{ name: 'probabilities', datatype: 'FP32', shape: [2, 3] },
          data: [0.5, 0.25, 0.25, ...[0.1, 0.2, 0.7].map(Math.fround)],
        },
      ],
    });
  });

  it('has every bit of a float64 in its JSON', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }), (values) => {
        const { json: text } = answer(wide, Float64Array.from(values));
        expect((JSON.parse(text) as { outputs: { data: number[] }[] }).outputs[0]!.data).toEqual(values);
      }),
    );
  });

  it('is bytes behind its JSON where they were asked for', () => {
    const output = Float64Array.of(0.1, NaN, Infinity);
    const { json: text, binary: bytes } = answer(wide, output, binary);
    expect(new Float64Array(bytes!.slice().buffer)).toEqual(output);
    const tensor = { name: 'probabilities', datatype: 'FP64', shape: [3, 1], parameters: { binary_data_size: 24 } };
    expect(JSON.parse(text)).toMatchObject({ outputs: [tensor] });
  });

  it('names the largest classes where they were asked for', () => {
    const output = Float32Array.of(0.5, 0.25, 0.25, NaN, -1, Infinity);
    const { json: text } = answer(model, output, { classification: 2 });
    const data = ['0.5:0:short', '0.25:1:flat', 'Infinity:2:long', '-1:1:flat'];
    expect(JSON.parse(text)).toMatchObject({ outputs: [{ datatype: 'BYTES', shape: [2, 2], data }] });
    const { json: described, binary: bytes } = answer(model, output.subarray(0, 3), {
      binary: true,
      classification: 1,
    });
    expect(Buffer.from(bytes!).toString('latin1')).toBe('\x0b\0\0\x000.5:0:short');
    expect(JSON.parse(described)).toMatchObject({ outputs: [{ parameters: { binary_data_size: 15 } }] });
    expect(JSON.parse(answer(wide, Float64Array.of(2), { classification: 1 }).json)).toMatchObject({
      outputs: [{ data: ['2:0'] }],
    });
  });

  it('is refused in JSON where a number is none, by its row', () => {
    for (const value of [NaN, Infinity, -Infinity]) {
      const output = Float32Array.of(0.5, 0.25, 0.25, 0.1, value, 0.7);
      expect(() => answer(model, output)).toThrow(RequestRefused);
      expect(() => answer(model, output)).toThrow(
        expect.objectContaining({ status: 422, code: 'NOT_FINITE', message: expect.stringContaining('row 1') }),
      );
    }
  });

  it('is written in turns', () => {
    expect(answer(wide, new Float64Array(10_000)).turns).toBe(9);
    expect(answer(model, new Float32Array(9_999), { classification: 1 }).turns).toBe(9);
    expect(answer(wide, new Float64Array(10_000), binary).turns).toBe(0);
  });
});

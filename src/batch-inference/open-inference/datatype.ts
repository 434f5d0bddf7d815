import type { ActiveModel } from '../../domain/model.js';
import type { Floats } from '../../engines/inference.engine.js';

/** Types as the Open Inference Protocol names them, of the tensors that our models read and write. */
export type Datatype = 'FP32' | 'FP64';

type Dtype = ActiveModel['dtype']['input'];

export function datatypeOf(dtype: Dtype): Datatype {
  return dtype === 'float32' ? 'FP32' : 'FP64';
}

/** @returns bytes a value */
export function sizeOf(dtype: Dtype): number {
  return dtype === 'float32' ? 4 : 8;
}

/** @param values little endian, a whole number of them @returns a copy, aligned */
export function floatsOf(dtype: Dtype, values: Uint8Array): Floats {
  const { buffer } = new Uint8Array(values);
  return dtype === 'float32' ? new Float32Array(buffer) : new Float64Array(buffer);
}

/** @returns the values rounded to the type */
export function rounded(dtype: Dtype, values: Float64Array): Floats {
  return dtype === 'float32' ? new Float32Array(values) : values;
}

/** @returns the shape of so many rows of the model's input: -1 rows where their number is free */
export function inputShape({ window, features }: ActiveModel, rows: number): readonly number[] {
  return window > 1 ? [rows, window, features.length] : [rows, features.length];
}

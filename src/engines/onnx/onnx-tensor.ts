import { integer, TYPE, type Draft, type OnnxTensor } from './onnx-proto.js';

export type TensorValues =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | Int32Array
  | Int8Array
  | Uint8Array
  /** FLOAT16, as bits. */
  | Uint16Array;

export interface Values {
  readonly dims: number[];
  /** A TYPE. */
  readonly type: number;
  readonly values: TensorValues;
}

/** How a type lies in memory, and the field that holds it where it is not written raw. */
interface Storage {
  readonly bytes: number;
  readonly field: 'float_data' | 'int32_data' | 'int64_data' | 'double_data';
  raw(bytes: ArrayBuffer): TensorValues;
  typed(tensor: OnnxTensor): TensorValues;
}

const STORAGE: Readonly<Record<number, Storage>> = {
  [TYPE.FLOAT]: storage('float_data', Float32Array),
  [TYPE.DOUBLE]: storage('double_data', Float64Array),
  [TYPE.INT64]: {
    bytes: 8,
    field: 'int64_data',
    raw: (bytes) => new BigInt64Array(bytes),
    typed: ({ int64_data }) => BigInt64Array.from(int64_data, (value) => BigInt(String(value))),
  },
  [TYPE.INT32]: storage('int32_data', Int32Array),
  [TYPE.INT8]: storage('int32_data', Int8Array),
  [TYPE.UINT8]: storage('int32_data', Uint8Array),
  [TYPE.BOOL]: storage('int32_data', Uint8Array),
  [TYPE.FLOAT16]: storage('int32_data', Uint16Array),
};

interface NumbersConstructor {
  readonly BYTES_PER_ELEMENT: number;
  new (bytes: ArrayBuffer): TensorValues;
  from(field: ArrayLike<number>): TensorValues;
}

function storage(field: Exclude<Storage['field'], 'int64_data'>, array: NumbersConstructor): Storage {
  return {
    bytes: array.BYTES_PER_ELEMENT,
    field,
    raw: (bytes) => new array(bytes),
    typed: (tensor) => array.from(tensor[field]),
  };
}

/** @returns the product of the dimensions; NaN where one is negative or the product is past 2^53 */
export function elementsOf(dims: readonly number[]): number {
  const count = dims.reduce((product, dim) => product * dim, 1);
  return dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0) && Number.isSafeInteger(count) ? count : NaN;
}

const MOST_DIMS = 64;

/** @returns what is wrong with a tensor's place, type, dimensions or number of values; undefined where nothing is */
export function tensorFault(tensor: OnnxTensor): string | undefined {
  const { data_type: type, raw_data: raw } = tensor;
  if (tensor.data_location !== 0 || tensor.external_data.length > 0) return 'lies in another file';
  if (tensor.dims.length > MOST_DIMS) return `has ${tensor.dims.length} dimensions`;
  const count = elementsOf(tensor.dims.map(integer));
  if (Number.isNaN(count)) return `has dimensions ${shownDims(tensor.dims.map(integer))}`;
  if (type === TYPE.STRING) return mismatch(tensor.string_data.length, count, 'strings');
  const known = STORAGE[type];
  if (!known) return `is of type ${type}, which is not supported`;
  if (raw.length === 0) return mismatch(tensor[known.field].length, count, 'values');
  if (tensor[known.field].length > 0) return 'holds its values twice';
  return mismatch(raw.length, count * known.bytes, 'bytes');
}

/** @returns dimensions as a person reads them; of many, the first */
export function shownDims(dims: readonly number[]): string {
  return `[${dims.slice(0, 8).join(', ')}${dims.length > 8 ? `, … ${dims.length} in all` : ''}]`;
}

function mismatch(held: number, claimed: number, what: string): string | undefined {
  return held === claimed ? undefined : `claims ${claimed} ${what} and holds ${held}`;
}

/**
 * @returns a copy of a numeric tensor's values
 * @throws Error where tensorFault names a fault, or the values are strings
 */
export function tensorValues(tensor: OnnxTensor): Values {
  const fault = tensorFault(tensor);
  if (fault) throw new Error(`tensor ${tensor.name} ${fault}`);
  const { data_type: type, raw_data: raw } = tensor;
  const known = STORAGE[type];
  if (!known) throw new Error(`tensor ${tensor.name} holds strings`);
  // Raw values are little endian, as is every processor that ONNX Runtime is built for; the copy aligns them.
  const values = raw.length > 0 ? known.raw(copyOf(raw)) : known.typed(tensor);
  return { dims: tensor.dims.map(integer), type, values };
}

function copyOf(bytes: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.length);
  new Uint8Array(copy).set(bytes);
  return copy;
}

/**
 * @param values of the type that the array implies (Uint8Array: UINT8, Uint16Array: FLOAT16) unless `type` is given
 * @returns a tensor that holds them raw
 */
export function tensorOf(
  name: string,
  dims: readonly number[],
  values: TensorValues,
  type: number = typeOf(values),
): Draft<OnnxTensor> {
  if (elementsOf(dims) !== values.length) throw new Error(`${name}: ${values.length} values for [${dims.join(', ')}]`);
  const raw_data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
  return { name, dims: [...dims], data_type: type, raw_data };
}

function typeOf(values: TensorValues): number {
  if (values instanceof Float32Array) return TYPE.FLOAT;
  if (values instanceof Float64Array) return TYPE.DOUBLE;
  if (values instanceof BigInt64Array) return TYPE.INT64;
  if (values instanceof Int32Array) return TYPE.INT32;
  if (values instanceof Int8Array) return TYPE.INT8;
  return values instanceof Uint8Array ? TYPE.UINT8 : TYPE.FLOAT16;
}

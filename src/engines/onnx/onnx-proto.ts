import protobuf from 'protobufjs';

/**
 * The part of ONNX's protobuf schema (onnx.proto, IR 3 to 12) that inference needs: training info, functions and sparse
 * tensors are left out, and a file that has them is refused by whoever reads it. Field numbers are ONNX's.
 */
const SCHEMA = `
syntax = "proto3";
message Attribute {
  string name = 1; string ref_attr_name = 21; int32 type = 20; float f = 2; int64 i = 3; bytes s = 4; Tensor t = 5; Graph g = 6;
  repeated float floats = 7; repeated int64 ints = 8; repeated bytes strings = 9; repeated Tensor tensors = 10;
  repeated Graph graphs = 11; bytes sparse_tensor = 22; bytes tp = 14;
}
message ValueInfo { string name = 1; Type type = 2; }
message Node {
  repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4; string domain = 7;
  repeated Attribute attribute = 5; string overload = 8;
}
message StringEntry { string key = 1; string value = 2; }
message Model {
  int64 ir_version = 1; repeated OpsetId opset_import = 8; string producer_name = 2; string producer_version = 3;
  string domain = 4; int64 model_version = 5; string doc_string = 6; Graph graph = 7; repeated StringEntry metadata_props = 14;
  repeated bytes training_info = 20; repeated bytes functions = 25;
}
message Graph {
  repeated Node node = 1; string name = 2; repeated Tensor initializer = 5; repeated bytes sparse_initializer = 15;
  repeated ValueInfo input = 11; repeated ValueInfo output = 12; repeated ValueInfo value_info = 13;
}
message Tensor {
  repeated int64 dims = 1; int32 data_type = 2; repeated float float_data = 4; repeated int32 int32_data = 5;
  repeated bytes string_data = 6; repeated int64 int64_data = 7; string name = 8; bytes raw_data = 9;
  repeated double double_data = 10; repeated uint64 uint64_data = 11; repeated StringEntry external_data = 13;
  int32 data_location = 14;
}
message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
message Shape { repeated Dimension dim = 1; }
message TensorType { int32 elem_type = 1; Shape shape = 2; }
message Type { oneof value { TensorType tensor_type = 1; bytes sequence_type = 4; bytes map_type = 5; bytes optional_type = 9; } }
message OpsetId { string domain = 1; int64 version = 2; }
`;

/** TensorProto.DataType, the types that inference meets. */
export const TYPE = {
  FLOAT: 1,
  UINT8: 2,
  INT8: 3,
  INT32: 6,
  INT64: 7,
  STRING: 8,
  BOOL: 9,
  FLOAT16: 10,
  DOUBLE: 11,
} as const;

/** AttributeProto.AttributeType. */
export const ATTRIBUTE = {
  FLOAT: 1,
  INT: 2,
  STRING: 3,
  TENSOR: 4,
  GRAPH: 5,
  FLOATS: 6,
  INTS: 7,
  STRINGS: 8,
  TENSORS: 9,
  GRAPHS: 10,
} as const;

/** A 64-bit integer: read as a Long, written from a number too. */
export type Int64 = number | { toNumber(): number };

export interface OnnxTensor {
  dims: Int64[];
  data_type: number;
  name: string;
  raw_data: Uint8Array;
  float_data: number[];
  int32_data: number[];
  int64_data: Int64[];
  double_data: number[];
  uint64_data: Int64[];
  string_data: Uint8Array[];
  external_data: { key: string; value: string }[];
  /** 1: the numbers lie in another file. */
  data_location: number;
}

export interface OnnxAttribute {
  name: string;
  type: number;
  ref_attr_name: string;
  f: number;
  i: Int64;
  s: Uint8Array;
  t: OnnxTensor | null;
  g: OnnxGraph | null;
  floats: number[];
  ints: Int64[];
  strings: Uint8Array[];
  tensors: OnnxTensor[];
  graphs: OnnxGraph[];
}

export interface OnnxNode {
  input: string[];
  output: string[];
  name: string;
  op_type: string;
  domain: string;
  attribute: OnnxAttribute[];
}

export interface OnnxValueInfo {
  name: string;
  type: {
    tensor_type?: {
      elem_type: number;
      shape: { dim: { dim_value?: Int64; dim_param?: string }[] } | null;
    } | null;
    sequence_type?: Uint8Array | null;
    map_type?: Uint8Array | null;
  } | null;
}

export interface OnnxGraph {
  name: string;
  node: OnnxNode[];
  initializer: OnnxTensor[];
  sparse_initializer: Uint8Array[];
  input: OnnxValueInfo[];
  output: OnnxValueInfo[];
  value_info: OnnxValueInfo[];
}

export interface OnnxModel {
  ir_version: Int64;
  opset_import: { domain: string; version: Int64 }[];
  producer_name: string;
  producer_version: string;
  graph: OnnxGraph | null;
  metadata_props: { key: string; value: string }[];
  training_info: Uint8Array[];
  functions: Uint8Array[];
}

/** What is written may leave out what is empty. */
export type Draft<T> = T extends Uint8Array | number | string | null
  ? T
  : T extends (infer One)[]
    ? Draft<One>[]
    : { [K in keyof T]?: Draft<T[K]> };

const Model = protobuf.parse(SCHEMA, { keepCase: true }).root.lookupType('Model');

/**
 * @param bytes an .onnx file
 * @returns its contents, absent lists empty, absent messages null; nothing is judged beyond the wire format
 * @throws Error where it is no protobuf message of this schema
 */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  return Model.decode(bytes) as unknown as OnnxModel;
}

/** @returns the file's bytes; the same model gives the same bytes */
export function encodeModel(model: Draft<OnnxModel>): Uint8Array {
  return Model.encode(Model.fromObject(model)).finish();
}

export function integer(value: Int64): number {
  return typeof value === 'number' ? value : value.toNumber();
}

import { writeFileSync } from 'node:fs';

/** Wire types of protobuf, and the few messages of onnx.proto that a small net needs. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    bytes.push((rest % 128) + (rest >= 128 ? 128 : 0));
    if (rest < 128) return Buffer.from(bytes);
  }
}
const int = (field: number, value: number): Buffer => Buffer.concat([varint(field * 8), varint(value)]);
const bytes = (field: number, ...parts: (Buffer | string)[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part as Buffer)));
  return Buffer.concat([varint(field * 8 + 2), varint(body.length), body]);
};

function valueInfo(name: string, dims: readonly (number | string)[]): Buffer {
  const shape = dims.map((dim) => bytes(1, typeof dim === 'string' ? bytes(2, dim) : int(1, dim)));
  return Buffer.concat([bytes(1, name), bytes(2, bytes(1, int(1, 1), bytes(2, ...shape)))]);
}
function tensor(name: string, dims: readonly number[], values: Float32Array): Buffer {
  const raw = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return Buffer.concat([...dims.map((dim) => int(1, dim)), int(2, 1), bytes(8, name), bytes(9, raw)]);
}
function node(type: string, inputs: readonly string[], output: string, axis?: number): Buffer {
  const attribute = axis === undefined ? [] : [bytes(5, bytes(1, 'axis'), int(3, axis), int(20, 2))];
  return Buffer.concat([...inputs.map((name) => bytes(1, name)), bytes(2, output), bytes(4, type), ...attribute]);
}

/** A linear congruential generator: the same weights wherever the test runs. */
function weights(count: number, seed: number, scale: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) * scale;
  });
}

export interface NetShape {
  readonly features: number;
  /** Absent or 1: input [N, features]; more: [N, window, features]. */
  readonly window?: number;
  readonly hidden: number;
  /** Hidden layers after the first; they share one matrix. */
  readonly layers: number;
  readonly seed?: number;
}

/** Writes a real ONNX net, `x` → tanh layers → softmax → `probabilities` [N, 3]; opset 17. */
export function writeNet(file: string, { features, window = 1, hidden, layers, seed = 1 }: NetShape): void {
  const width = features * window;
  const nodes = [node('Flatten', ['x'], 'h0', 1), node('MatMul', ['h0', 'first'], 'm0'), node('Tanh', ['m0'], 't0')];
  for (let i = 1; i <= layers; i += 1) {
    nodes.push(node('MatMul', [`t${i - 1}`, 'middle'], `m${i}`), node('Tanh', [`m${i}`], `t${i}`));
  }
  nodes.push(node('MatMul', [`t${layers}`, 'last'], 'scores'), node('Softmax', ['scores'], 'probabilities', 1));
  const initializers = [
    tensor('first', [width, hidden], weights(width * hidden, seed, 1)),
    tensor('middle', [hidden, hidden], weights(hidden * hidden, seed + 1, 4 / Math.sqrt(hidden))),
    tensor('last', [hidden, 3], weights(hidden * 3, seed + 2, 1)),
  ];
  const graph = Buffer.concat([
    ...nodes.map((one) => bytes(1, one)),
    bytes(2, 'net'),
    ...initializers.map((one) => bytes(5, one)),
    bytes(11, valueInfo('x', window > 1 ? ['N', window, features] : ['N', features])),
    bytes(12, valueInfo('probabilities', ['N', 3])),
  ]);
  writeFileSync(file, Buffer.concat([int(1, 8), bytes(7, graph), bytes(8, bytes(1, ''), int(2, 17))]));
}

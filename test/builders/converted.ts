import { expect } from 'vitest';
import { Attributes } from '../../src/engines/onnx/onnx-node.js';
import { decodeModel, encodeModel, TYPE, type OnnxModel, type OnnxNode } from '../../src/engines/onnx/onnx-proto.js';
import { elementTypes } from '../../src/model-registry/precision/element-types.js';
import { toHalf, type Converted, type HalfOptions } from '../../src/model-registry/precision/to-half.js';

/** Small nets are mostly head. */
export const WITH_HEAD = { headInFull: false };

/** What came out, as it is read from its file again; sound, or the test fails. */
export function converted(
  model: OnnxModel,
  options: Partial<HalfOptions> = WITH_HEAD,
): Converted & { read: OnnxModel } {
  const result = toHalf(model, options);
  if ('reason' in result) throw new Error(result.reason);
  const read = decodeModel(encodeModel(result.model));
  expect(faultsOf(read)).toEqual([]);
  return { ...result, read };
}

/** Tensors that are read before they are made or made twice, names that two nodes have, numbers that go to FP32 and back. */
function faultsOf({ graph }: OnnxModel): string[] {
  const made = new Set([...graph!.input, ...graph!.initializer].map(({ name }) => name));
  const names = graph!.node.map(({ name }) => name).filter((name) => name !== '');
  const faults = names.filter((name, i) => names.indexOf(name) !== i);
  const types = elementTypes(graph!, graph!.node);
  const casts = new Map<string, OnnxNode>();
  for (const one of graph!.node) {
    faults.push(...one.input.filter((name) => name !== '' && !made.has(name)));
    for (const name of one.output) {
      if (name !== '' && made.has(name)) faults.push(name);
      made.add(name);
    }
    if (one.op_type !== 'Cast') continue;
    const back = casts.get(one.input[0]!);
    const thereAndBack = back && to(back) === TYPE.FLOAT && to(one) === TYPE.FLOAT16;
    if (thereAndBack && types.get(back.input[0]!) === TYPE.FLOAT16) faults.push(`there and back at ${one.name}`);
    casts.set(one.output[0]!, one);
  }
  return [...faults, ...graph!.output.filter(({ name }) => !made.has(name)).map(({ name }) => name)];
}
const to = (one: OnnxNode): number => new Attributes(one).int('to', 0);

/** One node a line. */
export function lines({ graph }: OnnxModel): string[] {
  return graph!.node.map((one) => {
    const operator = one.op_type === 'Cast' ? `Cast${to(one)}` : one.op_type;
    return `${operator} ${one.input.join(' ')} > ${one.output.join(' ')}`;
  });
}
export const weightsIn = ({ graph }: OnnxModel): string[] =>
  graph!.initializer.map(({ name, data_type }) => `${name}:${data_type}`);

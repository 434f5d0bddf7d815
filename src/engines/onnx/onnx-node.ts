import {
  ATTRIBUTE,
  integer,
  type Draft,
  type Int64,
  type OnnxAttribute,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from './onnx-proto.js';

export type AttributeDraft = Draft<OnnxAttribute>;

export const int = (i: number): AttributeDraft => ({ type: ATTRIBUTE.INT, i });
export const ints = (values: Iterable<number>): AttributeDraft => ({ type: ATTRIBUTE.INTS, ints: [...values] });
export const float = (f: number): AttributeDraft => ({ type: ATTRIBUTE.FLOAT, f });
export const floats = (values: Iterable<number>): AttributeDraft => ({ type: ATTRIBUTE.FLOATS, floats: [...values] });
export const text = (s: string): AttributeDraft => ({ type: ATTRIBUTE.STRING, s: Buffer.from(s) });
export const texts = (values: Iterable<string>): AttributeDraft => ({
  type: ATTRIBUTE.STRINGS,
  strings: Array.from(values, (value) => Buffer.from(value)),
});
export const tensor = (t: Draft<OnnxTensor>): AttributeDraft => ({ type: ATTRIBUTE.TENSOR, t });

/** @returns a node, named for its first output */
export function node(
  op_type: string,
  input: string[],
  output: string[],
  attributes: Readonly<Record<string, AttributeDraft>> = {},
  domain = '',
): Draft<OnnxNode> {
  const attribute = Object.entries(attributes).map(([name, value]) => ({ ...value, name }));
  return { name: output[0]!, op_type, domain, input, output, attribute };
}

/** @param dims a number: fixed; a word: free */
export function tensorInfo(name: string, elem_type: number, dims: readonly (number | string)[]): Draft<OnnxValueInfo> {
  const dim = dims.map((size) => (typeof size === 'number' ? { dim_value: size } : { dim_param: size }));
  return { name, type: { tensor_type: { elem_type, shape: { dim } } } };
}

/** A node's attributes by name, each as its reader expects it; the fallback where it is absent. */
export class Attributes {
  readonly #byName: ReadonlyMap<string, OnnxAttribute>;

  constructor({ attribute }: Pick<OnnxNode, 'attribute'>) {
    this.#byName = new Map(attribute.map((one) => [one.name, one]));
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  int(name: string, fallback: number): number {
    const found = this.#byName.get(name);
    return found ? integer(found.i) : fallback;
  }

  ints(name: string): number[] {
    return (this.#byName.get(name)?.ints ?? []).map((value: Int64) => integer(value));
  }

  floats(name: string): number[] {
    return this.#byName.get(name)?.floats ?? [];
  }

  text(name: string, fallback: string): string {
    const found = this.#byName.get(name);
    return found ? Buffer.from(found.s).toString() : fallback;
  }

  texts(name: string): string[] {
    return (this.#byName.get(name)?.strings ?? []).map((value) => Buffer.from(value).toString());
  }

  tensor(name: string): OnnxTensor | undefined {
    return this.#byName.get(name)?.t ?? undefined;
  }
}

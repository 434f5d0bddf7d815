import { integer, TYPE, type OnnxGraph, type OnnxModel, type OnnxValueInfo } from '../../engines/onnx/onnx-proto.js';
import type { Float } from '../../engines/trees/tree-ensemble.js';
import { ImportRefused } from './import-refused.js';

/** How an ONNX file that says nothing else of itself is fed and read. */
export interface OnnxShape {
  readonly input: { readonly name: string; readonly window: number; readonly features: number };
  readonly output: { readonly name: string; readonly columns: number };
  readonly float: Float;
}

/**
 * Finds the one input [rows, features] or [rows, window, features] with free rows, and the last output of numbers
 * [rows, columns] of the same type: labels and maps beside it are left out.
 * @throws ImportRefused saying what does not fit
 */
export function shapeOf({ graph }: OnnxModel): OnnxShape {
  const inputs = inputsOf(graph!);
  if (inputs.length !== 1) refuse(`the graph has ${inputs.length} inputs (${names(inputs)}), a model has one`);
  const input = tensorOf(inputs[0]!);
  if (!input) refuse(`input ${inputs[0]!.name} is no float32 or float64 tensor`);
  const [rows, ...rest] = input.dims;
  if (rows !== null)
    refuse(`input ${input.name} fixes the number of rows at ${rows}: export it with a free first axis`);
  const [window, features] = rest.length === 1 ? [1, rest[0]] : rest;
  if (rest.length < 1 || rest.length > 2 || !window || !features)
    refuse(
      `input ${input.name} is [${input.dims.map((dim) => dim ?? '?').join(', ')}], expected [rows, features] or [rows, window, features]`,
    );
  const found = graph!.output.map(tensorOf).findLast((one) => one?.float === input.float && one.dims.length === 2);
  if (!found?.dims[1])
    refuse(
      `no output is a ${input.float} tensor [rows, columns] of a known number of columns (${names(graph!.output)})`,
    );
  return {
    input: { name: input.name, window, features },
    output: { name: found.name, columns: found.dims[1] },
    float: input.float,
  };
}

function refuse(message: string): never {
  throw new ImportRefused('NOT_EXPRESSIBLE', message);
}

function inputsOf({ input, initializer }: OnnxGraph): OnnxValueInfo[] {
  const weights = new Set(initializer.map(({ name }) => name));
  return input.filter(({ name }) => !weights.has(name));
}

const names = (values: readonly OnnxValueInfo[]): string => values.map(({ name }) => `"${name}"`).join(', ') || 'none';

interface FloatTensor {
  readonly name: string;
  readonly float: Float;
  /** null: free */
  readonly dims: readonly (number | null)[];
}

function tensorOf({ name, type }: OnnxValueInfo): FloatTensor | undefined {
  const tensor = type?.tensor_type;
  const float =
    tensor?.elem_type === TYPE.FLOAT ? 'float32' : tensor?.elem_type === TYPE.DOUBLE ? 'float64' : undefined;
  if (!tensor || !float) return undefined;
  const dims = (tensor.shape?.dim ?? []).map(({ dim_value, dim_param }) => {
    const fixed = dim_param || dim_value == null ? 0 : integer(dim_value);
    return fixed > 0 ? fixed : null;
  });
  return { name, float, dims };
}

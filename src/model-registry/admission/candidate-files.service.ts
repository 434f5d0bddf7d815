import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Variant } from '../../domain/model.js';
import type { ModelSpec } from '../../engines/model-spec.js';
import { guardModel } from '../../engines/onnx/onnx-guard.js';
import {
  integer,
  TYPE,
  type Int64,
  type OnnxGraph,
  type OnnxModel,
  type OnnxValueInfo,
} from '../../engines/onnx/onnx-proto.js';
import { tensorFault, type Candidate, type Runnable, type TensorShape } from './admission.js';
import { readGolden, type Golden } from './golden.js';
import { Refused } from './refused.js';

// What lies in a version's folder, opened with suspicion: each function refuses by the code that the registry shows.

/**
 * The file of one way to run it: its checksum agrees, it is a graph that may be opened, and it is shaped as the manifest says.
 * @throws Refused
 */
export async function openModel({ folder, manifest }: Candidate, { file, sha256 }: Runnable): Promise<OnnxModel> {
  const bytes = await readFile(join(folder, file)).catch((error: NodeJS.ErrnoException) => {
    throw new Refused('LOAD_FAILED', `${file} cannot be read (${error.code ?? error.message})`);
  });
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual !== sha256) {
    const said = file === 'model.onnx' ? 'manifest' : 'certificate';
    const differ = `${file} has sha256 ${actual.slice(0, 12)}…, its ${said} says ${sha256.slice(0, 12)}…`;
    throw new Refused('SHA256_MISMATCH', differ);
  }
  const guarded = guardModel(bytes);
  if ('code' in guarded) throw new Refused('LOAD_FAILED', `${file} ${guarded.code}: ${guarded.message}`);
  const graph = guarded.model.graph!;
  const inputFault = tensorFault('input', manifest.input, inputsOf(graph));
  if (inputFault) throw new Refused('INPUT_MISMATCH', inputFault);
  const { output, margins } = manifest;
  const outputs = [output, ...(margins ? [{ ...output, name: margins.name, shape: [null, margins.columns] }] : [])];
  for (const declared of outputs) {
    const fault = tensorFault('output', declared, graph.output.map(shapeOf));
    if (fault) throw new Refused('OUTPUT_MISMATCH', fault);
  }
  return guarded.model;
}

/** @throws Refused where golden.json is absent or cannot be used */
export async function openGolden({ folder, manifest }: Candidate): Promise<Golden> {
  const text = await readFile(join(folder, 'golden.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Refused('GOLDEN_MISMATCH', `golden.json cannot be read (${error.code ?? error.message})`);
  });
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw new Refused('GOLDEN_MISMATCH', 'golden.json is no JSON');
  }
  const { output, margins, timeframes } = manifest;
  const golden = readGolden(raw, {
    width: widthOf(manifest.input.shape),
    columns: output.shape[1],
    ...(margins && { margins: margins.columns }),
    distribution: timeframes.length > 0,
  });
  if (typeof golden === 'string') throw new Refused('GOLDEN_MISMATCH', golden);
  return golden;
}

/** @returns what an engine must know to run it */
export function specFor({ ref, folder, manifest }: Candidate, file: string, variant: Variant): ModelSpec {
  const { input, output, margins, features, window } = manifest;
  return {
    ...{ key: ref, file: join(folder, file), variant, input: input.name, output: output.name },
    ...{ columns: output.shape[1], features: features.length, window },
    ...(margins && { margins: { output: margins.name, columns: margins.columns } }),
  };
}

export function widthOf(shape: readonly (number | null)[]): number {
  return shape.slice(1).reduce<number>((product, size) => product * (size ?? 1), 1);
}

/** Old files name their weights among the inputs too. */
function inputsOf({ input, initializer }: OnnxGraph): TensorShape[] {
  const weights = new Set(initializer.map(({ name }) => name));
  return input.filter(({ name }) => !weights.has(name)).map(shapeOf);
}

function shapeOf({ name, type }: OnnxValueInfo): TensorShape {
  const tensor = type?.tensor_type;
  if (!tensor) return { name, type: 'no tensor', shape: [] };
  const dims = tensor.shape?.dim ?? [];
  return {
    name,
    type: tensor.elem_type === TYPE.FLOAT ? 'float32' : tensor.elem_type === TYPE.DOUBLE ? 'float64' : 'another type',
    shape: dims.map(sizeOf),
  };
}

/** A size that is left open has a name, or nothing at all, which reads as 0. */
function sizeOf({ dim_value, dim_param }: { dim_value?: Int64; dim_param?: string }): number | string {
  const fixed = dim_param || dim_value == null ? 0 : integer(dim_value);
  return fixed > 0 ? fixed : dim_param || '?';
}

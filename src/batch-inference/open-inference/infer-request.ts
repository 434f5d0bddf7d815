import { z } from 'zod';
import type { ActiveModel } from '../../domain/model.js';
import type { Floats } from '../../engines/inference.engine.js';
import { JsonNumbers, type Json } from '../../platform/http/json-body.js';
import { parse, RequestRefused } from '../../platform/http/refusal.js';
import { datatypeOf, floatsOf, inputShape, rounded, sizeOf } from './datatype.js';

/** How the one output that our models have is to be sent. */
export interface WantedOutput {
  readonly binary: boolean;
  /** So many of its largest columns by name, in place of the numbers. */
  readonly classification: number | undefined;
}

/** An inference request that fits its model. */
export interface InferRequest {
  readonly id: string | undefined;
  readonly timeoutMs: number | undefined;
  readonly rows: number;
  /** [rows × window × features], of the model's input type. */
  readonly input: Floats;
  readonly output: WantedOutput;
}

const dimensions = z
  .instanceof(JsonNumbers, { error: 'must be an array of whole numbers' })
  .refine(({ shape, values }) => shape.length === 1 && values.every((n) => Number.isInteger(n) && n >= 0), {
    error: 'must be an array of whole numbers',
  })
  .transform(({ values }) => [...values]);
const count = z.number().int().min(1).optional();
const flag = z.boolean().optional();
const tensor = z.object({
  name: z.string(),
  shape: dimensions,
  datatype: z.string(),
  parameters: z
    .object({ binary_data_size: z.number().int().min(0).optional(), shared_memory_region: z.unknown().optional() })
    .optional(),
  data: z.instanceof(JsonNumbers, { error: 'must be an array of numbers' }).optional(),
});
const wanted = z.object({
  name: z.string(),
  parameters: z
    .object({ binary_data: flag, classification: count, shared_memory_region: z.unknown().optional() })
    .optional(),
});
/** Names that are not known here are left alone: the protocol lets clients send parameters of their own. */
const request = z.object({
  id: z.string().optional(),
  parameters: z
    .object({
      timeout: count,
      binary_data_output: flag,
      sequence_id: z.union([z.literal(0), z.literal('')], 'is not supported: our models keep no state').optional(),
    })
    .optional(),
  inputs: z.array(tensor),
  outputs: z.array(wanted).optional(),
});

type Tensor = z.output<typeof tensor>;

/** @returns where the JSON of a body ends @param header `Inference-Header-Content-Length`, absent without binary data */
export function headerLength(header: string | undefined, bodyLength: number): number {
  if (header === undefined) return bodyLength;
  const length = /^\d{1,9}$/.test(header) ? Number(header) : NaN;
  if (length <= bodyLength) return length;
  throw refused(
    'HEADER_LENGTH_INVALID',
    'headers.inference-header-content-length',
    `must be 0 to ${bodyLength}, the length of the body`,
  );
}

/**
 * Reads an inference request of the Open Inference Protocol (kserve/open-inference-protocol, inference_rest.md; Triton's
 * extension_binary_data.md, extension_classification.md and extension_schedule_policy.md).
 * @param binary what follows the JSON in the body
 * @param mostRows that one request may hold
 * @throws RequestRefused 400 with a stable code, naming the field
 */
export function readInferRequest(json: Json, binary: Uint8Array, model: ActiveModel, mostRows: number): InferRequest {
  const { id, parameters, inputs, outputs } = parse(request, json, 'body');
  const place = inputs.findIndex(({ name }) => name === model.input);
  if (place < 0) throw refused('INPUT_MISSING', 'body.inputs', `must name ${model.input}`);
  const other = inputs.findIndex((_, i) => i !== place);
  if (other >= 0)
    throw refused('INPUT_UNKNOWN', `body.inputs.${other}.name`, `must not be there: ${model.input} is the one input`);
  const output = wantedOutput(outputs ?? [], model, parameters?.binary_data_output ?? false);
  const timeoutMs = parameters?.timeout === undefined ? undefined : parameters.timeout / 1000;
  return { id, timeoutMs, output, ...readTensor(inputs[place]!, binary, model, mostRows) };
}

function readTensor(
  { shape, datatype, parameters, data }: Tensor,
  binary: Uint8Array,
  model: ActiveModel,
  mostRows: number,
): { rows: number; input: Floats } {
  const { input: dtype } = model.dtype;
  if (datatype !== datatypeOf(dtype))
    throw refused('DATATYPE_MISMATCH', `${INPUT}.datatype`, `must be ${datatypeOf(dtype)}`);
  if (parameters?.shared_memory_region !== undefined)
    throw refused('SHARED_MEMORY_UNSUPPORTED', `${INPUT}.parameters.shared_memory_region`, 'is not supported');
  const rows = shape[0] ?? 0;
  const fitting = inputShape(model, rows);
  if (rows < 1 || shape.join() !== fitting.join()) {
    const [, ...inner] = fitting;
    throw refused('SHAPE_MISMATCH', `${INPUT}.shape`, `must be [rows, ${inner.join(', ')}], one row or more`);
  }
  if (rows > mostRows) throw refused('TOO_MANY_ROWS', `${INPUT}.shape`, `must have at most ${mostRows} rows`);
  const values = rows * model.window * model.features.length;
  const size = parameters?.binary_data_size;
  if (size === undefined) {
    if (binary.length > 0)
      throw refused('SIZE_MISMATCH', 'body', `has ${binary.length} bytes of no tensor behind its JSON`);
    return { rows, input: rounded(dtype, jsonValues(data, shape, values)) };
  }
  if (data) throw refused('SIZE_MISMATCH', `${INPUT}.data`, 'must not be there beside binary_data_size');
  const fits = values * sizeOf(dtype);
  if (size !== fits)
    throw refused(
      'SIZE_MISMATCH',
      `${INPUT}.parameters.binary_data_size`,
      `must be ${fits}: ${shape.join(' × ')} ${datatype}`,
    );
  if (binary.length !== size)
    throw refused('SIZE_MISMATCH', 'body', `has ${binary.length} bytes behind its JSON, of ${size} announced`);
  return { rows, input: floatsOf(dtype, binary) };
}

/** Flat, or nested as the shape is. */
function jsonValues(data: JsonNumbers | undefined, shape: readonly number[], count: number): Float64Array {
  if (!data) throw refused('SIZE_MISMATCH', `${INPUT}.data`, 'must be there, or binary_data_size among the parameters');
  if (data.values.length !== count)
    throw refused('SIZE_MISMATCH', `${INPUT}.data`, `holds ${data.values.length} numbers, its shape ${count}`);
  if (data.shape.length > 1 && data.shape.join() !== shape.join())
    throw refused('SHAPE_MISMATCH', `${INPUT}.data`, `is [${data.shape.join(', ')}], its shape is not`);
  return data.values;
}

function wantedOutput(outputs: readonly z.output<typeof wanted>[], model: ActiveModel, binary: boolean): WantedOutput {
  const unknown = outputs.findIndex(({ name }, i) => name !== model.output || i > 0);
  if (unknown >= 0) throw refused('OUTPUT_UNKNOWN', `body.outputs.${unknown}.name`, `must be ${model.output}, once`);
  const { binary_data = binary, classification, shared_memory_region } = outputs[0]?.parameters ?? {};
  if (shared_memory_region !== undefined)
    throw refused('SHARED_MEMORY_UNSUPPORTED', 'body.outputs.0.parameters.shared_memory_region', 'is not supported');
  if (classification !== undefined && classification > model.columns)
    throw refused(
      'CLASSIFICATION_INVALID',
      'body.outputs.0.parameters.classification',
      `must be at most ${model.columns}`,
    );
  return { binary: binary_data, classification };
}

/** Any other input was refused. */
const INPUT = 'body.inputs.0';

function refused(code: string, field: string, message: string): RequestRefused {
  return new RequestRefused(400, code, `The request does not fit the model.`, [{ field, message }]);
}

import type { ActiveModel } from '../../domain/model.js';
import type { Floats } from '../../engines/inference.engine.js';
import { NotFinite, writeNumbers } from '../../platform/http/json-numbers.js';
import { RequestRefused } from '../../platform/http/refusal.js';
import type { Turns } from '../../platform/turns.js';
import { bytesOf, classify } from './classification.js';
import { datatypeOf } from './datatype.js';
import type { InferRequest } from './infer-request.js';

/** A response: its JSON, and the tensor behind it where it was asked for in binary. */
export interface InferAnswer {
  readonly json: string;
  readonly binary: Uint8Array | undefined;
}

/**
 * Writes an inference response, in turns.
 * @param output [rows × columns]
 * @throws RequestRefused 422 where a number is not finite and JSON was asked for: it has no word for it
 */
export function* writeInferAnswer(
  model: ActiveModel,
  { id, rows, output: { binary, classification } }: Pick<InferRequest, 'id' | 'rows' | 'output'>,
  output: Floats,
): Turns<InferAnswer> {
  const texts =
    classification === undefined ? undefined : yield* classify(output, model.columns, classification, model.classes);
  const head = { model_name: model.name, model_version: model.version, ...(id !== undefined && { id }) };
  const tensor = {
    name: model.output,
    datatype: texts ? 'BYTES' : datatypeOf(model.dtype.output),
    shape: [rows, classification ?? model.columns],
  };
  if (binary) {
    const bytes = texts ? bytesOf(texts) : new Uint8Array(output.buffer, output.byteOffset, output.byteLength);
    const described = { ...tensor, parameters: { binary_data_size: bytes.length } };
    return { json: JSON.stringify({ ...head, outputs: [described] }), binary: bytes };
  }
  const data = texts ? texts.map((text) => JSON.stringify(text)).join(',') : yield* numbers(output, model);
  const [before, after] = JSON.stringify({ ...head, outputs: [{ ...tensor, data: [] }] }).split('"data":[]');
  return { json: `${before}"data":[${data}]${after}`, binary: undefined };
}

function* numbers(output: Floats, { columns }: ActiveModel): Turns<string> {
  try {
    return yield* writeNumbers(output);
  } catch (error) {
    if (!(error instanceof NotFinite)) throw error;
    const row = Math.floor(error.index / columns);
    const message = `The answer to row ${row} is not finite, and JSON has no word for that: ask for binary data.`;
    throw new RequestRefused(422, 'NOT_FINITE', message);
  }
}

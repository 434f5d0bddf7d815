import type { ActiveModel } from '../../domain/model.js';
import { datatypeOf, inputShape } from './datatype.js';

/** What `GET /v2` says. An extension is named where all of it is there: no model is loaded or unloaded over this protocol. */
export function serverMetadata(version: string): Record<string, unknown> {
  const extensions = [
    'binary_tensor_data',
    'classification',
    'model_configuration',
    'parameters',
    'schedule_policy',
    'statistics',
  ];
  return { name: 'alphapulse', version, extensions };
}

/** @param versions that may be asked for by name */
export function modelMetadata(model: ActiveModel, versions: readonly ActiveModel[]): Record<string, unknown> {
  const { name, input, output, columns, dtype } = model;
  return {
    name,
    versions: versions.map(({ version }) => version),
    platform: platformOf(model),
    inputs: [{ name: input, datatype: datatypeOf(dtype.input), shape: inputShape(model, -1) }],
    outputs: [{ name: output, datatype: datatypeOf(dtype.output), shape: [-1, columns] }],
  };
}

/** The part of Triton's ModelConfig (model_config.proto) that has a meaning here; dimensions are those of one row. */
export function modelConfig(model: ActiveModel, mostRows: number): Record<string, unknown> {
  const { name, input, output, columns, dtype } = model;
  const [, ...dims] = inputShape(model, -1);
  return {
    name,
    platform: platformOf(model),
    backend: model.variant.engine === 'tree' ? 'alphapulse' : 'onnxruntime',
    max_batch_size: mostRows,
    input: [{ name: input, data_type: `TYPE_${datatypeOf(dtype.input)}`, dims }],
    output: [{ name: output, data_type: `TYPE_${datatypeOf(dtype.output)}`, dims: [columns] }],
    dynamic_batching: {},
  };
}

function platformOf({ variant }: ActiveModel): string {
  return variant.engine === 'tree' ? 'alphapulse_trees' : 'onnxruntime_onnx';
}

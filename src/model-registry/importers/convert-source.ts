import { createHash } from 'node:crypto';
import type { OnnxModel } from '../../engines/onnx/onnx-proto.js';
import { readTreeModel } from '../../engines/onnx/read-tree-model.js';
import { modelFault, writeTreeModel } from '../../engines/onnx/write-tree-model.js';
import { linkOutputs } from '../../engines/trees/link.js';
import type { TreeModel } from '../../engines/trees/tree-model.js';
import { shapeOf } from './bare-onnx.js';
import type { Imported, ImportOptions } from './imported.js';
import type { Described } from './new-manifest.js';
import { recognise } from './recognise.js';

/** A model ready to be laid down: the graph, and what is known of it. */
export interface Converted {
  readonly bytes: Uint8Array;
  readonly described: Described;
}

type From = Pick<Described, 'framework' | 'source'>;
type CategoryNames = Imported['categoryNames'];

/**
 * Trees, of whatever file, are written anew in our own form; any other graph stays as it is.
 * @param file its name, for the manifest
 * @param options.version of this program, which writes the trees
 * @throws ImportRefused
 */
export function convertSource(
  bytes: Uint8Array,
  file: string,
  options: ImportOptions & { readonly version: string },
): Converted {
  const found = recognise(bytes, options);
  const source = { file, sha256: createHash('sha256').update(bytes).digest('hex') };
  if ('onnx' in found) return fromOnnx(found.onnx, bytes, source, options.version);
  const { format, objective, writtenBy, notes, model, categoryNames } = found.imported;
  const from: From = {
    framework: { name: format.split('-')[0]!, version: writtenBy || 'unknown' },
    source: { ...source, format, objective, written_by: writtenBy, notes: [...notes] },
  };
  return fromTrees(model, from, categoryNames, options.version);
}

function fromTrees(model: TreeModel, from: From, categoryNames: CategoryNames, version: string): Converted {
  const { ensemble, link, featureNames } = model;
  const described: Described = {
    ...from,
    ...{ kind: 'tree-ensemble', float: ensemble.float, classes: null, scaler: 'none', missing: true },
    input: { name: 'features', window: 1 },
    output: { name: 'predictions', columns: linkOutputs(link, ensemble.targets) },
    margins: { name: 'margins', columns: ensemble.targets },
    features: featureNames.map((name, i) => ({ name, categories: categoryNames.get(i) })),
  };
  return { bytes: writeTreeModel(model, { version }), described };
}

function fromOnnx(
  onnx: OnnxModel,
  bytes: Uint8Array,
  file: Pick<Described['source'], 'file' | 'sha256'>,
  version: string,
): Converted {
  const writtenBy = `${onnx.producer_name} ${onnx.producer_version}`.trim();
  const framework = { name: onnx.producer_name || 'onnx', version: onnx.producer_version || 'unknown' };
  const source = { ...file, format: 'onnx', objective: '', written_by: writtenBy, notes: [] };
  const read = readTreeModel(onnx);
  // Trees that our own form cannot say stay in their graph, which the runtime computes.
  if ('model' in read && modelFault(read.model) === undefined)
    return fromTrees(read.model, { framework, source: { ...source, format: 'onnx-trees' } }, new Map(), version);
  const { input, output, float } = shapeOf(onnx);
  const described: Described = {
    ...{ framework, source, kind: 'onnx', float, input, output },
    ...{ classes: null, margins: undefined, scaler: 'none', missing: false },
    features: Array.from({ length: input.features }, (_, i) => ({ name: `x${i}` })),
  };
  return { bytes, described };
}

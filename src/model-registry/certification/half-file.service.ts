import { createHash } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeModel, type OnnxModel } from '../../engines/onnx/onnx-proto.js';
import { toHalf } from '../precision/to-half.js';
import { HALF_FILE } from './model-file.js';

export type Half = { readonly sha256: string; readonly report: Record<string, unknown> } | { readonly reason: string };

/** Converts a model to FP16, into its own folder; anew each time: a file of an earlier converter does not stay. */
export async function writeHalf(folder: string, onnx: OnnxModel): Promise<Half> {
  const file = join(folder, HALF_FILE);
  await rm(file, { force: true });
  const halved = toHalf(onnx);
  if ('reason' in halved) return { reason: halved.reason };
  const bytes = encodeModel(halved.model);
  await writeFile(`${file}.new`, bytes);
  await rename(`${file}.new`, file);
  return { sha256: createHash('sha256').update(bytes).digest('hex'), report: { ...halved.report } };
}

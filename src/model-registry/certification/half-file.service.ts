import { createHash } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeModel, type OnnxModel } from '../../engines/onnx/onnx-proto.js';
import { nextTrial } from '../precision/keep-in-full.js';
import { toHalf } from '../precision/to-half.js';
import { HALF_FILE } from './model-file.js';

export type Half = { readonly sha256: string; readonly report: Record<string, unknown> } | { readonly reason: string };

/**
 * Converts a model to FP16, into its own folder; anew each time: a file of an earlier converter does not stay. Where the
 * whole is beyond the bound, layers that cannot bear half precision are looked for and stay in full.
 * @param measure how far the file at HALF_FILE is from the reference now
 */
export async function writeHalf(
  folder: string,
  onnx: OnnxModel,
  bound: number,
  measure: () => Promise<number>,
): Promise<Half> {
  await rm(join(folder, HALF_FILE), { force: true });
  const whole = toHalf(onnx);
  if ('reason' in whole) return { reason: whole.reason };
  const layers = whole.report.layers.toSorted((a, b) => b.bytes - a.bytes).map(({ name }) => name);
  const errors: number[] = [];
  for (;;) {
    const trial = nextTrial(layers, errors, bound);
    if (trial.state === 'hopeless') {
      await rm(join(folder, HALF_FILE), { force: true });
      return { reason: `no layer bears it: all of them in half are off by ${trial.error}, allowed is ${bound}` };
    }
    const halved = toHalf(onnx, { keepInFull: new Set(trial.keepInFull) });
    if ('reason' in halved) return { reason: halved.reason };
    const sha256 = await write(join(folder, HALF_FILE), encodeModel(halved.model));
    if (trial.state === 'settled') return { sha256, report: { ...halved.report, keptInFull: trial.keepInFull } };
    errors.push(await measure());
  }
}

async function write(file: string, bytes: Uint8Array): Promise<string> {
  await writeFile(`${file}.new`, bytes);
  await rename(`${file}.new`, file);
  return createHash('sha256').update(bytes).digest('hex');
}

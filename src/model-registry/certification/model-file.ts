import type { Variant } from '../../domain/model.js';

export const MODEL_FILE = 'model.onnx';
/** Made by certification, beside the model that it was converted from. */
export const HALF_FILE = 'model.fp16.onnx';

/** @returns the file of a version's folder that a variant runs */
export function fileOf(variant: Variant): string {
  return variant.engine === 'onnx' && variant.precision === 'fp16' ? HALF_FILE : MODEL_FILE;
}

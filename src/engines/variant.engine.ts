import type { Variant } from '../domain/model.js';
import type { InferenceEngine } from './inference.engine.js';
import { OnnxEngine } from './onnx.engine.js';
import { TreeEngine } from './tree.engine.js';

/** @returns what runs a variant, nothing loaded yet */
export function engineFor(variant: Variant): InferenceEngine {
  return variant.engine === 'tree' ? new TreeEngine() : new OnnxEngine(variant);
}

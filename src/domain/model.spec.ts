import { describe, expect, it } from 'vitest';
import { parseVariant, variantLabel } from './model.js';

describe('a variant', () => {
  it.each(['tree', 'onnx/cpu', 'onnx/cpu/fp16', 'onnx/webgpu', 'onnx/tensorrt/fp16'])(
    '%s is read as it is written',
    (label) => {
      expect(variantLabel(parseVariant(label)!)).toBe(label);
    },
  );
  it.each(['', 'trees', 'onnx', 'onnx/gpu', 'onnx/cpu/fp32', 'onnx/cpu/fp16/2', 'tree/cpu'])(
    '"%s" is none',
    (label) => {
      expect(parseVariant(label)).toBeUndefined();
    },
  );
});

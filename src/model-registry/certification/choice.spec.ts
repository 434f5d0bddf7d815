import { describe, expect, it } from 'vitest';
import { parseVariant, variantLabel } from '../../domain/model.js';
import { chooseVariant } from './choice.js';

const timed = (times: Record<string, number>) =>
  Object.entries(times).map(([label, ms]) => ({ variant: parseVariant(label)!, rows: 512, ms }));
const FULL = { mixed: false, provider: 'auto' } as const;
const MIXED = { mixed: true, provider: 'auto' } as const;

describe('of the ways that a certificate covers', () => {
  it.each([
    ['the fastest runs', { tree: 1, 'onnx/cpu': 4 }, FULL, 'tree'],
    ['whichever that is', { tree: 5, 'onnx/cpu': 4 }, FULL, 'onnx/cpu'],
    ['FP16 only where mixed precision is on', { 'onnx/cpu': 4, 'onnx/cuda/fp16': 1 }, FULL, 'onnx/cpu'],
    ['FP16 where it is faster', { 'onnx/cuda': 2, 'onnx/cuda/fp16': 1 }, MIXED, 'onnx/cuda/fp16'],
    ['not FP16 where it is slower', { 'onnx/cuda': 4, 'onnx/cuda/fp16': 5 }, MIXED, 'onnx/cuda'],
    ['never FP16 on the CPU, where less time is noise', { 'onnx/cpu': 4, 'onnx/cpu/fp16': 3 }, MIXED, 'onnx/cpu'],
    ['auto takes no slower GPU', { 'onnx/cpu': 4, 'onnx/webgpu': 9 }, FULL, 'onnx/cpu'],
    [
      'a provider asked for by name is taken',
      { 'onnx/cpu': 4, 'onnx/webgpu': 9 },
      { mixed: false, provider: 'webgpu' },
      'onnx/webgpu',
    ],
    ['without it the CPU serves', { 'onnx/cpu': 4 }, { mixed: false, provider: 'cuda' }, 'onnx/cpu'],
    [
      'trees have no GPU to go to',
      { tree: 1, 'onnx/webgpu': 9, 'onnx/cpu': 4 },
      { mixed: false, provider: 'webgpu' },
      'tree',
    ],
  ] as const)('%s', (_, times, wish, label) => {
    expect(variantLabel(chooseVariant(timed(times), wish)!.variant)).toBe(label);
  });

  it('the figures stand beside the choice', () => {
    expect(chooseVariant(timed({ 'onnx/cpu': 8.123, tree: 1.9 }), FULL)!.why).toBe(
      'tree 1.90 ms, onnx/cpu 8.12 ms for 512 rows',
    );
  });

  it('nothing is chosen of nothing', () => expect(chooseVariant([], FULL)).toBeUndefined());
});

import { describe, expect, it } from 'vitest';
import type { Variant } from '../domain/model.js';
import { onlyOnce, precisionOf, providersFor, workerCount } from './provider.js';

const NONE = { any: false, nvidia: false };
const NVIDIA = { any: true, nvidia: true };
const OTHER = { any: true, nvidia: false };
const FULL: Variant = { engine: 'onnx', provider: 'cpu', precision: 'full' };
const HALF: Variant = { engine: 'onnx', provider: 'cuda', precision: 'fp16' };

describe('what runs the models', () => {
  it.each([
    ['auto without a card', 'auto', NONE, ['cpu']],
    ['auto with an NVIDIA card', 'auto', NVIDIA, ['cuda', 'webgpu', 'cpu']],
    ['auto with another card', 'auto', OTHER, ['webgpu', 'cpu']],
    ['what was asked for is tried, card or not', 'webgpu', NONE, ['webgpu', 'cpu']],
    ['cuda', 'cuda', NONE, ['cuda', 'cpu']],
    ['tensorrt', 'tensorrt', NVIDIA, ['tensorrt', 'cuda', 'cpu']],
    ['cpu', 'cpu', NVIDIA, ['cpu']],
  ] as const)('%s', (_, choice, card, providers) => expect(providersFor(choice, card)).toEqual(providers));

  it.each([
    ['one core keeps one worker', 0, 1, 1],
    ['a core is left to the main thread', 0, 8, 7],
    ['what was asked for', 3, 2, 3],
  ] as const)('workers: %s', (_, asked, cores, count) => expect(workerCount(asked, cores)).toBe(count));

  it('a GPU has one session', () => {
    expect(onlyOnce(HALF)).toBe(true);
    expect(onlyOnce(FULL)).toBe(false);
    expect(onlyOnce({ engine: 'tree' })).toBe(false);
  });

  it('mixed precision that no version gains from is full precision, and says why', () => {
    expect(precisionOf(true, [FULL, HALF])).toEqual({ mixedAsked: true, used: 'mixed', reason: null });
    expect(precisionOf(true, [FULL])).toMatchObject({ used: 'full', reason: expect.stringContaining('gains') });
    expect(precisionOf(false, [FULL]).reason).toBeNull();
  });
});

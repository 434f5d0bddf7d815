import { describe, expect, it } from 'vitest';
import { precisionFor, providersFor, workerCount } from './provider.js';

describe('what runs the models', () => {
  it.each([
    ['auto', ['cpu']],
    ['cuda', ['cuda', 'cpu']],
    ['tensorrt', ['tensorrt', 'cuda', 'cpu']],
  ] as const)('%s tries %j', (choice, providers) => expect(providersFor(choice)).toEqual(providers));

  it.each([
    ['one core keeps one worker', 0, 1, 'auto', 1],
    ['a core is left to the main thread', 0, 8, 'cpu', 7],
    ['what was asked for', 3, 2, 'cpu', 3],
    ['two on WebGPU would end the process', 4, 8, 'webgpu', 1],
  ] as const)('workers: %s', (_, asked, cores, choice, count) => expect(workerCount(asked, cores, choice)).toBe(count));

  it('mixed precision on the CPU is FP32, and says why', () => {
    expect(precisionFor(true)).toMatchObject({ used: 'fp32', reason: expect.stringContaining('no gain') });
    expect(precisionFor(false).reason).toBeNull();
  });
});

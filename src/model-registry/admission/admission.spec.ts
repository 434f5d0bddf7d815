import { describe, expect, it } from 'vitest';
import { tensorFault } from './admission.js';

const declared = { name: 'features', shape: [null, 32, 4], dtype: 'float32' };

describe('a tensor of the graph', () => {
  it.each<[string, (number | string)[]]>([
    ['a named free dimension', ['rows', 32, 4]],
    ['an unnamed free dimension', [-1, 32, 4]],
  ])('agrees with %s', (_, shape) => {
    expect(tensorFault('input', declared, [{ name: 'features', type: 'float32', shape }])).toBeUndefined();
  });

  it.each<[string, { name: string; type: string; shape: (number | string)[] }[], RegExp]>([
    ['has another name', [{ name: 'x', type: 'float32', shape: ['n', 32, 4] }], /no input "features"; it has "x"/],
    [
      'has another type',
      [{ name: 'features', type: 'float64', shape: ['n', 32, 4] }],
      /float64, the manifest says float32/,
    ],
    ['has a frozen batch', [{ name: 'features', type: 'float32', shape: [1, 32, 4] }], /shape \[1,32,4\]/],
    ['has another width', [{ name: 'features', type: 'float32', shape: ['n', 32, 5] }], /shape/],
    ['has another rank', [{ name: 'features', type: 'float32', shape: ['n', 128] }], /shape/],
    [
      'is not alone',
      [
        { name: 'features', type: 'float32', shape: ['n', 32, 4] },
        { name: 'state', type: 'float32', shape: ['n', 8] },
      ],
      /more than one input/,
    ],
    ['is absent', [], /it has none/],
    [
      'has an axis for a window of 1',
      [{ name: 'features', type: 'float32', shape: ['n', 1, 32, 4] }],
      /window of 1 is one too many/,
    ],
  ])('is refused when it %s', (_, actual, message) => {
    expect(tensorFault('input', declared, actual)).toMatch(message);
  });
});
